"""The small words that all GPU checks share: how a device is called, how a finding of theirs is made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core.check_list import BY_ID
from devbox.core.facts import Origin
from devbox.core.findings import CheckResult, Finding, Severity
from devbox.core.project import GpuNeeds
from devbox.core.version import release_numbers

Facts = Mapping[str, Any]
Result = tuple[CheckResult, tuple[Finding, ...]]
"""A check that ran and what it found."""


def severity_of(needs: GpuNeeds | None) -> Severity:
    """What is required is an error, what is optional or not even asked for a warning."""
    return "error" if needs is not None and needs.required else "warn"


def where(needs: GpuNeeds | None) -> str:
    """Where the GPU is asked for, as messages say it."""
    return f"`{needs.origin}`" if needs is not None and needs.origin else "`[gpu]`"


def label(device: Facts) -> str:
    """`GPU 0 (NVIDIA H200)`"""
    return f"GPU {device['index']} ({device.get('name') or 'unnamed'})"


def order(value: Any) -> tuple[int, ...]:
    """What decides which of two values is lower: sizes and versions as numbers."""
    return (value,) if isinstance(value, int) else release_numbers(str(value)) or ()


def finding(
    id: str, finding_id: str, severity: Severity, message: str, check: CheckResult, needs: GpuNeeds | None,
    hint: str | None, origin: Origin | None = None,
) -> Finding:
    """A finding of check `id`, about what that check compared; its origin is `[gpu]` unless another is given."""
    return Finding(
        id=finding_id, check=id, layer=BY_ID[id].layer, severity=severity, subject=check.subject or "gpu",
        message=message, expected=check.expected, actual=check.actual,
        origin=origin or (needs.origin if needs is not None else None), hint=hint,
    )
