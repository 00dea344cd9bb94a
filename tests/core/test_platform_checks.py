"""`[host]` against the machine's facts."""

from __future__ import annotations

from typing import Any

import pytest

from devbox.core.checks import Wanted
from devbox.core.doctor import assemble
from devbox.core.facts import Origin
from devbox.core.findings import DoctorReport
from devbox.core.platform_checks import judge, size_text
from devbox.core.project import HostNeeds, Policy

GIB = 1 << 30
FACTS: dict[str, Any] = {
    "os": "linux",
    "kernel": "6.1.0",
    "arch": "x86_64",
    "wsl": False,
    "container": None,
    "os_name": "Debian 12",
    "memory": 16 * GIB,
    "memory_limit": None,
    "disk_free": 100 * GIB,
    "inotify_max_user_watches": 524288,
    "open_files": 4096,
    "locale": "C.UTF-8",
    "encoding": "utf-8",
}
ORIGIN = Origin("devbox.toml", 4)


def report(needs: HostNeeds | None = None, missing: tuple[str, ...] = (), **facts: Any) -> DoctorReport:
    return assemble("/p", [judge({**FACTS, **facts}, needs or HostNeeds(), missing)], Wanted(), Policy())


def status(found: DoctorReport, id: str) -> str:
    return next(check.status for check in found.checks if check.id == id)


def test_a_good_machine_has_no_findings() -> None:
    found = report(HostNeeds(min_memory=8 * GIB, min_disk=20 * GIB, arch=("x86_64", "aarch64"), origin=ORIGIN))
    assert found.findings == ()
    assert {check.status for check in found.checks} == {"ok"}


@pytest.mark.parametrize(
    ("needs", "facts", "id"),
    [
        (HostNeeds(arch=("aarch64",), origin=ORIGIN), {}, "platform.arch"),
        (HostNeeds(min_memory=32 * GIB, origin=ORIGIN), {}, "platform.memory"),
        (HostNeeds(min_memory=8 * GIB, origin=ORIGIN), {"memory_limit": 2 * GIB}, "platform.memory"),
        (HostNeeds(min_disk=200 * GIB, origin=ORIGIN), {}, "platform.disk"),
    ],
)
def test_an_unmet_need_is_an_error_with_its_origin(needs: HostNeeds, facts: dict[str, Any], id: str) -> None:
    (finding,) = report(needs, **facts).findings
    assert (finding.id, finding.severity, finding.origin) == (id, "error", ORIGIN)
    assert finding.expected
    assert finding.actual


@pytest.mark.parametrize("name", ["amd64", "x64"])
def test_other_names_of_the_same_architecture_fit(name: str) -> None:
    assert report(HostNeeds(arch=(name,))).findings == ()


def test_missing_variables_are_named_and_nothing_else_of_them() -> None:
    found = report(HostNeeds(env=("DATABASE_URL", "TOKEN"), origin=ORIGIN), missing=("DATABASE_URL",))
    assert [one.id for one in found.findings] == ["platform.env.DATABASE_URL"]
    assert "TOKEN" not in found.findings[0].message


@pytest.mark.parametrize(
    ("facts", "id"),
    [
        ({"locale": "C", "encoding": "ascii"}, "platform.locale"),
        ({"disk_free": 500 << 20}, "platform.disk"),
    ],
)
def test_a_limit_that_hurts_is_a_warning_with_a_command(facts: dict[str, Any], id: str) -> None:
    (finding,) = report(**facts).findings
    assert (finding.id, finding.severity) == (id, "warn")
    assert "`" in (finding.hint or "")


def test_an_absent_fact_is_unknown_with_its_reason() -> None:
    found = report(HostNeeds(min_memory=GIB), memory=None, memory_reason="no permission")
    assert status(found, "platform.memory") == "unknown"
    assert next(check.reason for check in found.checks if check.id == "platform.memory") == "no permission"


def test_sizes_read_as_devbox_toml_writes_them() -> None:
    assert (size_text(8 * GIB), size_text(512 << 20), size_text(None)) == ("8.0 GiB", "512 MiB", "-")
