"""The doctor table: one line for each toolchain, check and finding, derived from the report alone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from devbox.core.check_list import BY_ID
from devbox.core.facts import Origin
from devbox.core.findings import CheckResult, DoctorReport, DoctorRow, Finding, RowStatus, ToolchainRow
from devbox.core.text import visible

_ORDER: dict[RowStatus, int] = {"error": 0, "warn": 1, "unknown": 2, "ok": 3, "checking": 4}
_STATUS_OF: dict[str, RowStatus] = {"error": "error", "warn": "warn", "info": "ok"}
_NOTHING = "-"
_ELSEWHERE = ("dockerfile", "devcontainer", "github-actions")
"""Sources that speak of containers and runners: a tool of theirs that is nowhere here has no line."""


def rows(report: DoctorReport) -> tuple[DoctorRow, ...]:
    """Every line, in the order errors, warnings, unknown, ok; inside a group as found."""
    lines = [*toolchain_rows(report.toolchains, report.findings), *check_rows(report.checks, report.findings)]
    lines += [_silent_row(check) for check in report.checks if check.status == "unknown" and _is_silent(check)]
    shown = {line.finding for line in lines if line.finding}
    lines += [_finding_row(finding) for finding in report.findings if finding not in shown and not _is_note(finding)]
    return tuple(sorted(lines, key=lambda line: _ORDER[line.status]))


def note_rows(report: DoctorReport) -> tuple[DoctorRow, ...]:
    """The notes as lines, for who lists them among the others: nothing is wrong there, and each has its sentence."""
    return tuple(replace(_finding_row(one), word="note") for one in report.findings if _is_note(one))


def toolchain_rows(
    toolchains: Sequence[ToolchainRow], findings: Iterable[Finding], *, checking: bool = False
) -> list[DoctorRow]:
    """The lines of pinned toolchains; `checking` while their versions are still asked for."""
    often = Counter((row.project, row.tool) for row in toolchains if _has_line(row))
    known: dict[str, list[Finding]] = {}
    for finding in findings:
        if not _is_note(finding):
            known.setdefault(finding.subject, []).append(finding)
    return [
        _toolchain_row(row, known.get(row.tool, []), often[row.project, row.tool] > 1, checking)
        for row in toolchains
        if _has_line(row)
    ]


def check_rows(checks: Iterable[CheckResult], findings: Iterable[Finding]) -> list[DoctorRow]:
    """The lines of checks that have one."""
    known = list(findings)
    return [_check_row(check, known) for check in checks if check.subject]


def checking_row(id: str, subject: str) -> DoctorRow:
    """The line of a check that still runs."""
    return DoctorRow(id, subject, "", "…", "checking", "checking", BY_ID[id].layer)


def _has_line(row: ToolchainRow) -> bool:
    nowhere = row.manager in _ELSEWHERE and row.host_runs is None and row.container_runs is None
    if row.manager == "corepack" and not row.declared:
        return False  # package.json's own row says that it is broken
    if row.error == "other-tool" or nowhere:
        return row.error == "malformed"
    return bool(row.declared) or row.satisfied is False


def _toolchain_row(row: ToolchainRow, findings: list[Finding], several: bool, checking: bool) -> DoctorRow:
    subject = f"{row.tool} ({row.manager})" if several else row.tool
    pinned = ", ".join(visible(pin.raw) for pin in row.declared) or _NOTHING
    first = row.declared[0] if row.declared else None
    declared_at = Origin(first.path, first.line) if first else None
    project = row.project if row.project != "." else ""
    key = toolchain_key(row)
    if checking:
        return DoctorRow(
            key, subject, pinned, "…", "checking", "checking", "runtime", row.host_path or "", declared_at,
            project=project,
        )
    finding = _finding_of(row, findings)
    status = _toolchain_status(row, finding)
    return DoctorRow(
        key=key,
        subject=subject,
        pinned=pinned,
        found=row.host_runs or _NOTHING,
        status=status,
        word=_toolchain_word(row, status),
        layer="runtime",
        origin=row.host_path or "not on PATH",
        declared_at=declared_at,
        container=row.container_runs,
        finding=finding,
        hint=finding.hint if finding else None,
        detail=finding.message if finding else row.reason,
        evidence=row.evidence,
        seconds=row.seconds,
        project=project,
    )


def toolchain_key(row: ToolchainRow) -> str:
    """What tells the lines of toolchains apart: `toolchain.python.pyenv`, in a sub-project `…@services/api`."""
    several = row.manager == "github-actions" and row.declared  # one row for each workflow
    of_file = f":{row.declared[0].path}" if several else ""
    return f"toolchain.{row.tool}.{row.manager}{of_file}" + (f"@{row.project}" if row.project not in ("", ".") else "")


def _finding_of(row: ToolchainRow, findings: list[Finding]) -> Finding | None:
    """The finding of this row: of its tool, and about a file that this row declares or comes from."""
    paths: set[str | None] = {pin.path for pin in row.declared} or {row.source}
    mine = [
        finding
        for finding in findings
        if finding.id.startswith(f"toolchain.{row.tool}.")
        and (finding.origin is None or finding.origin.path in paths)
    ]
    return mine[0] if mine else None


def _toolchain_status(row: ToolchainRow, finding: Finding | None) -> RowStatus:
    if finding is not None and finding.severity != "info":
        return _STATUS_OF[finding.severity]
    return "ok" if row.satisfied and row.host_runs is not None else "unknown"


def _toolchain_word(row: ToolchainRow, status: RowStatus) -> str:
    if status in ("ok", "unknown"):
        return status
    return row.error or ("missing" if row.host_runs is None else "drift")


def _check_row(check: CheckResult, findings: list[Finding]) -> DoctorRow:
    finding = next((one for one in findings if one.check == check.id and one.severity != "info"), None)
    status: RowStatus = _STATUS_OF[finding.severity] if finding else "unknown" if check.status == "unknown" else "ok"
    return DoctorRow(
        key=check.id,
        subject=check.subject,
        pinned=check.expected or "*",
        found=check.actual or _NOTHING,
        status=status,
        word="drift" if finding else status,
        layer=check.layer,
        origin=check.origin,
        declared_at=finding.origin if finding else None,
        finding=finding,
        hint=finding.hint if finding else None,
        detail=finding.message if finding else check.reason or "",
        evidence=check.evidence,
        seconds=check.seconds,
    )


def _is_silent(check: CheckResult) -> bool:
    """A check that has no line of its own; the lines of toolchains say themselves that they are unknown."""
    return not check.subject and check.id != "toolchain"


def _silent_row(check: CheckResult) -> DoctorRow:
    """Unknown is never left out."""
    return DoctorRow(
        check.id, check.id, "", _NOTHING, "unknown", "unknown", check.layer, check.origin, detail=check.reason or "",
        evidence=check.evidence, seconds=check.seconds,
    )


def _finding_row(finding: Finding) -> DoctorRow:
    status = _STATUS_OF[finding.severity]
    return DoctorRow(
        key=f"{finding.id}:{finding.origin or ''}:{finding.subject}",
        subject=finding.subject,
        pinned=finding.expected or "",
        found=finding.actual or "",
        status=status,
        word=_finding_word(finding, status),
        layer=finding.layer,
        origin=str(finding.origin or ""),
        declared_at=finding.origin,
        finding=finding,
        hint=finding.hint,
        detail=finding.message,
    )


def _finding_word(finding: Finding, status: RowStatus) -> str:
    if finding.check == "toolchain.conflict":
        return "conflict"
    return "drift" if status != "ok" else "ok"


def _is_note(finding: Finding) -> bool:
    return finding.severity == "info"
