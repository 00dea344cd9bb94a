"""What the Build screen shows: builds as they run and as they were, with their logs. No widget, no thread."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.tui.log_store import LogStore

HISTORY = 20
"""Builds kept for `[` and `]`."""
_HISTORY_LOG = 1 << 20
"""Bytes kept of each log of a build that is not the newest."""
_ERROR_LINE = re.compile(
    rb"(?:\b|\x1b\[[0-9;]*m)(?:error|failed|fatal|panic)\b|not found|no such file|permission denied|traceback",
    re.IGNORECASE,
)
_ENDED = (StepStatus.HIT, StepStatus.MISS, StepStatus.FAILED)


class LogBook:
    """The logs of one build, one per step; `None` is what the builder said outside numbered steps."""

    def __init__(self) -> None:
        self._stores: dict[StepKey | None, LogStore] = {}

    def of(self, step: StepKey | None) -> LogStore:
        """The log of a step, made when first asked for."""
        return self._stores.setdefault(step, LogStore())

    def has(self, step: StepKey | None) -> bool:
        """Whether the step said anything."""
        return step in self._stores and len(self._stores[step]) > 0

    def finish(self) -> None:
        """The build ended: unfinished last lines are lines."""
        for store in tuple(self._stores.values()):
            store.finish()

    def shrink(self) -> None:
        """The build became history."""
        for store in tuple(self._stores.values()):
            store.shrink(_HISTORY_LOG)


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """One build: its newest state and its logs."""

    service: str
    state: BuildState = field(default_factory=BuildState)
    logs: LogBook = field(default_factory=LogBook, compare=False)

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.state.outcome == "running"


Builds = tuple[BuildRecord, ...]


def with_started(builds: Builds, service: str) -> Builds:
    """A build of `service` began; the oldest beyond the history goes, and older logs shrink."""
    for record in builds:
        if not record.running:
            record.logs.shrink()
    return (*builds, BuildRecord(service))[-HISTORY:]


def with_state(builds: Builds, service: str, state: BuildState) -> Builds:
    """The newest state of the newest build of `service`."""
    at = _newest(builds, service)
    if at is None:
        return with_state(with_started(builds, service), service, state)
    if state.outcome != "running":
        builds[at].logs.finish()
    return (*builds[:at], replace(builds[at], state=state), *builds[at + 1 :])


def logged(builds: Builds, service: str, step: StepKey | None, data: bytes) -> None:
    """Output of a step goes to its log; the records stay the same values."""
    at = _newest(builds, service)
    if at is not None:
        builds[at].logs.of(step).feed(data)


def interrupted(builds: Builds) -> Builds:
    """The stream ended: what still says running does not run any more."""
    ended = []
    for record in builds:
        if record.running:
            record.logs.finish()
            record = replace(record, state=replace(record.state, outcome="interrupted"))
        ended.append(record)
    return tuple(ended)


def _newest(builds: Builds, service: str) -> int | None:
    return next((at for at in range(len(builds) - 1, -1, -1) if builds[at].service == service), None)


def shown_step(state: BuildState, selected: StepKey | None) -> StepKey | None:
    """Whose log to show while following: the failed step, else the selected one if it runs, else the newest running;
    after the end where the cache broke; else the last that ran (tui.md, log pane)."""
    failed = [step.key for step in state.steps if step.status is StepStatus.FAILED]
    if failed:
        return failed[0]
    running = [step.key for step in state.steps if step.status is StepStatus.RUNNING]
    if running:
        return selected if selected in running else running[-1]
    if state.outcome == "ok" and (broken := root_misses(state)):
        return broken[0]
    ran = [step.key for step in state.steps if step.status is StepStatus.MISS]
    return ran[-1] if ran else selected


def root_misses(state: BuildState) -> tuple[StepKey, ...]:
    """Where the cache breaks, in order; a failed step that broke it counts."""
    return tuple(step.key for step in state.steps if step.root)


def first_error_line(store: LogStore) -> int | None:
    """The first line of a log that looks like the error; only where to start reading, never a claim."""
    return store.find(_ERROR_LINE, store.dropped)


def counted(state: BuildState) -> tuple[Step, ...]:
    """Instruction steps: those a hit ratio may count (FROM may not, spec/buildkit.md 1.3)."""
    return tuple(step for step in state.steps if step.status is not StepStatus.BASE)


def costly_misses(state: BuildState, most: int = 5) -> tuple[Step, ...]:
    """Misses that took longest, longest first."""
    ran = [step for step in state.steps if step.status in (StepStatus.MISS, StepStatus.FAILED) and step.seconds]
    return tuple(sorted(ran, key=lambda step: -(step.seconds or 0.0))[:most])


def seconds_of(state: BuildState) -> float:
    """Summed duration of everything that ended."""
    return sum(step.seconds or 0.0 for step in state.steps if step.status in _ENDED)
