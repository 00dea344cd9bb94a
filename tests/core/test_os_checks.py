"""The operating system: what hurts is a finding with a command; what is absent is unknown, or does not apply."""

from __future__ import annotations

from typing import Any

import pytest

from devbox.core.doctor import Judged
from devbox.core.judging import collect
from devbox.core.os_checks import judge_os

TODAY = (2026, 11, 25)
FACTS: dict[str, Any] = {
    "os": "linux", "kernel": "6.1.0", "wsl": False, "wsl_version": None, "container": None,
    "os_name": "Debian GNU/Linux 12", "distribution": "debian", "release": "12",
    "inotify_max_user_watches": 524288, "inotify_max_user_instances": 128, "open_files": 4096, "pids_limit": None,
    "pids_limit_reason": "no control group limits this process",
    "time_zone": "Europe/Berlin", "time_zone_origin": "/etc/localtime", "time_zone_known": True,
}  # fmt: skip


def judge(**facts: Any) -> Judged:
    return collect(judge_os({**FACTS, **facts}, TODAY))


def reasons(judged: Judged) -> dict[str, str]:
    return {check.id: check.reason for check in judged.checks if check.reason is not None}


def test_an_ordinary_machine_has_no_findings_and_nothing_unknown() -> None:
    assert (judge().findings, reasons(judge())) == ((), {})


@pytest.mark.parametrize(
    ("facts", "id"),
    [
        ({"inotify_max_user_watches": 8192}, "platform.inotify"),
        ({"inotify_max_user_instances": 16}, "platform.instances"),
        ({"open_files": 256}, "platform.files"),
        ({"pids_limit": 100}, "platform.pids"),
        ({"wsl": True, "wsl_version": 1}, "platform.os"),
        ({"release": "11", "os_name": "Debian 11"}, "platform.release"),
        ({"distribution": "ubuntu", "release": "20.04", "os_name": "Ubuntu 20.04.6"}, "platform.release"),
        ({"time_zone": "Europe/Berln", "time_zone_known": False}, "platform.timezone"),
    ],
)
def test_what_hurts_is_one_warning_with_a_command(facts: dict[str, Any], id: str) -> None:
    (finding,) = judge(**facts).findings
    assert (finding.id, finding.severity) == (id, "warn")
    assert finding.actual
    assert "`" in (finding.hint or "") or "base image" in (finding.hint or "")


@pytest.mark.parametrize(
    ("distribution", "release"), [("debian", "12"), ("ubuntu", "24.04"), ("arch", "rolling"), ("macos", "26.1")]
)
def test_a_release_that_is_maintained_or_not_in_the_table_is_no_finding(distribution: str, release: str) -> None:
    assert judge(distribution=distribution, release=release).findings == ()


def test_wsl_2_is_fine() -> None:
    assert judge(wsl=True, wsl_version=2).findings == ()


@pytest.mark.parametrize(
    ("zone", "box", "found"),
    [
        ("Europe/Berlin", None, []), ("Europe/Berlin", "Europe/Berlin", []), ("Etc/UTC", "UTC", []),
        ("Europe/Berlin", "UTC", [("platform.timezone.box", "info")]),
        ("UTC", "Asia/Tokyo", [("platform.timezone.box", "info")]),
    ],
)  # fmt: skip
def test_a_box_in_another_time_zone_is_a_note(zone: str, box: str | None, found: list[tuple[str, str]]) -> None:
    judged = collect(judge_os({**FACTS, "time_zone": zone}, TODAY, box))
    assert [(one.id, one.severity) for one in judged.findings] == found


def test_a_limit_that_cannot_be_read_on_linux_is_unknown() -> None:
    silent = judge(inotify_max_user_watches=None, inotify_max_user_watches_reason="Permission denied")
    assert reasons(silent) == {"platform.inotify": "Permission denied"}


def test_the_limit_that_every_mac_has_is_no_finding() -> None:
    assert judge(os="macos", open_files=256).findings == ()
    assert [one.id for one in judge(os="macos", open_files=128).findings] == ["platform.files"]


def test_another_system_has_no_inotify_and_that_is_fine() -> None:
    assert reasons(judge(os="macos", inotify_max_user_watches=None, inotify_max_user_watches_reason="no")) == {}
