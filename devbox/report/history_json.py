"""Past builds as JSON objects of `why` and `history`. Turns values into dicts."""

from __future__ import annotations

from typing import Any

from devbox.core.build import Step
from devbox.core.build_history import StepPair, judgement
from devbox.core.text import clean
from devbox.report.events_json import step_object
from devbox.report.history_text import PastBuild


def build_object(build: PastBuild, *, steps: bool = False) -> dict[str, Any]:
    """One build, with its steps where they are asked for."""
    found: dict[str, Any] = {
        "id": build.id, "service": build.service, "target": build.target, "started": round(build.started, 3),
        "seconds": round(build.seconds, 3), "outcome": build.outcome, "hits": build.hits, "misses": build.misses,
        "saved_seconds": None if build.saved is None else round(build.saved, 3),
    }
    return {**found, "steps": [past_step(step) for step in build.steps]} if steps else found


def past_step(step: Step) -> dict[str, Any]:
    """A step as its event had it, with what was foretold and how that did."""
    found = {name: value for name, value in step_object(step).items() if name != "event"}
    return {**found, "line": step.line, "forecast": step.forecast, "judgement": judgement(step), "since": step.since}


def pair_object(pair: StepPair) -> dict[str, Any]:
    """One step of two builds."""
    return {
        "instruction": clean(pair.step.instruction), "changed": pair.changed,
        "before": past_step(pair.before) if pair.before else None,
        "after": past_step(pair.after) if pair.after else None,
    }
