"""Findings, checks and facts become the report: severities by policy, status of checks and layers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from devbox.core.checks import Wanted, canonical, settle
from devbox.core.findings import (
    LAYERS,
    CheckResult,
    CheckStatus,
    Conflict,
    DoctorReport,
    Finding,
    ImageRow,
    Layer,
    Severity,
    ToolchainRow,
)
from devbox.core.frozen import dataclass

if TYPE_CHECKING:
    from devbox.core.project import Policy


@dataclass(frozen=True, slots=True)
class Judged:
    """What one group of checks came to."""

    checks: tuple[CheckResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, Mapping[str, Any]] | None = None

    def timed(self, seconds: float) -> Judged:
        """The same, with the seconds that its probe took."""
        return replace(self, checks=tuple(replace(check, seconds=seconds) for check in self.checks))


def assemble(
    project_dir: str, judged: Iterable[Judged], wanted: Wanted, policy: Policy, *,
    toolchains: tuple[ToolchainRow, ...] = (), images: tuple[ImageRow, ...] = (), conflicts: tuple[Conflict, ...] = (),
) -> DoctorReport:
    """The report of a run: only what was asked for, with the team's severities."""
    groups = tuple(judged)
    findings = tuple(
        kept
        for group in groups
        for finding in group.findings
        if wanted.finding(finding) and (kept := with_severity(finding, policy)) is not None
    )
    checks = tuple(settle(check, findings) for group in groups for check in group.checks if wanted.check(check.id))
    facts: dict[str, Mapping[str, Any]] = {"platform": {}, "gpu": {}, "engine": {}}
    for group in groups:
        facts.update(group.facts or {})
    return DoctorReport(
        project_dir=project_dir, layers=layers(checks), toolchains=toolchains, images=images, conflicts=conflicts,
        facts=facts, findings=findings, checks=checks,
    )


def layers(checks: Iterable[CheckResult]) -> dict[Layer, CheckStatus]:
    """Drift where a check of the layer drifts, unknown where one is or none ran, else ok."""
    found: dict[Layer, set[CheckStatus]] = {layer: set() for layer in LAYERS}
    for check in checks:
        found[check.layer].add(check.status)
    return {layer: _worst(statuses) for layer, statuses in found.items()}


def with_severity(finding: Finding, policy: Policy) -> Finding | None:
    """The finding with the severity that `[policy.severity]` gives it, the longest match first; None for `off`."""
    chosen = ""
    severity: str = finding.severity
    for name, word in policy.severity:
        selector = canonical(name)
        matches = any(id == selector or id.startswith(f"{selector}.") for id in (finding.id, finding.check))
        if matches and len(selector) >= len(chosen):
            chosen, severity = selector, word
    if severity == "off":
        return None
    return next((replace(finding, severity=word) for word in get_args(Severity) if word == severity), finding)


def failed(report: DoctorReport, *, strict: bool) -> bool:
    """Whether the exit code is 1: an error, with `--strict` also a warning."""
    failing = ("error", "warn") if strict else ("error",)
    return any(finding.severity in failing for finding in report.findings)


def _worst(statuses: set[CheckStatus]) -> CheckStatus:
    if "drift" in statuses:
        return "drift"
    return "unknown" if "unknown" in statuses or not statuses else "ok"
