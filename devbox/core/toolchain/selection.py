"""What a version manager selects for one tool here, before any program was asked; and the row that comes of it.

Pure. `Selection` is made by the flow's reader of each manager, `finish()` adds the versions that probes found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Literal

from devbox.core.findings import Declared, ToolchainRow
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin

SYSTEM = "system"
"""Stands in `resolved_all` for the program outside every manager; its version is known only after asking."""

Via = Literal["managed", "system", "path"]


@dataclass(frozen=True, slots=True)
class Program:
    """A program that answers when a tool is called."""

    tool: str
    path: str
    """Absolute, as found."""
    refused: str | None = None
    """Why it must not be run: it lies in the project, it is a shim, anybody may write it."""
    shim_of: str | None = None
    """The manager whose shim this is."""
    named: str | None = None
    """The version that its install folder is named after, where that name is a full version."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe learned about a program."""

    version: str | None
    reason: str | None = None
    """Why there is no version."""
    evidence: str = ""
    """Argv and raw output, or the file that told."""
    seconds: float | None = None


Ask = Callable[[Program], Answer]
Settle = Callable[["Selection", Ask], "Selection"]


@dataclass(frozen=True, slots=True)
class Selection:
    """One tool under one manager."""

    tool: str
    manager: str
    declared: tuple[Declared, ...] = ()
    """The pins this manager honours, in its order."""
    pins: tuple[Pin, ...] = ()
    """The same pins as ranges, for conflicts and for machines without the manager."""
    resolved_all: tuple[str, ...] = ()
    via: Via | None = None
    error: str | None = None
    present: bool = True
    """Whether the manager is on this machine; without it a pin is compared with what runs."""
    runs: Program | None = None
    """What answers when the manager is in charge."""
    system: Program | None = None
    """What answers outside the manager."""
    expected_program: bool = True
    """False when the selected version does not run although it was resolved (no such program in it)."""
    shadow: Program | None = None
    """What PATH gives before the manager, or in its place where the manager is not active in this shell."""
    source: str | None = None
    """The file that decided, also where it declares nothing usable."""
    detail: str = ""
    """More about `error`, for people."""
    hint: str | None = None
    """The one next step where something is wrong."""
    undecided: str | None = None
    """Why nobody can say what is selected without running something: a template."""
    notes: tuple[str, ...] = field(default=())
    """Things worth knowing that are not errors: a template, an unsupported word, an inactive manager."""
    elsewhere: bool = False
    """Whether the pin says what runs in a container or on a runner: this machine may differ, and that is no error."""
    default: int = 0
    """Which of `resolved_all` is what the tool's command gives."""
    candidates: tuple[Program, ...] = ()
    """Programs one of which will run, as `settle` decides."""
    settle: Settle | None = field(default=None, compare=False)
    """Decides once versions are known: which Go runs depends on the version of the one on PATH."""

    def programs(self) -> tuple[Program, ...]:
        """Programs whose version is wanted."""
        wanted = (self.runs, self.system, self.shadow, *self.candidates)
        return tuple(program for program in wanted if program is not None)

    def settled(self, ask: Ask) -> Selection:
        """The selection with everything decided that `ask` can answer."""
        return self.settle(self, ask) if self.settle else self


def finish(
    selection: Selection, ask: Ask, shown: Callable[[str], str] = lambda path: path
) -> ToolchainRow:
    """The row, once versions are known; `ask` answers from what probes found, `shown` makes project paths relative."""
    selection = selection.settled(ask)
    runs = ask(selection.runs) if selection.runs else Answer(None)
    system = ask(selection.system) if selection.system else Answer(None)
    versions = tuple(system.version if word == SYSTEM else word for word in selection.resolved_all)
    resolved_all = tuple(name for name in versions if name)
    default = versions[selection.default] if selection.default < len(versions) else None
    return ToolchainRow(
        tool=selection.tool,
        manager=selection.manager,
        declared=selection.declared,
        resolved=default or (resolved_all[0] if resolved_all else None),
        resolved_all=resolved_all,
        via=selection.via,
        host_runs=runs.version,
        host_path=shown(selection.runs.path) if selection.runs else None,
        satisfied=_satisfied(selection, runs),
        error=selection.error or _nothing_runs(selection),
        shadowed_by=shown(selection.shadow.path) if selection.shadow else None,
        source=selection.source,
        evidence=runs.evidence,
        seconds=runs.seconds,
    )


def _satisfied(selection: Selection, runs: Answer) -> bool | None:
    """Every pin met, and by what really runs: a fallback that happens to run is not satisfaction (spec 1.3)."""
    if selection.error == "no-version" and selection.source is None:
        return None  # nothing is written anywhere, so nothing is pinned
    if selection.error is not None:
        return False
    if selection.undecided is not None:
        return None
    if not selection.declared:
        return None
    if selection.present and selection.elsewhere:
        return bool(selection.resolved_all)
    if selection.present:
        if selection.runs is not None and selection.runs.refused and runs.version is None:
            return None
        return selection.runs is not None and selection.expected_program
    if runs.version is None:
        return False if selection.runs is None and not selection.elsewhere else None
    ranges = [pin.range for pin in selection.pins if pin.range]
    return all(wanted.contains(runs.version) for wanted in ranges) if ranges else None


def _nothing_runs(selection: Selection) -> str | None:
    wanted_here = selection.declared and not selection.present and not selection.elsewhere
    return "missing" if wanted_here and selection.runs is None else None
