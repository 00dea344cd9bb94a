"""The doctor report as Markdown that can be pasted into an issue or a job summary. Pure.

Home folders, the user's and the host's name are taken out (`Redaction`); foreign text cannot break out of its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devbox import __version__
from devbox.core.doctor_diff import Difference
from devbox.core.findings import LAYERS, DoctorReport, Finding, ToolchainRow
from devbox.core.platform_checks import size_text
from devbox.core.present import UNICODE, Tone, check_tone, severity_tone
from devbox.core.redaction import Redaction
from devbox.report.doctor_words import summary_words
from devbox.report.markdown import code, prose, table

_CELL = 60
"""Columns of one cell."""
_SEVERITIES = {"error": "error", "warn": "warning", "info": "note"}


def doctor_markdown(report: DoctorReport, redaction: Redaction) -> str:
    """The whole report; most important first."""
    page = _Page(report, redaction)
    return "\n".join([
        f"### devbox doctor: {summary_words(report, UNICODE)}", "",
        *page.findings(), *page.unknown(), *page.layers(), *page.toolchains(), *page.machine(),
    ])


def against_markdown(differences: Sequence[Difference], words: str) -> str:
    """What `--against` found; the values are redacted already."""
    rows = [
        (_SEVERITIES[one.severity], code(one.subject, cell=True), code(one.here, longest=_CELL, cell=True),
         code(one.there, longest=_CELL, cell=True), code(one.path or "", longest=_CELL, cell=True))
        for one in differences
    ]
    lines = table(("", "What", "Here", "There", "Written in"), rows) if rows else []
    return "\n".join([f"### devbox doctor --against: {words}", "", *lines]).rstrip()


class _Page:
    """The sections of one report."""

    def __init__(self, report: DoctorReport, redaction: Redaction) -> None:
        self._report = report
        self._safe = redaction.text

    def findings(self) -> Iterator[str]:
        """Every finding with its id, its place and the next step."""
        if self._report.findings:
            yield "#### Findings"
            yield ""
            for severity in ("error", "warn", "info"):
                for finding in self._report.findings:
                    if finding.severity == severity:
                        yield from self._finding(finding)
            yield ""

    def _finding(self, finding: Finding) -> Iterator[str]:
        glyph = UNICODE.of(Tone.TO_GO if finding.severity == "info" else severity_tone(finding.severity))
        at = f" at {code(self._safe(str(finding.origin)))}" if finding.origin else ""
        yield f"- {glyph} **{_SEVERITIES[finding.severity]}** {code(finding.id)}{at}: {self._prose(finding.message)}"
        if finding.hint:
            yield f"  - next: {self._prose(finding.hint)}"

    def unknown(self) -> Iterator[str]:
        """What could not be checked, and why."""
        unknown = [check for check in self._report.checks if check.status == "unknown"]
        if unknown:
            yield "#### Could not be checked"
            yield ""
            yield from (f"- ? {code(check.id)}: {self._prose(check.reason or 'no reason given')}" for check in unknown)
            yield ""

    def layers(self) -> Iterator[str]:
        """The strip of eight."""
        rows = []
        for layer in LAYERS:
            status = self._report.layers[layer]
            ran = [check for check in self._report.checks if check.layer == layer]
            count = f"{sum(check.status == 'ok' for check in ran)} of {len(ran)}"
            rows.append((layer.replace("_", " "), f"{UNICODE.of(check_tone(status))} {status}", count))
        yield from table(("Layer", "State", "Checks ok"), rows)
        yield ""

    def toolchains(self) -> Iterator[str]:
        """The three columns."""
        rows = [self._toolchain(row) for row in self._report.toolchains if row.declared or row.error]
        if rows:
            yield from table(("Tool", "Declared", "Host runs", "Box runs", "State"), rows)
            yield ""

    def _toolchain(self, row: ToolchainRow) -> tuple[str, ...]:
        declared = ", ".join(f"{pin.raw} ({pin.path}{f':{pin.line}' if pin.line else ''})" for pin in row.declared)
        runs = f"{row.host_runs or '-'} ({row.host_path})" if row.host_path else row.host_runs or ""
        words = {True: "✓ ok", False: f"✗ {row.error or 'drift'}", None: "? unknown"}
        project = f" in {row.project}" if row.project not in ("", ".") else ""
        cells = (f"{row.tool} ({row.manager}){project}", declared, runs, row.container_runs or "")
        return (*(code(self._safe(cell), longest=_CELL, cell=True) for cell in cells), words[row.satisfied])

    def machine(self) -> Iterator[str]:
        """Engine and platform, in a line each."""
        facts = self._report.facts
        yield f"- devbox {__version__}"
        for name, words in (
            ("platform", _platform(facts.get("platform", {}))),
            ("gpu", _gpu(facts.get("gpu", {}))),
            ("engine", _engine(facts.get("engine", {}))),
        ):
            shown = ", ".join(code(self._safe(word), longest=_CELL) for word in words if word)
            if shown:
                yield f"- {name}: {shown}"

    def _prose(self, text: str) -> str:
        return prose(self._safe(text))


def _platform(facts: Mapping[str, Any]) -> Iterator[str]:
    yield str(facts.get("os_name") or facts.get("os") or "")
    yield f"kernel {facts['kernel']}" if facts.get("kernel") else ""
    yield str(facts.get("arch") or "")
    yield str(facts.get("libc") or "")
    yield f"in a {facts['container']} container" if facts.get("container") else ""
    yield "WSL" if facts.get("wsl") else ""
    yield f"{facts['cpus']} CPUs" if facts.get("cpus") else ""
    yield f"memory {size_text(facts['memory'])}" if isinstance(facts.get("memory"), int) else ""
    yield f"disk {size_text(facts['disk_free'])} free" if isinstance(facts.get("disk_free"), int) else ""
    yield f"locale {facts['locale']}" if facts.get("locale") else ""


def _gpu(facts: Mapping[str, Any]) -> Iterator[str]:
    devices = facts.get("devices")
    for device in devices if isinstance(devices, (list, tuple)) else ():
        memory = f", {size_text(device['memory'])}" if isinstance(device.get("memory"), int) else ""
        yield f"{device.get('name') or '?'} (compute {device.get('compute_capability') or '?'}{memory})"
    yield f"driver {facts['driver']}" if facts.get("driver") else ""
    yield f"CUDA {facts['cuda_driver']}" if facts.get("cuda_driver") else ""


def _engine(facts: Mapping[str, Any]) -> Iterator[str]:
    """Without the endpoint: its host name or socket says where somebody works."""
    if not facts.get("version"):
        yield f"no answer: {facts['version_reason']}" if facts.get("version_reason") else ""
        return
    yield f"docker {facts['version']}"
    yield f"{facts.get('os') or '?'}/{facts.get('arch') or '?'}"
    yield {True: "local", False: "remote"}.get(facts.get("local"), "")  # type: ignore[arg-type]
    yield f"storage {facts['storage_driver']}" if facts.get("storage_driver") else ""
    yield f"cgroup v{facts['cgroup_version']}" if facts.get("cgroup_version") else ""
    yield "rootless" if facts.get("rootless") else ""
    yield str(facts.get("builder") or "")
