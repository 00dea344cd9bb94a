"""Building one service's image: events while it runs, a record in the ledger, one clear error when it fails.

Before it starts the forecast says what it will find; where that proves that nothing changed, no builder is started
(product.md B5).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

from devbox.core.build import BuildState, Cause, Step, StepKey, StepStatus
from devbox.core.buildfailure import build_failure, log_key, without_added_lines
from devbox.core.errors import Cancelled, EngineError
from devbox.core.events import BuildChanged, BuildLog, BuildStarted, Event, Note
from devbox.core.masking import StreamMasker
from devbox.core.project import Pairs, Service
from devbox.core.stepname import step_words
from devbox.engine.builder import Output, Progress
from devbox.engine.port import EngineInfo
from devbox.flows.build_book import BuildBook
from devbox.flows.build_request import BuildOptions, Prepared, prepare
from devbox.flows.secrets import secret_masker
from devbox.flows.workspace import Workspace

__all__ = ["BuildOptions", "build_image"]

BEAT = 0.1
"""Seconds between two states: ten a second are enough for any face."""
_TAIL = 16 << 10
"""Bytes of each step's output kept for the error."""
_DEFAULT = BuildOptions()


def build_image(
    workspace: Workspace, service: Service, *, tag: str, labels: Pairs, options: BuildOptions = _DEFAULT,
    info: EngineInfo | None = None,
) -> Generator[Event, None, str]:
    """Build and tag the image of a service; returns its id. `info`: what the engine just said of itself.

    Raises BuildError, ConfigError (no Dockerfile), EngineError (the engine went away), Cancelled.
    """
    engine = workspace.engine
    builder = workspace.choose_builder(engine)
    prepared = prepare(workspace, service, builder, tag=tag, labels=labels, options=options)
    book = BuildBook(workspace, service)
    yield from book.opened()
    yield from book.looked_ahead(builder, prepared, options, info)
    if not options.always and (unchanged := book.unchanged(tag)) is not None:
        yield Note(f"{service.name}: nothing changed since it was built, so no builder is started")
        return unchanged
    yield BuildStarted(service.name)
    watch = _Watch(workspace, service, prepared, book)
    run = (book.builder or builder).build(prepared.request)
    try:
        with workspace.cancel.closing(run.close), closing(run.__iter__()) as updates:
            for update in updates:
                yield from watch.seen(update)
    finally:
        # Also when the flow itself is closed or interrupted: the steps that ran did run.
        notes = book.recorded(prepared, watch.ended())
    yield from notes
    state = watch.state
    if state.outcome == "cancelled" or workspace.cancel.cancelled:
        raise Cancelled
    if state.outcome != "ok":
        _check_engine(workspace, service, state)
        raise build_failure(
            state, service.name, prepared.dockerfile, output=watch.tail(log_key(state)), added=prepared.added
        )
    image = engine.image(tag)
    if image is None:
        raise EngineError(f"the image of {service.name} was built but {tag} is not on the engine")
    return image.id


class _Watch:
    """Turns a builder's updates into events: masked, timed, enriched with what the ledger knows."""

    def __init__(self, workspace: Workspace, service: Service, prepared: Prepared, book: BuildBook) -> None:
        self._clock = workspace.clock
        self._service = service.name
        self._prepared = prepared
        self._book = book
        self._masker = secret_masker(workspace, service)
        self._maskers: dict[StepKey | None, StreamMasker] = {}
        self._tails: dict[StepKey | None, bytearray] = {}
        self._shown: float | None = None
        self.state = BuildState(target=prepared.request.target or "")

    def seen(self, update: Progress | Output) -> Generator[Event, None, None]:
        """The events of one update."""
        if isinstance(update, Progress):
            self.state = self._enriched(update.state)
            now = self._clock.monotonic()
            last = update.state.outcome != "running"
            if last:
                for step in tuple(self._maskers):
                    yield from self._log(step, self._maskers.pop(step).flush())
            if last or self._shown is None or now - self._shown >= BEAT:
                self._shown = now
                yield BuildChanged(self._service, self.state)
                yield from self._book.resolving(self._prepared, self.state, now)
            return
        if not self._masker.longest:
            yield from self._log(update.step, self._masker.mask(update.data))
            return
        masker = self._maskers.setdefault(update.step, StreamMasker(self._masker))
        yield from self._log(update.step, masker.feed(update.data))

    def ended(self) -> BuildState:
        """The last state, also when the build was left in the middle."""
        return self.state if self.state.outcome != "running" else replace(self.state, outcome="cancelled")

    def tail(self, step: StepKey | None) -> bytes:
        """The end of a step's output."""
        return bytes(self._tails.get(step, b""))

    def _log(self, step: StepKey | None, data: bytes) -> Generator[Event, None, None]:
        if not data:
            return
        tail = self._tails.setdefault(step, bytearray())
        tail += data
        if len(tail) > 2 * _TAIL:
            del tail[:-_TAIL]
        yield BuildLog(self._service, step, data)

    def _enriched(self, state: BuildState) -> BuildState:
        steps = tuple(self._step(step) for step in state.steps)
        saved = [step.past_seconds for step in steps if step.status is StepStatus.HIT and step.past_seconds is not None]
        text = without_added_lines(state.text, self._prepared.added) if state.text else ()
        return replace(
            state, steps=steps, saved_seconds=sum(saved) if saved else None,
            text=tuple(self._masker.mask_text(line) for line in text),
        )

    def _step(self, step: Step) -> Step:
        past = self._book.past_seconds(step)
        error = self._masker.mask_text(step.error) if step.error else step.error
        causes = step.causes or self._known_causes(step)
        said = self._book.said(step)
        if past is None and not error and not causes and said is None:
            return step
        since = said.build if said and step.root else None
        return replace(
            step, past_seconds=past, error=error, causes=causes, forecast=said.word if said else None, since=since
        )

    def _known_causes(self, step: Step) -> tuple[Cause, ...]:
        """What the request and the stream themselves prove; a root miss of another kind stays unknown."""
        if step.status not in (StepStatus.MISS, StepStatus.FAILED, StepStatus.RUNNING):
            return ()
        request = self._prepared.request
        if request.no_cache or step.key.stage in request.no_cache_filter:
            return (Cause("no-cache"),)
        if step.after is None:
            return self._book.causes(step)
        return (Cause("parent-missed", detail=step_words(step.after.stage, step.after.index)),)


def _check_engine(workspace: Workspace, service: Service, state: BuildState) -> None:
    """Raise EngineError when no step failed and the engine does not answer any more."""
    if any(step.status is StepStatus.FAILED for step in state.steps):
        return
    try:
        workspace.engine.info()
    except EngineError as error:
        raise EngineError(
            f"the engine went away while {service.name} was built", detail=error.summary,
            hint="start it and run again: steps that finished stay in the cache",
        ) from error
