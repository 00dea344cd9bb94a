"""Findings and checks become a report."""

from __future__ import annotations

from devbox.core.checks import checked, wanted
from devbox.core.doctor import Judged, assemble, failed
from devbox.core.findings import DoctorReport, Finding, Severity
from devbox.core.project import Policy
from devbox.core.rows import rows


def finding(id: str, check: str, severity: Severity = "error") -> Finding:
    return Finding(id, check, "runtime", severity, "thing", f"{id} is wrong", hint="`do this`")


def report(*judged: Judged, only: tuple[str, ...] = (), policy: Policy | None = None) -> DoctorReport:
    return assemble("/p", judged, wanted(only, ()), policy or Policy())


MEMORY = checked("platform.memory", subject="memory", expected=">=8.0 GiB", actual="4.0 GiB")
DISK = checked("platform.disk", subject="disk", actual="100 GiB")


def test_a_layer_without_a_check_is_unknown_never_ok() -> None:
    found = report(Judged((DISK,)))
    assert found.layers["hardware"] == "ok"
    assert found.layers["dependencies"] == "unknown"


def test_a_layer_with_one_drifting_check_drifts() -> None:
    found = report(Judged((MEMORY, DISK), (finding("platform.memory", "platform.memory"),)))
    assert found.layers["hardware"] == "drift"
    assert [check.status for check in found.checks] == ["drift", "ok"]


def test_policy_changes_severity_by_the_longest_prefix() -> None:
    policy = Policy(severity=(("platform.memory", "info"), ("platform", "off")))
    judged = Judged(
        (MEMORY, DISK), (finding("platform.memory", "platform.memory"), finding("platform.disk", "platform.disk"))
    )
    found = report(judged, policy=policy)
    assert [(one.id, one.severity) for one in found.findings] == [("platform.memory", "info")]
    assert [check.status for check in found.checks] == ["ok", "ok"]


def test_what_was_not_asked_for_is_not_in_the_report() -> None:
    found = report(Judged((MEMORY, DISK), (finding("platform.memory", "platform.memory"),)), only=("platform.disk",))
    assert [check.id for check in found.checks] == ["platform.disk"]
    assert found.findings == ()


def test_warnings_fail_only_when_strict() -> None:
    found = report(Judged((MEMORY,), (finding("platform.memory", "platform.memory", "warn"),)))
    assert not failed(found, strict=False)
    assert failed(found, strict=True)
    assert found.outcome == "findings"


def test_rows_are_ordered_errors_warnings_unknown_ok_and_carry_the_next_step() -> None:
    silent = checked("platform.release", subject="release", unknown="no file tells")
    judged = Judged(
        (DISK, silent, checked("platform.inotify", subject="inotify watches"), MEMORY),
        (finding("platform.inotify", "platform.inotify", "warn"), finding("platform.memory", "platform.memory")),
    )
    table = rows(report(judged))
    assert [(row.subject, row.status) for row in table] == [
        ("memory", "error"),
        ("inotify watches", "warn"),
        ("release", "unknown"),
        ("disk", "ok"),
    ]
    assert table[0].hint == "`do this`"
    assert table[2].detail == "no file tells"


def test_a_finding_without_a_line_of_its_own_gets_one() -> None:
    broken = finding("project.config", "project.config")
    assert [row.finding for row in rows(report(Judged((checked("project.config"),), (broken,))))] == [broken]
