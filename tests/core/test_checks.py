"""The table of checks, and what a command line selects of it."""

from __future__ import annotations

import pytest

from devbox.core.check_list import CHECKS
from devbox.core.checks import checked, settle, wanted
from devbox.core.errors import UsageError
from devbox.core.findings import LAYERS, Finding, Severity


def finding(id: str, check: str, severity: Severity = "error") -> Finding:
    return Finding(id, check, "runtime", severity, "x", "message")


def test_ids_are_unique_and_layers_known() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert {check.layer for check in CHECKS} <= set(LAYERS)


def test_a_prefix_selects_everything_below_it() -> None:
    only = wanted(["platform"], [])
    assert only.check("platform.memory")
    assert not only.check("toolchain")
    assert not only.check("gpu.memory")


def test_the_id_of_a_finding_selects_its_check_and_only_that_finding() -> None:
    only = wanted(["toolchain.python"], [])
    assert only.check("toolchain")
    assert not only.check("toolchain.path")
    assert only.finding(finding("toolchain.python.missing", "toolchain"))
    assert not only.finding(finding("toolchain.node.missing", "toolchain"))


def test_skip_takes_a_check_or_single_findings_out() -> None:
    selection = wanted([], ["engine", "toolchain.node"])
    assert not selection.check("engine.reachable")
    assert selection.check("toolchain")
    assert not selection.finding(finding("toolchain.node.missing", "toolchain"))
    assert selection.finding(finding("toolchain.python.missing", "toolchain"))


def test_an_unknown_check_is_wrong_usage_and_names_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        wanted(["platform.memry"], [])
    assert "platform.memory" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("severity", "unknown", "status"),
    [("error", None, "drift"), ("warn", "why", "drift"), ("info", None, "ok"), ("info", "why", "unknown")],
)
def test_a_check_drifts_with_an_error_or_warning_and_unknown_is_never_ok(
    severity: Severity, unknown: str | None, status: str
) -> None:
    check = checked("platform.memory", unknown=unknown)
    settled = settle(check, [finding("platform.memory", "platform.memory", severity)])
    assert settled.status == status
    assert settled.reason == (unknown if status == "unknown" else None)


def test_a_selection_that_leaves_nothing_is_wrong_usage() -> None:
    for only, skip in ((["engine"], ["engine"]), (["engine.disk"], ["engine"]), ([""], []), ([], [""])):
        with pytest.raises(UsageError):
            wanted(only, skip)
    assert wanted(["engine"], ["engine.disk"]).check("engine.clock")
