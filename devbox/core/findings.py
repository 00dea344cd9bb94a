"""The value behind `devbox doctor`: rows, checks and findings, rendered by every format alike (contract.md, doctor)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from devbox.core.facts import Origin
from devbox.core.frozen import dataclass

Layer = Literal[
    "hardware", "os", "os_version", "system_packages", "runtime", "dependencies", "code", "configuration"
]
LAYERS: tuple[Layer, ...] = (
    "hardware", "os", "os_version", "system_packages", "runtime", "dependencies", "code", "configuration",
)
Severity = Literal["error", "warn", "info"]
CheckStatus = Literal["ok", "drift", "unknown"]
RowStatus = Literal["error", "warn", "unknown", "ok", "checking"]


@dataclass(frozen=True, slots=True)
class Declared:
    """A pin as its reader takes it, before resolution."""

    path: str
    line: int | None
    raw: str


@dataclass(frozen=True, slots=True)
class ToolchainRow:
    """One tool under one manager: declared, resolved, what really runs."""

    tool: str
    manager: str
    declared: tuple[Declared, ...] = ()
    resolved: str | None = None
    resolved_all: tuple[str, ...] = ()
    via: Literal["managed", "system", "path"] | None = None
    host_runs: str | None = None
    host_path: str | None = None
    container_runs: str | None = None
    container_reason: str | None = None
    """Why `container_runs` is None: no box runs, the folder is not trusted, the box has no such tool."""
    satisfied: bool | None = None
    error: str | None = None
    shadowed_by: str | None = None
    source: str | None = None
    """The file that decided, also where it declares nothing."""
    reason: str = ""
    """Why `satisfied` could not be decided for a pin."""
    evidence: str = ""
    """Argv and raw output of the probe, for the detail pane; empty when the layout told."""
    seconds: float | None = None
    project: str = ""
    """With `--recursive`, the sub-project's folder relative to the root (`.` for the root itself); else empty."""


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One FROM after ARG expansion."""

    path: str
    line: int
    raw: str
    ref: str | None
    name: str | None
    tag: str | None
    digest: str | None
    stage_ref: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources that no version satisfies together."""

    tool: str
    sources: tuple[Declared, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to act on."""

    id: str
    check: str
    layer: Layer
    severity: Severity
    subject: str
    message: str
    expected: str | None = None
    actual: str | None = None
    origin: Origin | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check that ran: ok, drift, or unknown with a reason."""

    id: str
    layer: Layer
    status: CheckStatus
    evidence: str = ""
    reason: str | None = None
    seconds: float = 0.0
    subject: str = ""
    """What the table calls it, e.g. `memory`; empty for a check that has no line of its own."""
    expected: str = ""
    actual: str = ""
    origin: str = ""
    """Where `actual` was read."""


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Everything doctor knows, in stable order."""

    project_dir: str
    layers: Mapping[Layer, CheckStatus]
    toolchains: tuple[ToolchainRow, ...] = ()
    images: tuple[ImageRow, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """`platform`, `gpu`, `engine`; an absent fact is None with `<name>_reason` beside it."""
    findings: tuple[Finding, ...] = ()
    checks: tuple[CheckResult, ...] = ()

    @property
    def outcome(self) -> Literal["ok", "findings"]:
        """`findings` where something is of severity error or warn."""
        return "findings" if any(finding.severity != "info" for finding in self.findings) else "ok"

    def summary(self) -> dict[str, int]:
        """Counts by severity and status, as in the JSON."""
        counts = {"error": 0, "warn": 0, "info": 0, "unknown": 0, "ok": 0}
        for finding in self.findings:
            counts[finding.severity] += 1
        for check in self.checks:
            if check.status in ("unknown", "ok"):
                counts[check.status] += 1
        return counts


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """One line of the doctor table: a pin or a check beside what was found. Derived from the report, never stored."""

    key: str
    """Stable while probes run, so that a screen can replace the line in place."""
    subject: str
    pinned: str
    found: str
    status: RowStatus
    word: str
    """`ok`, `drift`, `missing`, `unknown`, `checking`, or the error of the toolchain's row."""
    layer: Layer
    origin: str = ""
    """Where what was found comes from: a path, `NVML`, the engine's URL."""
    declared_at: Origin | None = None
    """Where the pin is written."""
    container: str | None = None
    """What the box runs, where it was asked."""
    finding: Finding | None = None
    hint: str | None = None
    detail: str = ""
    """One or two sentences: the finding's message, or why it is unknown."""
    evidence: str = ""
    """Argv and raw output of the probe, or what told without one."""
    seconds: float | None = None
    project: str = ""
    """With `--recursive`, the sub-project that the line is about; empty for the root."""


@dataclass(frozen=True, slots=True)
class RowsKnown:
    """The first news of a run: every row that files alone tell, the others `checking`."""

    rows: tuple[DoctorRow, ...]


@dataclass(frozen=True, slots=True)
class RowChanged:
    """A probe returned: this row, by its key, is now so."""

    row: DoctorRow


@dataclass(frozen=True, slots=True)
class Finished:
    """The last news: the report, its rows sorted once (errors, warnings, unknown, ok)."""

    report: DoctorReport
    rows: tuple[DoctorRow, ...]


DoctorEvent = RowsKnown | RowChanged | Finished
