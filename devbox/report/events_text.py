"""Events as plain lines for pipes, logs and CI: one line for each change of a step, one for each other piece of news.

Turns values into text; writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.build import BuildState, StepKey, StepStatus
from devbox.core.events import (
    BuildChanged,
    BuildLog,
    BuildStarted,
    Event,
    Note,
    OperationChanged,
    ServiceLog,
    Waiting,
)
from devbox.core.text import LineSplitter, clean, duration
from devbox.report.build_lines import Style, builder_lines, outcome_line, step_line, step_place

_COLUMNS = 110
_UNSAID = (StepStatus.TO_GO, StepStatus.SKIPPED)


class EventsText:
    """Remembers what was said, so that only changes are."""

    def __init__(self, style: Style, *, logs: bool = False) -> None:
        """With `logs` every line a step prints is a line here, with the step as its prefix."""
        self._style = style
        self._logs = logs
        self._said: dict[tuple[str, StepKey], StepStatus] = {}
        self._places: dict[tuple[str, StepKey | None], str] = {}
        self._lines: dict[tuple[str, StepKey | None], LineSplitter] = {}
        self._limits: set[str] = set()

    def lines(self, event: Event) -> Iterator[str]:
        """The lines that an event becomes."""
        match event:
            case Note(text):
                yield clean(text)
            case Waiting(what, seconds):
                yield f"  waiting for {clean(what)} ({duration(seconds)})"
            case OperationChanged(operation, "started"):
                yield clean(str(operation))
            case OperationChanged(_, state, seconds, detail):
                yield f"  {state} in {duration(seconds)}" + (f": {clean(detail)}" if detail else "")
            case ServiceLog(service, data):
                yield f"  {clean(service)} | {clean(data)}"
            case BuildStarted(service):
                yield f"build {clean(service)}"
            case BuildChanged(service, build):
                yield from self._build(service, build)
            case BuildLog(service, step, data) if self._logs:
                splitter = self._lines.setdefault((service, step), LineSplitter())
                yield from self._logged(service, step, splitter.feed(data))
            case _:
                pass

    def _build(self, service: str, build: BuildState) -> Iterator[str]:
        if service not in self._limits:
            self._limits.add(service)
            yield from (f"  {line}" for line in builder_lines(build))
        for step in build.steps:
            self._places[service, step.key] = step_place(step)
            if step.status not in _UNSAID and self._said.get((service, step.key)) is not step.status:
                self._said[service, step.key] = step.status
                yield f"  {step_line(step, self._style, _COLUMNS)}"
        if build.outcome != "running":
            for (name, key), splitter in self._lines.items():
                yield from self._logged(name, key, splitter.flush())
            self._lines.clear()
            yield from (f"  warning: {clean(warning)}" for warning in build.warnings)
            yield outcome_line(service, build, self._style)
            self._said = {key: status for key, status in self._said.items() if key[0] != service}

    def _logged(self, service: str, step: StepKey | None, lines: list[bytes]) -> Iterator[str]:
        place = self._places.get((service, step), clean(service))
        for line in lines:
            yield f"  {place} | {clean(line, colour=self._style.colour)}"
