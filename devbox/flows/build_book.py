"""The memory around one build: what is expected of it, what past ones took, and what it teaches.

The ledger is a memory: what goes wrong with it is said and never fails a build. The one exception is a ledger written
by a newer devbox, which stops before anything is built (security.md 8.2).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, suppress

from devbox.core.build import BuildState, Cause, Step
from devbox.core.build_forecast import BuildForecast, ForecastStep, summarize
from devbox.core.errors import BusyError, DevboxError, ExhaustedError
from devbox.core.events import BuildForeseen, Event, Note
from devbox.core.labels import project_id
from devbox.core.learning import Outcome
from devbox.core.project import Service
from devbox.core.resolving import known, outcomes
from devbox.core.stepname import stage_label
from devbox.engine.builder import Builder
from devbox.engine.port import EngineInfo
from devbox.flows.build_request import BuildOptions, Prepared
from devbox.flows.outlook import Outlook, look_ahead
from devbox.flows.workspace import Workspace
from devbox.store.ledger import BuildRecord, Ledger, PastSeconds

RESOLVING = 0.25
"""Seconds between two forecasts of what is left of a running build."""


class BuildBook:
    """One build's; its failures are notes."""

    def __init__(self, workspace: Workspace, service: Service) -> None:
        self._workspace = workspace
        self._service = service
        self._project = project_id(str(workspace.root), workspace.uid)
        self._started = workspace.clock.time()
        self._past: PastSeconds | None = None
        self._outlook: Outlook | None = None
        self._numbers: dict[tuple[str, int], int] = {}
        """Vertex of the forecast by the place of its step."""
        self._said: dict[tuple[str, int], ForecastStep] = {}
        self._summary: BuildForecast | None = None
        self._shown: dict[int, Outcome] = {}
        """What the running build has shown so far, by vertex."""
        self._resolved = 0.0

    def opened(self) -> Generator[Event, None, None]:
        """Make sure of the ledger. Raises ConfigError for a ledger that this devbox must not touch."""
        said: list[str] = []
        try:
            Ledger.open(self._workspace.state, note=said.append).close()
        except (ExhaustedError, BusyError) as error:
            said.append(_not_remembered(error))
        for text in said:
            yield Note(text, "warn")

    def looked_ahead(
        self, builder: Builder, prepared: Prepared, options: BuildOptions, info: EngineInfo | None = None
    ) -> Generator[Event, None, None]:
        """Forecast it; what the builder would not notice is said, and cured if the person wants it. `info` spares
        asking the engine again."""
        yield from self._look(builder, prepared, options, info)
        contexts = self._outlook.contexts if self._outlook else None
        if contexts is not None and self._outlook is not None and self._outlook.unseen:
            # Deferred: rarely needed.
            from devbox.flows.stale_bake import cure

            if (yield from cure(self._workspace, contexts)):
                yield from self._look(builder, prepared, options, info)

    def _look(
        self, builder: Builder, prepared: Prepared, options: BuildOptions, info: EngineInfo | None
    ) -> Generator[Event, None, None]:
        try:
            self._outlook = yield from look_ahead(self._workspace, self._service, builder, prepared, options, info)
        except DevboxError as error:
            yield Note(f"no forecast: {error.summary}", "warn")
            return
        summary = self._outlook.summary(self._service.name, prepared)
        plan = self._outlook.plan
        if plan is not None:
            for number, vertex in enumerate(plan.vertices):
                if vertex.key is not None:
                    self._numbers[vertex.key.stage, vertex.key.index] = plan.real(number)
        self._said = {(step.stage, step.index): step for step in summary.steps if step.word != "base"}
        self._summary = summary
        yield BuildForeseen(self._service.name, summary)

    def resolving(self, prepared: Prepared, state: BuildState, now: float) -> Generator[Event, None, None]:
        """The forecast of the rest, where the steps that ended have changed it; a few times a second at most."""
        outlook, before = self._outlook, self._summary
        if outlook is None or outlook.forecast is None or outlook.again is None or before is None or before.reason:
            return
        if state.outcome != "running" or now - self._resolved < RESOLVING:
            return
        shown = outcomes(outlook.forecast.plan, state.steps)
        if shown == self._shown:
            return
        self._shown, self._resolved = shown, now
        self._summary = summarize(
            outlook.again(known(outlook.forecast, shown)), service=before.service, dockerfile=before.dockerfile,
            explanations=outlook.explanations, seconds=outlook.seconds, unseen=before.unseen,
            line=prepared.original_line,
        )
        if self._summary != before:
            yield BuildForeseen(self._service.name, self._summary)

    @property
    def builder(self) -> Builder | None:
        """Who takes the build; None where whoever was chosen does."""
        return self._outlook.by if self._outlook else None

    def unchanged(self, tag: str) -> str | None:
        """The image that this build would end in, where every step is a hit and it is there already under that tag."""
        return kept_image(self._workspace, self._outlook, tag) if self._outlook else None

    def past_seconds(self, step: Step) -> float | None:
        """What a step took when it last ran: by what it is, else by its place and words."""
        number = self._numbers.get((stage_label(step.key.stage), step.key.index))
        if number is not None and self._outlook is not None and number in self._outlook.seconds:
            return self._outlook.seconds[number]
        if self._past is None:
            # Only now: where no builder is started nobody asks.
            self._past = {}
            with suppress(DevboxError), closing(Ledger.open(self._workspace.state)) as ledger:
                self._past = ledger.past_seconds(self._project)
        return self._past.get((step.key.stage, step.instruction))

    def causes(self, step: Step) -> tuple[Cause, ...]:
        """Why a root miss runs, as the forecast proved it before."""
        said = self.said(step)
        return said.causes if said else ()

    def said(self, step: Step) -> ForecastStep | None:
        """What was foretold of a step."""
        return self._said.get((stage_label(step.key.stage), step.key.index))

    def recorded(self, prepared: Prepared, state: BuildState) -> tuple[Note, ...]:
        """Write the build down, and what it taught."""
        if not state.steps and state.outcome == "cancelled":
            return ()
        record = BuildRecord.of(state, project=self._project, service=self._service.name, started=self._started)
        try:
            with closing(Ledger.open(self._workspace.state)) as ledger:
                id = ledger.record(record)
            if self._outlook is not None:
                # Deferred: where nothing is built nothing is learned.
                from devbox.flows.cache_learning import learn_build

                learn_build(self._workspace, prepared.request, self._outlook, state, id)
        except DevboxError as error:
            return (Note(_not_remembered(error), "warn"),)
        return ()


def kept_image(workspace: Workspace, outlook: Outlook, tag: str) -> str | None:
    """The image that such a build ends in, where every step is a hit and it is there already under that tag."""
    key, given = outlook.image_key, outlook.forecast
    if key is None or given is None or not given.all_hit:
        return None
    try:
        with closing(Ledger.open(workspace.state)) as ledger:
            id = ledger.image_of(key)
    except DevboxError:
        return None
    found = workspace.engine.image(tag) if id else None
    return id if found is not None and found.id == id else None


def image_is_known(workspace: Workspace, tag: str) -> bool:
    """Whether the ledger knows what the image under this tag was built from."""
    found = workspace.engine.image(tag)
    try:
        with closing(Ledger.open(workspace.state)) as ledger:
            return found is not None and ledger.knows_image(found.id)
    except DevboxError:
        return False


def _not_remembered(error: DevboxError) -> str:
    return f"this build will not be remembered: {error.summary}"
