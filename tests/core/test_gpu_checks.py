"""`[gpu]` against what NVML said."""

from __future__ import annotations

from typing import Any

import pytest

from devbox.core.checks import Wanted
from devbox.core.doctor import assemble
from devbox.core.findings import DoctorReport
from devbox.core.gpu_checks import judge
from devbox.core.project import GpuNeeds, Policy

CARD = {"index": 0, "name": "NVIDIA GeForce GTX 1060", "memory": 6 << 30, "compute_capability": "6.1"}


def report(needs: GpuNeeds | None, platform: dict[str, Any] | None = None, **facts: Any) -> DoctorReport:
    found = {"problem": None, "driver": "550.54.14", "cuda_driver": "12.4", "devices": [CARD], **facts}
    return assemble("/p", [judge(found, needs, platform or {})], Wanted(), Policy())


def test_no_gpu_wanted_is_silence() -> None:
    assert report(None, problem="no-library", devices=None).findings == ()
    assert report(None, problem="no-library", devices=None).checks == ()


def test_a_card_that_reaches_every_minimum_is_ok() -> None:
    needs = GpuNeeds(required=True, min_compute_capability="6.0", min_driver="525", min_memory=4 << 30)
    assert [check.status for check in report(needs).checks] == ["ok", "ok", "ok"]


def test_capabilities_compare_as_numbers_not_as_text() -> None:
    card = {**CARD, "compute_capability": "12.0"}
    assert report(GpuNeeds(min_compute_capability="9.0"), devices=[card]).findings == ()


def test_of_two_cards_the_lowest_decides() -> None:
    old = {**CARD, "index": 1, "name": "NVIDIA GeForce GTX 970", "compute_capability": "5.2"}
    found = report(GpuNeeds(required=True, min_compute_capability="6.0"), devices=[CARD, old])
    assert [(one.id, one.severity) for one in found.findings] == [("gpu.compute.1", "error")]
    assert "GTX 970" in found.findings[0].message
    assert "5.2" in found.findings[0].message
    assert next(check.actual for check in found.checks if check.id == "gpu.compute") == "5.2"


def test_what_is_optional_only_warns() -> None:
    found = report(GpuNeeds(required=False, min_memory=8 << 30))
    assert [(one.id, one.severity) for one in found.findings] == [("gpu.memory.0", "warn")]


def test_an_old_driver_names_the_newer_one() -> None:
    found = report(GpuNeeds(required=True, min_driver="570"))
    assert found.findings[0].id == "gpu.driver.old"
    assert "570" in (found.findings[0].hint or "")


@pytest.mark.parametrize(
    ("problem", "word"),
    [
        ("no-library", "apt-get install"),
        ("no-driver", "modprobe nvidia"),
        ("mismatch", "reboot"),
        ("no-permission", "usermod"),
        ("no-device", "lspci"),
        ("failed", "nvidia-smi"),
    ],
)
def test_each_problem_is_one_finding_with_one_next_step(problem: str, word: str) -> None:
    found = report(GpuNeeds(required=True), problem=problem, driver=None, devices=None)
    assert [one.id for one in found.findings] == [f"gpu.driver.{problem}"]
    assert word in (found.findings[0].hint or "")
    assert [check.status for check in found.checks] == ["drift", "unknown", "unknown"]


def test_in_a_container_the_next_step_is_outside() -> None:
    found = report(GpuNeeds(required=True), {"container": "docker"}, problem="no-library", driver=None, devices=None)
    assert "--gpus" in (found.findings[0].hint or "")


def test_an_untold_capability_is_unknown_never_ok() -> None:
    silent = {**CARD, "compute_capability": None, "compute_capability_reason": "Not Supported"}
    found = report(GpuNeeds(min_compute_capability="6.0"), devices=[silent])
    assert next(check.status for check in found.checks if check.id == "gpu.compute") == "unknown"
