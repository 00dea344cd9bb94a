"""The doctor report as SARIF 2.1.0 (OASIS), for code scanning. Pure.

Rules are the table of checks, results are findings, checks that could not decide are notifications of the run. URIs are
relative to `%SRCROOT%`, the checkout; a finding about the machine names its place as a logical location.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

from devbox import __version__
from devbox.core.check_list import BY_ID, CHECKS, Check
from devbox.core.findings import CheckResult, DoctorReport, Finding, Severity
from devbox.core.redaction import Redaction
from devbox.core.text import clean_block
from devbox.report.doctor_github import is_inside

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_LEVELS: dict[Severity, str] = {"error": "error", "warn": "warning", "info": "note"}
_INDEX = {check.id: number for number, check in enumerate(CHECKS)}
_LINK = re.compile(r"\[([^\]]*)\](?=\()")


def doctor_sarif(report: DoctorReport, redaction: Redaction, *, base: str = "") -> dict[str, Any]:
    """One run. `base` is the project's folder below the checkout, `""` or `api/`."""
    anchor = _anchor(report)
    often: Counter[str] = Counter()
    results = []
    for finding in report.findings:
        print_ = _fingerprint(finding, base)
        often[print_] += 1
        results.append(_result(finding, redaction, base, anchor, f"{print_}:{often[print_]}"))
    unknown = [_notification(check, redaction) for check in report.checks if check.status == "unknown"]
    run: dict[str, Any] = {
        "tool": {"driver": _driver()},
        "automationDetails": {"id": f"devbox/doctor/{base}"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the checkout."}}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": unknown}],
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _anchor(report: DoctorReport) -> str:
    """The file to which findings about the machine are pinned, because code scanning refuses results without one: what
    asks for something here."""
    origins = [finding.origin.path for finding in report.findings if finding.origin]
    asking = [pin.path for row in report.toolchains for pin in row.declared]
    paths = [path for path in (*asking, *(image.path for image in report.images), *origins) if is_inside(path)]
    return "devbox.toml" if "devbox.toml" in paths else next(iter(paths), ".")


def _driver() -> dict[str, Any]:
    return {
        "name": "devbox", "fullName": f"devbox doctor {__version__}", "semanticVersion": __version__,
        "rules": [_rule(check) for check in CHECKS],
    }


def _rule(check: Check) -> dict[str, Any]:
    layer = check.layer.replace("_", " ")
    known = f" Also known as {', '.join(check.aliases)}." if check.aliases else ""
    text = f"{layer}: {check.title}.{known} `devbox doctor --only {check.id} -v` shows what was seen."
    return {
        "id": check.id,
        "name": "".join(part.capitalize() for part in re.split(r"[._-]", check.id)),
        "shortDescription": {"text": check.title},
        "help": {"text": text.replace("`", ""), "markdown": text},
        "properties": {"tags": ["devbox", check.layer, *check.aliases]},
    }


def _result(finding: Finding, redaction: Redaction, base: str, anchor: str, fingerprint: str) -> dict[str, Any]:
    message = finding.message + (f"\nhint: {finding.hint}" if finding.hint else "")
    properties = {"id": finding.id, "subject": finding.subject, "expected": finding.expected, "actual": finding.actual}
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(redaction.text(message))},
        "locations": [_location(finding, redaction, base, anchor)],
        "partialFingerprints": {"devboxFinding/v1": fingerprint},
        "properties": {
            name: clean_block(redaction.text(value)) for name, value in properties.items() if value is not None
        },
    }
    if finding.check in _INDEX:
        result["ruleIndex"] = _INDEX[finding.check]
    return result


def _location(finding: Finding, redaction: Redaction, base: str, anchor: str) -> dict[str, Any]:
    origin = finding.origin
    if origin is not None and is_inside(origin.path):
        place: dict[str, Any] = {"artifactLocation": _artifact(f"{base}{origin.path}")}
        if origin.line:
            column = {"startColumn": origin.column} if origin.column else {}
            place["region"] = {"startLine": origin.line, **column}
        return {"physicalLocation": place}
    name = clean_block(redaction.text(str(origin) if origin else finding.subject))
    where: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(f"{base}{anchor}")}}
    return {**where, "logicalLocations": [{"name": name, "kind": "resource"}]} if name else where


def _artifact(path: str) -> dict[str, str]:
    """A relative URI; bytes that are no UTF-8 are percent-encoded as they are."""
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/-._~"), "uriBaseId": ROOT}


def _fingerprint(finding: Finding, base: str) -> str:
    """The same for the same fault whatever line it moved to and whatever this machine runs."""
    path = f"{base}{finding.origin.path}" if finding.origin and is_inside(finding.origin.path) else ""
    words = "\0".join((finding.id, finding.subject, path, finding.expected or ""))
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _notification(check: CheckResult, redaction: Redaction) -> dict[str, Any]:
    rule = {"id": check.id, **({"index": _INDEX[check.id]} if check.id in _INDEX else {})}
    title = BY_ID[check.id].title if check.id in BY_ID else check.id
    words = f"could not be checked: {check.reason or 'no reason given'} ({title})"
    return {
        "associatedRule": rule, "level": "note", "message": {"text": _message(redaction.text(words))},
        "properties": {"check": check.id},
    }


def _message(text: str) -> str:
    """SARIF's plain text knows `[text](link)`: foreign text must not make one (3.11.6)."""
    return _LINK.sub(r"\\[\1\\]", clean_block(text))
