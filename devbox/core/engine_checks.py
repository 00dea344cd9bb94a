"""Does an engine answer, and what it is: engine facts → checks and findings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core.checks import checked
from devbox.core.doctor import Judged
from devbox.core.findings import Finding

ID = "engine.reachable"
START = "`devbox engine start`"


def judge(facts: Mapping[str, Any], *, has_box: bool) -> Judged:
    """No engine is a finding only where the project has a box to launch."""
    version, reason = facts.get("version"), facts.get("version_reason")
    check = checked(
        ID, subject="engine" if version or has_box else "", expected=">=20.10" if has_box else "",
        actual=version or "-",
        origin=facts.get("endpoint") or "", evidence=str(facts.get("endpoint_source") or ""),
        unknown=None if version or not has_box else reason,
    )
    findings: tuple[Finding, ...] = ()
    if version is None and has_box:
        findings = (
            Finding(
                id=ID, check=ID, layer="system_packages", severity="warn", subject="engine",
                message=str(reason), expected=">=20.10", actual=None,
                hint=facts.get("hint") or START,
            ),
        )
    return Judged((check,), findings, {"engine": {name: value for name, value in facts.items() if name != "hint"}})
