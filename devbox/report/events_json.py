"""Events as the JSON lines of contract.md (`up`, `rebuild`): steps as their state changes, logs line by line.

Turns values into dicts; writes nothing. Everything from outside is cleaned here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.events import (
    BuildChanged,
    BuildLog,
    BuildStarted,
    Event,
    Note,
    OperationChanged,
    PlanMade,
    ServiceLog,
    Waiting,
)
from devbox.core.stepname import stage_label
from devbox.core.text import LineSplitter, clean

_UNSAID = (StepStatus.TO_GO, StepStatus.BASE)
"""No states of the contract: nothing happened yet, or nothing that counts."""
_OF_A_BASE = (StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.INTERRUPTED)
"""What is said of a FROM: it is neither hit nor miss, so it has only bad ends."""

Object = dict[str, Any]


class EventsJson:
    """Remembers what was said of each step, so that only changes are said."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, StepKey], tuple[object, ...]] = {}
        self._lines: dict[tuple[str, StepKey | None], LineSplitter] = {}

    def objects(self, event: Event) -> Iterator[Object]:
        """The JSON objects that an event becomes; none for events the contract does not know."""
        match event:
            case PlanMade(operations):
                plan = [{"kind": o.kind, "resource": o.resource, "cause": clean(o.cause)} for o in operations]
                yield {"event": "plan", "operations": plan}
            case OperationChanged(operation, state, seconds, detail):
                yield {
                    "event": "operation", "kind": operation.kind, "resource": operation.resource,
                    "cause": clean(operation.cause), "state": state, "seconds": _rounded(seconds),
                    "detail": clean(detail) if detail else None,
                }
            case BuildStarted(service):
                yield {"event": "build", "service": service, "state": "started"}
            case BuildChanged(service, build):
                yield from self._build(service, build)
            case BuildLog(service, step, data):
                splitter = self._lines.setdefault((service, step), LineSplitter())
                for line in splitter.feed(data):
                    yield _log(service, step, line)
            case ServiceLog(service, data, time, stream):
                yield {"event": "log", "service": service, "stream": stream, "time": time, "text": clean(data)}
            case Note(text, severity):
                yield {"event": "note", "severity": severity, "text": clean(text)}
            case Waiting(what, seconds):
                yield {"event": "waiting", "what": clean(what), "seconds": _rounded(seconds)}
            case _:
                pass

    def flush(self) -> Iterator[Object]:
        """Last lines that never ended."""
        for (service, step), splitter in self._lines.items():
            for line in splitter.flush():
                yield _log(service, step, line)
        self._lines.clear()

    def _build(self, service: str, build: BuildState) -> Iterator[Object]:
        for step in build.steps:
            # Whether a running step is where the cache breaks may still change with what becomes known around it.
            said = (step.status,) if step.status is StepStatus.RUNNING else (step.status, step.root, step.causes)
            worth = step.status in _OF_A_BASE if step.is_base else step.status not in _UNSAID
            if worth and self._said.get((service, step.key)) != said:
                self._said[service, step.key] = said
                yield {**step_object(step), "service": service}
        if build.outcome != "running":
            yield from self.flush()
            yield {
                "event": "build", "service": service, "state": build.outcome, "builder": build.builder,
                "limits": list(build.limits), "target": build.target, "hits": build.hits, "misses": build.misses,
                "seconds": _rounded(build.seconds), "saved_seconds": _rounded(build.saved_seconds),
                "warnings": [clean(warning) for warning in build.warnings], "image": build.image,
            }
            self._said = {key: said for key, said in self._said.items() if key[0] != service}


def step_object(step: Step) -> Object:
    """One step as contract.md's step event."""
    found: Object = {
        "event": "step", "stage": stage_label(step.key.stage), "index": step.key.index, "of": step.of,
        "instruction": clean(step.instruction), "state": step.status.value, "seconds": _rounded(step.seconds),
        "root": step.root,
        "causes": [
            {"kind": cause.kind, "path": cause.path, "detail": clean(cause.detail) if cause.detail else None}
            for cause in step.causes
        ],
    }
    if step.key.platform:
        found["platform"] = step.key.platform
    return found


def _log(service: str, step: StepKey | None, line: bytes) -> Object:
    return {
        "event": "log", "stage": stage_label(step.stage) if step else None, "index": step.index if step else None,
        "text": clean(line), "service": service,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
