"""`devbox doctor`: read what the project pins, look at what the machine is, say where they differ.

Works in any directory. Nothing of the project is run, fetched or written (security.md 2.1), and one broken file or
silent probe costs at most its own finding.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from devbox.core.checks import Wanted, checked
from devbox.core.doctor import Judged, assemble
from devbox.core.findings import DoctorEvent, DoctorReport, DoctorRow, Finished, RowChanged, RowsKnown
from devbox.core.rows import check_rows, checking_row, rows
from devbox.core.toolchain.selection import Answer, Program
from devbox.flows.checks import GROUPS
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject, view_project
from devbox.flows.probing import run_all
from devbox.flows.toolchain_report import Toolchains, read_toolchains
from devbox.host.program import learn

DEADLINE = 4.0
"""Seconds after which a probe that still runs is reported as unknown."""
EVERYTHING = Wanted()


def run(subject: Subject, wanted: Wanted = EVERYTHING) -> DoctorReport:
    """The report, when only the end matters."""
    return next(event.report for event in examine(subject, wanted) if isinstance(event, Finished))


def examine(subject: Subject, wanted: Wanted = EVERYTHING) -> Iterator[DoctorEvent]:
    """What files tell at once, then each probe's news, then the report."""
    view = view_project(subject, wanted)
    groups = tuple(group for group in GROUPS if wanted.any_of(*group.titles))
    examination = _Examination(view, read_toolchains(view.machine, view.images, wanted), wanted, groups)
    yield RowsKnown(examination.first_rows())
    for key, value, seconds in run_all(examination.probes(subject), clock=subject.clock, deadline=DEADLINE):
        yield from (RowChanged(row) for row in examination.take(key, value, seconds))
    report = examination.report()
    yield Finished(report, rows(report))


@dataclass(slots=True)
class _Examination:
    """One run: what was read, and what probes have found so far."""

    view: ProjectView
    toolchains: Toolchains
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

    def take(self, key: Hashable, value: Any, seconds: float) -> list[DoctorRow]:
        """Keep what a probe found; the lines that it changes."""
        if isinstance(key, Program):
            self.answers[key] = value
            return self.toolchains.lines_of(key, self.answers)
        group = next(group for group in self.groups if group.name == key)
        self.found[group.name], self.seconds[group.name] = value, seconds
        judged = self._judge(group)
        return check_rows((check for check in judged.checks if self.wanted.check(check.id)), judged.findings)

    def report(self) -> DoctorReport:
        """Everything, once no more news comes; a group that never came is unknown."""
        toolchains, verdict = self.toolchains.judge(self.answers)
        groups = [self._judge(group) for group in self.groups]
        return assemble(
            str(self.view.root), (self.view.judged(), verdict, *groups), self.wanted, self.view.policy,
            toolchains=toolchains, images=self.toolchains.images, conflicts=self.toolchains.conflicts,
        )

    def _judge(self, group: Group) -> Judged:
        if group.name not in self.found:
            return _late(group)
        judged = group.judge(self.found[group.name], self.view, self.found)
        return judged.timed(self.seconds[group.name])


def _late(group: Group) -> Judged:
    reason = f"no answer in {DEADLINE:g} s"
    checks = tuple(checked(id, subject=title, unknown=reason) for id, title in group.titles.items())
    return Judged(checks, (), {group.name: {"reason": reason}})
