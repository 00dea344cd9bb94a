"""`[tasks.NAME]`, `[share]` and `[cache]`: read and checked in full, whichever command uses them."""

from __future__ import annotations

from typing import Literal, cast

from devbox.core.project import Limits, Task
from devbox.core.team import Cache, Share
from devbox.core.units import parse_size
from devbox.project import notation
from devbox.project.graph import refuse_cycles
from devbox.project.schema import Table, mistake, parsed, wrong_type

TASK_KEYS = ("run", "inputs", "outputs", "env", "executor", "network", "memo_failures", "limits", "needs")


def read_tasks(document: Table) -> tuple[Task, ...]:
    """Every task; what they need must exist and lead in no circle."""
    tables = dict(document.tables("tasks"))
    tasks = tuple(_task(name, table) for name, table in tables.items())
    for task in tasks:
        for (node, path), needed in zip(tables[task.name].entries("needs"), task.needs, strict=True):
            if needed not in tables:
                known = ", ".join(tables)
                raise mistake(node, f"`{path}` is an unknown task `{needed}`; expected one of {known}")
    refuse_cycles({task.name: task.needs for task in tasks}, {task.name: task.origin for task in tasks}, "task")
    return tasks


def _task(name: str, table: Table) -> Task:
    table.only(TASK_KEYS)
    return Task(
        name=name, run=parsed(table.need("run"), table.path("run"), notation.plain),
        inputs=table.texts("inputs", notation.glob), outputs=table.texts("outputs", notation.glob),
        env=table.variables("env"),
        executor=cast(Literal["container", "host"], table.choice("executor", ("container", "host")) or "container"),
        network=cast(Literal["none", "box"], table.choice("network", ("none", "box")) or "none"),
        memo_failures=table.flag("memo_failures"), limits=_limits(table.table("limits")),
        needs=table.texts("needs", notation.name), origin=table.origin,
    )


def _limits(table: Table | None) -> Limits:
    if table is None:
        return Limits()
    table.only(("cpus", "memory", "pids"))
    return Limits(cpus=_cpus(table), memory=table.parsed("memory", parse_size), pids=table.integer("pids", 1))


def _cpus(table: Table) -> float | None:
    node = table.get("cpus")
    if node is None:
        return None
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise wrong_type(node, table.path("cpus"), "a number such as 2 or 0.5")
    if not 0 < node.value <= 4096:  # also refuses nan
        raise mistake(node, f"`{table.path('cpus')}` is out of range; expected a number above 0")
    return float(node.value)


def read_share(document: Table) -> Share | None:
    """`[share]`: the stage that leaves this machine, its tag and its gate."""
    table = document.table("share")
    if table is None:
        return None
    table.only(("target", "tag", "check"))
    return Share(
        target=parsed(table.need("target"), table.path("target"), notation.plain),
        tag=table.parsed("tag", notation.image_ref), check=table.text("check"), origin=table.origin,
    )


def read_cache(document: Table) -> Cache | None:
    """`[cache]`: buildx's words for cache import and export."""
    table = document.table("cache")
    if table is None:
        return None
    table.only(("from", "to"))
    return Cache(
        sources=table.texts("from", notation.image_ref), destinations=table.texts("to", notation.image_ref),
        origin=table.origin,
    )
