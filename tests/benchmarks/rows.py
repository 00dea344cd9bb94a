"""One function per row of the table: what devbox takes, what the thing it is compared with takes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable

from tests.benchmarks.bench import Bench, Row
from tests.benchmarks.build_rows import exchange, make_project, rebuild, up, up_large
from tests.benchmarks.clock import fastest, run
from tests.benchmarks.doctor_projects import SLOW, asked, monorepo, told
from tests.benchmarks.screen import first_paint
from tests.flows.toolchain_world import World


def version(bench: Bench) -> Row:
    """`devbox --version` against an interpreter that does nothing."""
    ours, bare = fastest(
        bench.rounds * 4,
        lambda: run(bench.devbox("--version"), bench.env),
        lambda: run((sys.executable, "-c", "pass"), bench.env),
    )
    return Row("devbox --version / python -c pass", ours, bare, "<= 2", ours <= 2 * bare)


def paint(bench: Bench) -> Row:
    """From start to the header on the screen."""
    project = make_project(bench, "paint")
    env = {**bench.env, "TERM": "xterm-256color"}
    env.pop("CI", None)  # there `devbox` alone prints the status
    (ours,) = fastest(bench.rounds, lambda: first_paint(bench.devbox(), env, project, b"Doctor"))
    return Row("TUI: start to first paint", ours, None, "<= 0.4 s", ours <= 0.4)


def doctor_told(bench: Bench) -> Row:
    """Doctor where the folders of version managers tell every version."""
    world = told(bench.folder / "told")
    (ours,) = fastest(bench.rounds, lambda: run(bench.devbox("doctor"), _of(bench, world), world.directory))
    return Row("doctor: 12 pins, no program to run", ours, None, "<= 0.25 s", ours <= 0.25)


def doctor_asked(bench: Bench) -> Row:
    """Doctor where programs must be run, against the slowest of them."""
    world = asked(bench.folder / "asked")
    (ours,) = fastest(bench.rounds, lambda: run(bench.devbox("doctor"), _of(bench, world), world.directory))
    held = ours <= 1.5 * SLOW + 0.1
    return Row("doctor: 6 programs to run / the slowest", ours, SLOW, "<= 1.5 + 0.1 s", held)


def doctor_recursive(bench: Bench) -> Row:
    """Doctor over every sub-project of a large repository."""
    world = monorepo(bench.folder / "monorepo")
    command = bench.devbox("doctor", "--recursive")
    (ours,) = fastest(min(bench.rounds, 3), lambda: run(command, _of(bench, world), world.directory))
    shutil.rmtree(world.root, ignore_errors=True)
    return Row("doctor --recursive: 100 000 files, 300 sub-projects", ours, None, "<= 2 s", ours <= 2)


def _of(bench: Bench, world: World) -> dict[str, str]:
    """The caller's environment on that machine; devbox itself is found as everywhere."""
    return {**world.environment(), "PYTHONPATH": bench.env.get("PYTHONPATH", "")}


ROWS: tuple[Callable[[Bench], Row | tuple[Row, ...]], ...] = (
    version, doctor_told, doctor_asked, doctor_recursive, paint, up, up_large, rebuild, exchange,
)
