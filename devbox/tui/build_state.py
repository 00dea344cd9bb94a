"""What the Build screen shows: builds as they run and as they were, with their logs. No widget, no thread."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.build_forecast import BuildForecast, ForecastStep, LiveForecast
from devbox.core.project import BOX
from devbox.core.stepname import stage_label
from devbox.tui.log_store import LogStore
from devbox.tui.session import Problem

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
    forecast: BuildForecast | None = None
    """What is foretold of the steps that have not ended; made again while it runs."""
    id: int = 0
    """The ledger's number, for a build of an earlier session."""
    started: float = 0.0
    """Seconds since the epoch, for such a build."""

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.state.outcome == "running"


Builds = tuple[BuildRecord, ...]
Page = BuildRecord | BuildForecast
"""What the Build screen shows at one time."""


@dataclass(frozen=True, slots=True)
class ForecastView:
    """What is known of the next builds."""

    live: LiveForecast = field(default_factory=LiveForecast)
    looking: bool = False
    """Whether the first answer is still to come."""
    problem: Problem | None = None


def pages(past: Builds, builds: Builds, view: ForecastView) -> tuple[Page, ...]:
    """All that can be turned to, oldest first: the last builds, then the forecasts, while nothing is being built."""
    records = (*past, *builds)[-HISTORY:]
    return records if builds and builds[-1].running else (*records, *view.live.builds)


def page_now(builds: Builds, view: ForecastView) -> Page | None:
    """What matters now: the build that runs, or ended with nothing changed since; else the forecast that has most to
    say."""
    newest = builds[-1] if builds else None
    if newest is not None and (newest.running or not view.live.edits or not view.live.builds):
        return newest
    forecasts = sorted(view.live.builds, key=lambda build: (-build.count("miss"), build.service != BOX))
    return next(iter(forecasts), newest)


def with_started(builds: Builds, service: str, forecast: BuildForecast | None = None) -> Builds:
    """A build of `service` began; the oldest beyond the history goes, and older logs shrink."""
    for record in builds:
        if not record.running:
            record.logs.shrink()
    return (*builds, BuildRecord(service, forecast=forecast))[-HISTORY:]


def with_forecast(builds: Builds, service: str, forecast: BuildForecast) -> Builds:
    """The forecast of what is left of the running build of `service`; nothing where none runs."""
    at = _newest(builds, service)
    if at is None or not builds[at].running:
        return builds
    return (*builds[:at], replace(builds[at], forecast=forecast), *builds[at + 1 :])


def foreseen(record: BuildRecord, key: StepKey) -> ForecastStep | None:
    """What is foretold of a step of a build that runs."""
    if record.forecast is None or not record.running:
        return None
    place = (stage_label(key.stage), key.index)
    return next((step for step in record.forecast.steps if (step.stage, step.index) == place), None)


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


def root_misses(page: BuildState | BuildForecast) -> tuple[StepKey, ...]:
    """Where the cache breaks, or will, in order; a failed step that broke it counts."""
    if isinstance(page, BuildForecast):
        return tuple(StepKey(step.stage, step.index) for step in page.steps if step.root)
    return tuple(step.key for step in page.steps if step.root)


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
