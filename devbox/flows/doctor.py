"""`devbox doctor`: read what the project pins, look at what the machine is, say where they differ.

Works in any directory. Nothing of the project is run, fetched or written (security.md 2.1), and one broken file or
silent probe costs at most its own finding.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from devbox.core import container_checks
from devbox.core.checks import Wanted, checked
from devbox.core.doctor import Judged, assemble
from devbox.core.findings import (
    Conflict,
    DoctorEvent,
    DoctorReport,
    DoctorRow,
    Finished,
    ImageRow,
    RowChanged,
    RowsKnown,
    ToolchainRow,
)
from devbox.core.pins import Pin
from devbox.core.rows import check_rows, checking_row, rows
from devbox.core.toolchain.selection import Answer, Program
from devbox.flows.checks import GROUPS, container
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject, view_project
from devbox.flows.probing import run_all
from devbox.flows.toolchain_report import read_toolchains
from devbox.host.program import learn

DEADLINE = 4.0
"""Seconds after which a probe that still runs is reported as unknown."""
EVERYTHING = Wanted()
FACTS = ("platform", "gpu", "engine")
"""Groups whose facts are in the report."""
_NOT_ASKED = container_checks.Inside(reason="the box was not asked")


def run(subject: Subject, wanted: Wanted = EVERYTHING) -> DoctorReport:
    """The report, when only the end matters: no line is made on the way."""
    examination = _begin(subject, wanted)
    for key, value, seconds in _asked(examination, subject):
        examination.keep(key, value, seconds)
    return examination.report()


def examine(subject: Subject, wanted: Wanted = EVERYTHING) -> Iterator[DoctorEvent]:
    """What files tell at once, then each probe's news, then the report."""
    examination = _begin(subject, wanted)
    yield RowsKnown(examination.first_rows())
    for key, value, seconds in _asked(examination, subject):
        yield from (RowChanged(row) for row in examination.take(key, value, seconds))
    report = examination.report()
    yield Finished(report, rows(report))


def _begin(subject: Subject, wanted: Wanted) -> Examination:
    """What the project's files tell."""
    view = view_project(subject, wanted)
    toolchains = read_toolchains(view.machine, view.images, wanted)
    return Examination(view, toolchains, wanted, wanted_groups(wanted))


def _asked(examination: Examination, subject: Subject) -> Iterator[tuple[Hashable, Any, float]]:
    """What the machine tells, as it comes in."""
    return run_all(examination.probes(subject), clock=subject.clock, deadline=DEADLINE)


def wanted_groups(wanted: Wanted) -> tuple[Group, ...]:
    """The groups with a check that runs."""
    return tuple(group for group in GROUPS if wanted.any_of(*group.titles))


class Pinned(Protocol):
    """The toolchains of a run: of one directory (`Toolchains`), or of many."""

    @property
    def images(self) -> tuple[ImageRow, ...]: ...
    @property
    def conflicts(self) -> tuple[Conflict, ...]: ...
    @property
    def pins(self) -> tuple[Pin, ...]: ...
    def programs(self) -> tuple[Program, ...]: ...
    def judge(self, answers: Mapping[Program, Answer]) -> tuple[tuple[ToolchainRow, ...], Judged]: ...
    def lines(self, answers: Mapping[Program, Answer], *, checking: bool = False) -> list[DoctorRow]: ...
    def lines_of(self, program: Program, answers: Mapping[Program, Answer]) -> list[DoctorRow]: ...


@dataclass(slots=True)
class Examination:
    """One run: what was read, and what probes have found so far."""

    view: ProjectView
    toolchains: Pinned
    wanted: Wanted
    groups: tuple[Group, ...]
    answers: dict[Program, Answer] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    """What each group's probe found, by the group's name."""
    seconds: dict[str, float] = field(default_factory=dict)

    def probes(self, subject: Subject) -> dict[Hashable, Callable[[], Any]]:
        """Everything that must be asked of the machine: programs by themselves, facts by the name of their group."""
        programs: dict[Hashable, Callable[[], Any]] = {
            program: partial(learn, program) for program in self.toolchains.programs()
        }
        return {**programs, **{group.name: partial(group.probe, subject, self.view) for group in self.groups}}

    def first_rows(self) -> tuple[DoctorRow, ...]:
        """The lines before any probe returned."""
        lines = [
            checking_row(id, title)
            for group in self.groups
            if group.has_lines(self.view)
            for id, title in group.titles.items()
            if title and self.wanted.check(id)
        ]
        return (*self.toolchains.lines(self.answers, checking=True), *lines)

    def keep(self, key: Hashable, value: Any, seconds: float) -> None:
        """Keep what a probe found."""
        if isinstance(key, Program):
            self.answers[key] = value
        else:
            self.found[str(key)], self.seconds[str(key)] = value, seconds

    def take(self, key: Hashable, value: Any, seconds: float) -> list[DoctorRow]:
        """Keep what a probe found; the lines that it changes."""
        self.keep(key, value, seconds)
        if isinstance(key, Program):
            return self._with_box(self.toolchains.lines_of(key, self.answers))
        group = next(group for group in self.groups if group.name == key)
        judged = self._judge(group)
        lines = check_rows((check for check in judged.checks if self.wanted.check(check.id)), judged.findings)
        return [*lines, *self._box_lines()] if key == container.GROUP.name else lines

    def report(self, others: Iterable[Judged] = ()) -> DoctorReport:
        """Everything, once no more news comes; a group that never came is unknown. `others` stand beside the groups."""
        toolchains, verdict = self.toolchains.judge(self.answers)
        toolchains = container_checks.fill(toolchains, self.found.get(container.GROUP.name, _NOT_ASKED))
        groups = [self._judge(group) for group in self.groups]
        return assemble(
            str(self.view.root), (self.view.judged(), verdict, *groups, *others), self.wanted, self.view.policy,
            toolchains=toolchains, images=self.toolchains.images, conflicts=self.toolchains.conflicts,
        )

    def _judge(self, group: Group) -> Judged:
        if group.name not in self.found:
            return late(group)
        others = {**self.found, container_checks.PINS: self.toolchains.pins}
        judged = group.judge(self.found[group.name], self.view, others)
        return judged.timed(self.seconds[group.name])

    def _box_lines(self) -> list[DoctorRow]:
        """The lines of toolchains whose programs have answered, now that the box has."""
        lines = [line for program in self.answers for line in self.toolchains.lines_of(program, self.answers)]
        return self._with_box(list({line.key: line for line in lines}.values()))

    def _with_box(self, lines: list[DoctorRow]) -> list[DoctorRow]:
        """The lines of toolchains with what the box runs, where it was asked already."""
        inside = self.found.get(container.GROUP.name, _NOT_ASKED)
        told = {tool: one.version for tool, one in inside.tools.items()}
        return [replace(line, container=told.get(line.key.split(".")[1])) for line in lines]


def late(group: Group) -> Judged:
    """Unknown, and why: its probe did not end."""
    reason = f"no answer in {DEADLINE:g} s"
    checks = tuple(checked(id, subject=title or id, unknown=reason) for id, title in group.titles.items())
    return Judged(checks, (), {group.name: {"reason": reason}} if group.name in FACTS else None)
