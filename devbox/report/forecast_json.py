"""A forecast as contract.md's `plan` has it. Turns values into dicts; everything from outside is cleaned here."""

from __future__ import annotations

from typing import Any

from devbox.core.build import Cause
from devbox.core.build_forecast import BuildForecast, ForecastStep
from devbox.core.text import clean


def forecast_object(build: BuildForecast, mode: str) -> dict[str, Any]:
    """One build."""
    return {
        "service": build.service, "mode": mode, "target": build.target, "dockerfile": build.dockerfile,
        "steps": [_step(step) for step in build.steps],
        "hits": build.count("hit"), "misses": build.count("miss"), "depends": build.count("depends"),
        "unknown": build.count("unknown"), "seconds": _rounded(build.seconds), "reason": build.reason,
        "unseen": list(build.unseen),
    }


def cause_object(cause: Cause) -> dict[str, Any]:
    """One cause."""
    return {"kind": cause.kind, "path": cause.path, "detail": clean(cause.detail) if cause.detail else None}


def _step(step: ForecastStep) -> dict[str, Any]:
    return {
        "stage": step.stage, "index": step.index, "of": step.of, "line": step.line,
        "instruction": clean(step.instruction), "forecast": step.word, "p_hit": step.p_hit, "root": step.root,
        "seconds": _rounded(step.seconds), "past_seconds": _rounded(step.past_seconds),
        "causes": [cause_object(cause) for cause in step.causes], "build": step.build, "reason": step.reason,
        "absent": list(step.absent),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
