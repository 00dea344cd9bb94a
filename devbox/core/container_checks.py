"""What the running box runs, beside what version files pin. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import Finding, ToolchainRow
from devbox.core.frozen import dataclass
from devbox.core.judging import collect, found, look
from devbox.core.pins import Pin

ID = "container"
PINS = "pins"
"""Under this name a group's judgement finds the pins of the project, beside what the other groups found."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one tool in the box said of itself."""

    path: str
    version: str | None
    output: str = ""
    reason: str | None = None
    """Why it was not asked."""


@dataclass(frozen=True, slots=True)
class Inside:
    """One look into the box."""

    tools: Mapping[str, Told] = field(default_factory=dict)
    reason: str | None = None
    """Why nobody was asked."""
    nothing_runs: bool = False
    """No box runs, so there is nothing that could drift."""

    def reason_for(self, tool: str) -> str | None:
        """Why there is no version of this tool; None where there is one."""
        if self.reason is not None:
            return self.reason
        told = self.tools.get(tool)
        if told is None:
            return f"the box has no {tool} outside its mounts"
        return None if told.version is not None else told.reason or f"{told.path} did not say its version"


def fill(rows: Iterable[ToolchainRow], inside: Inside) -> tuple[ToolchainRow, ...]:
    """The rows with the third column: what the box runs, or why that is not known."""
    return tuple(
        replace(
            row, container_runs=told.version if (told := inside.tools.get(row.tool)) else None,
            container_reason=inside.reason_for(row.tool),
        )
        for row in rows
    )


def judge(inside: Inside, pins: Iterable[Pin]) -> Judged:
    """A pin that the box does not meet is an error, as it would be on this machine."""
    evidence = "\n".join(f"{told.path}: {told.reason or told.output}" for told in inside.tools.values())
    check = look(
        ID, evidence or inside.reason or "the box has none of these tools",
        unknown=None if inside.nothing_runs else inside.reason,
    )
    findings: dict[str, Finding] = {}
    for pin in pins:
        told = inside.tools.get(pin.tool)
        if told and told.version and pin.range and not pin.range.contains(told.version):
            findings.setdefault(pin.tool, _drift(pin, told, told.version))
    return collect([(check, tuple(findings.values()))])


def _drift(pin: Pin, told: Told, version: str) -> Finding:
    where = Origin(pin.declared.path, pin.declared.line)
    message = f"{pin.tool} in the box is {version} ({told.path}), `{where}` pins {pin.declared.raw}"
    return found(
        ID, "error", message, name=pin.tool, expected=pin.declared.raw, actual=version, origin=where,
        hint="`devbox rebuild` if the box is older than the Dockerfile, else change the base image or the pin",
    )
