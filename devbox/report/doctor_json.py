"""The doctor report as the fields of contract.md's JSON object. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from devbox.core.doctor_diff import Difference
from devbox.core.findings import CheckResult, Declared, DoctorReport, Finding, ImageRow, ToolchainRow


def doctor_fields(report: DoctorReport) -> dict[str, Any]:
    """Everything that `doctor` adds to the final object."""
    return {
        "layers": dict(report.layers),
        "toolchains": [_toolchain(row) for row in report.toolchains],
        "images": [_image(image) for image in report.images],
        "conflicts": [
            {"tool": conflict.tool, "sources": [_declared(source) for source in conflict.sources]}
            for conflict in report.conflicts
        ],
        "facts": {name: _plain(facts) for name, facts in report.facts.items()},
        "findings": [_finding(finding) for finding in report.findings],
        "checks": [_check(check) for check in report.checks],
        "summary": report.summary(),
    }


def against_fields(differences: Sequence[Difference]) -> dict[str, Any]:
    """What `doctor --against` adds instead: only what differs, worst first, redacted."""
    counts = {"error": 0, "warn": 0, "info": 0}
    for one in differences:
        counts[one.severity] += 1
    return {
        "against": [
            {"subject": one.subject, "here": one.here, "there": one.there, "path": one.path, "severity": one.severity}
            for one in differences
        ],
        "summary": counts,
    }


def _toolchain(row: ToolchainRow) -> dict[str, Any]:
    fields = {
        "tool": row.tool,
        "manager": row.manager,
        "declared": [_declared(pin) for pin in row.declared],
        "resolved": row.resolved,
        "resolved_all": list(row.resolved_all),
        "via": row.via,
        "host_runs": row.host_runs,
        "host_path": row.host_path,
        "container_runs": row.container_runs,
        "container_reason": row.container_reason,
        "satisfied": row.satisfied,
        "error": row.error,
        "shadowed_by": row.shadowed_by,
    }
    return {**fields, "project": row.project} if row.project else fields


def _declared(pin: Declared) -> dict[str, Any]:
    return {"path": pin.path, "line": pin.line, "raw": pin.raw}


def _image(image: ImageRow) -> dict[str, Any]:
    return {
        "path": image.path, "line": image.line, "raw": image.raw, "ref": image.ref, "name": image.name,
        "tag": image.tag, "digest": image.digest, "stage_ref": image.stage_ref,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    origin = finding.origin
    return {
        "id": finding.id, "check": finding.check, "layer": finding.layer, "severity": finding.severity,
        "subject": finding.subject, "expected": finding.expected, "actual": finding.actual,
        "path": origin.path if origin else None, "line": origin.line if origin else None,
        "message": finding.message, "hint": finding.hint,
    }


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "id": check.id, "layer": check.layer, "status": check.status, "reason": check.reason,
        "evidence": check.evidence, "seconds": round(check.seconds, 6),
    }


def _plain(value: Any) -> Any:
    """Mappings and sequences as JSON has them."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
