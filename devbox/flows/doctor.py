"""`devbox doctor`: read what the project pins, look at what the machine is, say where they differ.

Works in any directory. Nothing of the project is run, fetched or written (security.md 2.1), and one broken file or
silent probe costs at most its own finding.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from devbox.core import engine_checks, gpu_checks, platform_checks
from devbox.core.checks import Wanted, checked
from devbox.core.doctor import Judged, assemble
from devbox.core.findings import DoctorEvent, DoctorReport, DoctorRow, Finished, RowChanged, RowsKnown
from devbox.core.rows import check_rows, checking_row, rows
from devbox.core.toolchain.selection import Answer, Program
from devbox.engine.builder import Builder
from devbox.engine.port import Engine
from devbox.flows.doctor_project import ProjectView, view_project
from devbox.flows.engine_facts import engine_facts
from devbox.flows.probing import run_all
from devbox.flows.toolchain_report import Toolchains, read_toolchains
from devbox.flows.workspace import Clock
from devbox.host.program import learn

DEADLINE = 4.0
"""Seconds after which a probe that still runs is reported as unknown."""
EVERYTHING = Wanted()
_LINES = {
    "platform": {
        "platform.arch": "architecture", "platform.memory": "memory", "platform.disk": "disk",
        "platform.os": "system", "platform.release": "release", "platform.inotify": "inotify watches",
        "platform.files": "open files", "platform.locale": "locale",
    },
    "gpu": {"gpu.driver": "gpu driver", "gpu.memory": "gpu memory", "gpu.compute": "gpu compute capability"},
    "engine": {engine_checks.ID: "engine"},
}
"""Group of facts → its checks and what their lines are called while they run."""


class Subject(Protocol):
    """The part of a workspace that doctor needs."""

    @property
    def root(self) -> Path: ...
    @property
    def directory(self) -> Path | None: ...
    @property
    def env(self) -> Mapping[str, str]: ...
    @property
    def home(self) -> Path: ...
    @property
    def uid(self) -> int: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def connect(self) -> Callable[[], Engine]: ...
    @property
    def choose_builder(self) -> Callable[[Engine], Builder]: ...


def run(subject: Subject, wanted: Wanted = EVERYTHING) -> DoctorReport:
    """The report, when only the end matters."""
    return next(event.report for event in examine(subject, wanted) if isinstance(event, Finished))


def examine(subject: Subject, wanted: Wanted = EVERYTHING) -> Iterator[DoctorEvent]:
    """What files tell at once, then each probe's news, then the report."""
    view = view_project(subject, wanted)
    examination = _Examination(view, read_toolchains(view.machine, view.images, wanted), wanted)
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
    answers: dict[Program, Answer] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def probes(self, subject: Subject) -> dict[Hashable, Callable[[], Any]]:
        """Everything that must be asked of the machine: programs by themselves, facts by the name of their group."""
        found: dict[Hashable, Callable[[], Any]] = {}
        for program in self.toolchains.programs():
            found[program] = partial(learn, program)
        if self._runs("platform"):
            found["platform"] = lambda: _platform(self.view)
        if self._runs("gpu"):
            found["gpu"] = lambda: _gpu(self.view)
        if self._runs("engine"):
            choose = subject.choose_builder if self.view.builds else None
            found["engine"] = partial(engine_facts, subject.connect, choose)
        return found

    def first_rows(self) -> tuple[DoctorRow, ...]:
        """The lines before any probe returned."""
        lines = [
            checking_row(id, title)
            for group, titles in _LINES.items()
            if group != "gpu" or self.view.gpu_needs is not None
            for id, title in titles.items()
            if self.wanted.check(id)
        ]
        return (*self.toolchains.lines(self.answers, checking=True), *lines)

    def take(self, key: Hashable, value: Any, seconds: float) -> list[DoctorRow]:
        """Keep what a probe found; the lines that it changes."""
        if isinstance(key, Program):
            self.answers[key] = value
            return self.toolchains.lines_of(key, self.answers)
        group = str(key)
        self.facts[group], self.seconds[group] = value, seconds
        judged = self._judge(group)
        return check_rows(judged.checks, judged.findings)

    def report(self) -> DoctorReport:
        """Everything, once no more news comes; a group that never came is unknown."""
        toolchains, verdict = self.toolchains.judge(self.answers)
        groups = [self._judge(group) for group in _LINES if self._runs(group)]
        return assemble(
            str(self.view.root), (self.view.judged(), verdict, *groups), self.wanted, self.view.policy,
            toolchains=toolchains, images=self.toolchains.images, conflicts=self.toolchains.conflicts,
        )

    def _runs(self, group: str) -> bool:
        return self.wanted.any_of(*_LINES[group], *(("platform.env",) if group == "platform" else ()))

    def _judge(self, group: str) -> Judged:
        facts = self.facts.get(group)
        if facts is None:
            return _late(group)
        if group == "platform":
            judged = platform_checks.judge(facts, self.view.host_needs, self.view.missing_env)
        elif group == "gpu":
            judged = gpu_checks.judge(facts, self.view.gpu_needs, self.facts.get("platform", {}))
        else:
            judged = engine_checks.judge(facts, has_box=self.view.has_box)
        return judged.timed(self.seconds[group])


def _late(group: str) -> Judged:
    reason = f"no answer in {DEADLINE:g} s"
    checks = tuple(checked(id, subject=title, unknown=reason) for id, title in _LINES[group].items())
    return Judged(checks, (), {group: {"reason": reason}})


def _platform(view: ProjectView) -> dict[str, Any]:
    # Deferred: psutil and what comes with it load beside the other probes.
    from devbox.host.platform import platform_facts

    return platform_facts(str(view.root), view.machine.env)


def _gpu(view: ProjectView) -> dict[str, Any]:
    # Deferred: NVML is touched only where a GPU is wanted or something of NVIDIA's is here.
    from devbox.host.gpu import gpu_facts, nvidia_traces

    if view.gpu_needs is None and not nvidia_traces():
        return {"devices": None, "devices_reason": "nothing of NVIDIA's is on this machine, and none is wanted"}
    return gpu_facts()
