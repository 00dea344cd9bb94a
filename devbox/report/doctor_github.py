"""The doctor report as workflow commands of GitHub Actions: one annotation a finding. Pure.

Escaping is that of actions/toolkit, `packages/core/src/command.ts`. Every line begins with our own command, so foreign
text cannot issue one; it passes `clean()` as everywhere.
"""

from __future__ import annotations

from devbox.core.findings import DoctorReport, Finding
from devbox.core.present import ASCII
from devbox.core.text import clean_block
from devbox.report.doctor_words import summary_words

_COMMANDS = {"error": "error", "warn": "warning", "info": "notice"}


def doctor_github(report: DoctorReport, base: str = "") -> str:
    """Annotations, then the line of sums. `base` is the project's folder below the checkout, `""` or `api/`."""
    ordered = sorted(report.findings, key=lambda finding: list(_COMMANDS).index(finding.severity))
    return "\n".join([*(_annotation(finding, base) for finding in ordered), summary_words(report, ASCII)])


def _annotation(finding: Finding, base: str) -> str:
    properties = {"title": finding.id}
    message = finding.message
    origin = finding.origin
    if origin is not None and is_inside(origin.path):
        place = {"file": f"{base}{origin.path}", "line": origin.line, "col": origin.column if origin.line else None}
        properties = {**{name: str(value) for name, value in place.items() if value}, **properties}
    elif origin is not None and str(origin) not in message:
        message += f" ({origin})"
    if finding.hint:
        message += f"\nhint: {finding.hint}"
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {shown}::{_data(message)}"


def is_inside(path: str) -> bool:
    """Whether an origin's path is a file of the project: neither absolute nor `env:NAME`."""
    return not path.startswith(("/", "env:", "~")) and path not in ("", ".")


def _data(text: str) -> str:
    return clean_block(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
