"""What an engine lacks: one finding each, silence about an ordinary one and about one that nothing needs."""

from __future__ import annotations

from typing import Any

import pytest

from devbox.core.engine_checks import judge

FACTS: dict[str, Any] = {
    "version": "27.3.1", "api_version": "1.47", "endpoint": "unix:///var/run/docker.sock", "endpoint_source": "default",
    "local": True, "arch": "amd64", "storage_driver": "overlay2", "containerd_store": False, "cgroup_driver": "systemd",
    "cgroup_version": "2", "rootless": False, "data_root": "/var/lib/docker", "data_root_free": 50 << 30,
    "clock_skew": 0.0, "box_image": "debian", "box_image_arch": "amd64", "builder": "buildx 0.17 (docker)",
    "builder_limits": [], "buildkit": True,
}  # fmt: skip


def findings(env: dict[str, str] | None = None, arch: str = "x86_64", **facts: Any) -> list[tuple[str, str]]:
    judged = judge({**FACTS, **facts}, has_box=True, arch=arch, env=env)
    return [(one.id, one.severity) for one in judged.findings]


def test_an_ordinary_engine_has_no_findings_and_nothing_unknown() -> None:
    assert findings() == []
    assert [check.id for check in judge(FACTS, has_box=True, arch="x86_64").checks if check.reason] == []


@pytest.mark.parametrize(
    ("facts", "id", "severity"),
    [
        ({"version": "20.10.24+dfsg1"}, "engine.version", "info"),
        ({"builder": "classic builder", "buildkit": False}, "engine.builder", "info"),
        ({"storage_driver": "vfs"}, "engine.storage", "warn"),
        ({"cgroup_version": "1", "rootless": True}, "engine.cgroups", "warn"),
        ({"data_root_free": 200 << 20}, "engine.disk", "warn"),
        ({"clock_skew": -61.0}, "engine.clock", "warn"),
        ({"clock_skew": 9.5}, "engine.clock", "warn"),
        ({"arch": "arm64", "box_image_arch": "arm64"}, "engine.platform.engine", "warn"),
        ({"box_image_arch": "arm64"}, "engine.platform.image", "warn"),
    ],
)
def test_each_fault_is_one_finding(facts: dict[str, Any], id: str, severity: str) -> None:
    assert findings(**facts) == [(id, severity)]


def test_a_remote_engine_may_have_another_architecture() -> None:
    assert findings(local=False, arch="aarch64") == []


@pytest.mark.parametrize("skew", [0.0, 4.9, -4.9])
def test_clocks_that_agree_within_five_seconds_agree(skew: float) -> None:
    assert findings(clock_skew=skew) == []


def test_two_settings_that_name_an_engine_are_a_warning_unless_the_command_line_decided() -> None:
    both = {"DOCKER_HOST": "unix:///x", "DOCKER_CONTEXT": "colima"}
    assert findings(both, endpoint_source="DOCKER_HOST") == [("engine.context", "warn")]
    assert findings(both, endpoint_source="--engine") == []
    assert findings({"DOCKER_HOST": "unix:///x", "DOCKER_CONTEXT": ""}) == []


def test_what_an_engine_does_not_tell_is_unknown() -> None:
    silent = {"clock_skew": None, "clock_skew_reason": "the engine does not tell its time", "storage_driver": None,
              "storage_driver_reason": "the engine does not say"}  # fmt: skip
    checks = {check.id: check.reason for check in judge({**FACTS, **silent}, has_box=True).checks}
    assert checks["engine.clock"] == "the engine does not tell its time"
    assert checks["engine.storage"] == "the engine does not say"


def test_an_engine_that_nothing_needs_is_not_missed() -> None:
    judged = judge({"version": None, "version_reason": "no engine"}, has_box=False)
    assert judged.findings == ()
    assert all(check.reason is None for check in judged.checks)


def test_the_age_of_devboxs_own_engine_is_no_note() -> None:
    assert findings(version="20.10.24", endpoint_source="private engine") == []
