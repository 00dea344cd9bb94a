"""Two machines' reports as a list of differences: short, in a stable order, redacted (product.md T3). Pure.

Both sides are brought into the same small form, `Seen`: this machine's from the report itself, the other's from the
JSON object that `devbox doctor --json` printed there. What differs on every machine (free bytes, paths, times) is not
in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devbox.core.findings import LAYERS, DoctorReport, Severity
from devbox.core.frozen import dataclass
from devbox.core.redaction import Redaction
from devbox.core.text import clean, clip_end

LONGEST = 120
"""Columns of one value."""
NOTHING = "-"
UNKNOWN = "unknown"
_SEVERITIES: tuple[Severity, ...] = ("error", "warn", "info")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same here and there; values are clean and redacted."""

    subject: str
    here: str
    there: str
    severity: Severity
    path: str | None = None
    """Where this machine's side is written, relative to the project."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One value of a report."""

    value: str
    severity: Severity
    """How much a difference matters."""
    path: str | None = None
    both: bool = False
    """Compared only where both sides have it: another version of devbox, or `--only`, tells fewer facts."""


@dataclass(frozen=True, slots=True)
class _Fact:
    section: str
    name: str
    subject: str
    severity: Severity


FACTS: tuple[_Fact, ...] = (
    _Fact("platform", "os", "os", "error"),
    _Fact("platform", "arch", "architecture", "error"),
    _Fact("platform", "cpu_level", "CPU level", "warn"),
    _Fact("platform", "distribution", "distribution", "error"),
    _Fact("platform", "release", "os release", "error"),
    _Fact("platform", "libc", "libc", "error"),
    _Fact("platform", "kernel", "kernel", "info"),
    _Fact("platform", "wsl", "WSL", "warn"),
    _Fact("platform", "container", "container", "info"),
    _Fact("platform", "openssl", "OpenSSL", "warn"),
    _Fact("platform", "encoding", "encoding", "warn"),
    _Fact("platform", "locale", "locale", "info"),
    _Fact("platform", "timezone", "time zone", "info"),
    _Fact("platform", "case_sensitive", "case-sensitive files", "warn"),
    _Fact("gpu", "driver", "gpu driver", "warn"),
    _Fact("gpu", "cuda_driver", "CUDA of the driver", "warn"),
    _Fact("engine", "version", "engine", "warn"),
    _Fact("engine", "os", "engine os", "error"),
    _Fact("engine", "arch", "engine architecture", "error"),
    _Fact("engine", "storage_driver", "engine storage", "info"),
    _Fact("engine", "cgroup_version", "engine control groups", "info"),
    _Fact("engine", "rootless", "engine rootless", "warn"),
    _Fact("engine", "builder", "builder", "info"),
)
"""The facts that make programs behave differently, and how much."""

_COLUMNS: tuple[tuple[str, str, Severity], ...] = (
    ("resolved", "selects", "error"), ("host_runs", "runs", "error"), ("container_runs", "runs in the box", "error"),
    ("satisfied", "pin is met", "warn"),
)


def seen_here(report: DoctorReport) -> dict[str, Seen]:
    """This machine."""
    toolchains = [
        {
            "tool": row.tool, "manager": row.manager, "project": row.project, "resolved": row.resolved,
            "host_runs": row.host_runs, "container_runs": row.container_runs, "satisfied": row.satisfied,
            "declared": [{"raw": pin.raw, "path": pin.path, "line": pin.line} for pin in row.declared],
        }
        for row in report.toolchains
    ]
    findings = [
        {
            "id": finding.id, "severity": finding.severity, "subject": finding.subject,
            "path": finding.origin.path if finding.origin else None,
            "line": finding.origin.line if finding.origin else None,
        }
        for finding in report.findings
    ]
    return seen_there(
        {"toolchains": toolchains, "facts": report.facts, "findings": findings, "layers": dict(report.layers)}
    )


def seen_there(fields: Mapping[str, Any]) -> dict[str, Seen]:
    """A report's JSON object, of which nothing is believed: what has another type than it should is left out."""
    return dict(
        [
            *_toolchains(_objects(fields.get("toolchains"))), *_facts(_object(fields.get("facts"))),
            *_devices(_object(_object(fields.get("facts")).get("gpu"))), *_layers(_object(fields.get("layers"))),
            *_findings(_objects(fields.get("findings"))),
        ]
    )


def differences(here: Mapping[str, Seen], there: Mapping[str, Seen], redaction: Redaction) -> tuple[Difference, ...]:
    """What differs, worst first, otherwise in the order of the report; what only the other machine has comes last."""
    found = [
        _difference(subject, here.get(subject), there.get(subject), redaction)
        for subject in dict.fromkeys([*here, *there])
        if _unlike(here.get(subject), there.get(subject))
    ]
    return tuple(sorted(found, key=lambda one: _SEVERITIES.index(one.severity)))


def differ(found: Sequence[Difference], *, strict: bool) -> bool:
    """Whether the exit code is 1: a difference of severity error, with `--strict` also a warning."""
    return any(one.severity == "error" or (strict and one.severity == "warn") for one in found)


def _unlike(here: Seen | None, there: Seen | None) -> bool:
    if here is None or there is None:
        one = here or there
        return one is not None and not one.both and one.value != NOTHING
    return here.value != there.value


def _difference(subject: str, here: Seen | None, there: Seen | None, redaction: Redaction) -> Difference:
    def said(text: str) -> str:
        return clip_end(clean(redaction.text(text)), LONGEST)

    one = here or there
    assert one is not None
    path = said(here.path) if here and here.path else said(there.path) if there and there.path else None
    return Difference(
        said(subject), said(here.value) if here else NOTHING, said(there.value) if there else NOTHING,
        _severity(here, there), path,
    )


def _severity(here: Seen | None, there: Seen | None) -> Severity:
    """A finding that only the other machine has is no fault of this one; what is unknown cannot be called different."""
    if here is None:
        return "info" if there is None or there.value in _SEVERITIES else there.severity
    if there is not None and UNKNOWN in (here.value, there.value):
        return "info"
    return here.severity


def _toolchains(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Seen]]:
    used: set[str] = set()
    for row in rows:
        tool, manager = _text(row.get("tool")), _text(row.get("manager"))
        if not tool or not manager:
            continue
        project = _text(row.get("project"))
        name = f"{tool} ({manager})" + (f" in {project}" if project not in ("", ".") else "")
        pins = _objects(row.get("declared"))
        path = _place(pins[0]) if pins else None
        if name in used:  # one row for each workflow file
            name += f" at {path or len(used)}"
        used.add(name)
        yield f"{name} pinned", Seen(", ".join(_text(pin.get("raw")) for pin in pins) or NOTHING, "warn", path)
        for field, words, severity in _COLUMNS:
            yield f"{name} {words}", Seen(_value(row.get(field)), severity, path)


def _facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, Seen]]:
    for fact in FACTS:
        section = _object(facts.get(fact.section))
        value = section.get(fact.name)
        if value is None and fact.name not in section:
            continue
        if value is None and not isinstance(section.get(f"{fact.name}_reason"), str):
            yield fact.subject, Seen(NOTHING, fact.severity, both=True)
        else:
            yield fact.subject, Seen(UNKNOWN if value is None else _value(value), fact.severity, both=True)


def _devices(gpu: Mapping[str, Any]) -> Iterator[tuple[str, Seen]]:
    """Each GPU by its place: model and compute capability decide which binaries run."""
    for number, device in enumerate(_objects(gpu.get("devices"))):
        words = f"{_text(device.get('name')) or '?'}, compute {_text(device.get('compute_capability')) or '?'}"
        yield f"gpu {number}", Seen(words, "error")


def _layers(layers: Mapping[str, Any]) -> Iterator[tuple[str, Seen]]:
    for layer in LAYERS:
        if isinstance(layers.get(layer), str):
            yield f"layer {layer.replace('_', ' ')}", Seen(_text(layers[layer]), "info", both=True)


def _findings(findings: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Seen]]:
    for finding in findings:
        id, severity = _text(finding.get("id")), _text(finding.get("severity"))
        weight = {"error": "error", "warn": "warn"}.get(severity, "info")
        if id:
            subject = _text(finding.get("subject"))
            name = f"finding {id}" if subject and subject in id.split(".") else f"finding {id} ({subject or '-'})"
            yield name, Seen(severity, weight, _place(finding))  # type: ignore[arg-type]


def _place(item: Mapping[str, Any]) -> str | None:
    path, line = _text(item.get("path")), item.get("line")
    if not path:
        return None
    return f"{path}:{line}" if isinstance(line, int) and not isinstance(line, bool) else path


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (str, int, float)):
        return str(value) or NOTHING
    return NOTHING if value is None else "?"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []
