"""GPU facts through NVIDIA's own binding, over a compiled stub of the library; and on a real GPU where there is one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devbox.core.gpu_checks_causes import cause_of
from devbox.host.gpu import nvidia_traces
from tests.host import nvml

PRINT_FACTS = "import json; from devbox.host.gpu import gpu_facts; print(json.dumps(gpu_facts()))"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nvml.compile_stub(tmp_path_factory.mktemp("nvml"))


def facts(library: Path | None, **stub: str) -> Any:
    env = nvml.environment(library, **stub)
    run = subprocess.run([sys.executable, "-c", PRINT_FACTS], env=env, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize(
    ("device", "name", "capability", "memory", "brand"),
    [
        (nvml.GTX_970, "NVIDIA GeForce GTX 970", "5.2", 4 << 30, "geforce"),
        (nvml.GTX_1060, "NVIDIA GeForce GTX 1060 6GB", "6.1", 6 << 30, "geforce"),
        (nvml.RTX_5090, "NVIDIA GeForce RTX 5090", "12.0", 32 << 30, "geforce"),
        (nvml.H200, "NVIDIA H200", "9.0", 150754820096, "nvidia"),
    ],
)
def test_one_card_is_named_with_its_capability(
    library: Path, device: str, name: str, capability: str, memory: int, brand: str
) -> None:
    found = facts(library, devices=device, driver="570.86.10", cuda="12080")
    assert found["problem"] is None
    assert (found["driver"], found["cuda_driver"]) == ("570.86.10", "12.8")
    (card,) = found["devices"]
    assert (card["index"], card["name"], card["compute_capability"]) == (0, name, capability)
    assert (card["memory"], card["brand"], card["problem"], card["mig"]) == (memory, brand, None, None)
    assert card["persistence"] is True
    assert card["ecc"] is None, "this stub's library knows no ECC"
    assert card["ecc_reason"]


def test_two_different_cards_are_both_listed(library: Path) -> None:
    found = facts(library, devices=f"{nvml.H200};{nvml.GTX_970}")
    assert [device["compute_capability"] for device in found["devices"]] == ["9.0", "5.2"]


def test_a_value_the_driver_does_not_tell_is_none_with_a_reason(library: Path) -> None:
    found = facts(library, devices="Odd Card|unknown|1024")
    assert found["devices"][0]["compute_capability"] is None
    assert found["devices"][0]["compute_capability_reason"]


@pytest.mark.parametrize(
    ("state", "enabled", "pending", "names"),
    [
        ("1/1/2", True, True, ["NVIDIA H200 MIG", "NVIDIA H200 MIG"]),
        ("1/1/0", True, True, []),
        ("0/1/0", False, True, []),
        ("0/0/0", False, False, []),
    ],
)
def test_a_divided_gpu_tells_mode_and_instances(
    library: Path, state: str, enabled: bool, pending: bool, names: list[str]
) -> None:
    mig = facts(library, devices=f"{nvml.H200}|{state}")["devices"][0]["mig"]
    assert (mig["enabled"], mig["pending"]) == (enabled, pending)
    assert [instance["name"] for instance in mig["instances"]] == names
    assert all(instance["memory"] == 150754820096 // 2 for instance in mig["instances"])


CODES = {
    1: "failed", 2: "failed", 3: "failed", 4: "no-permission", 6: "no-device", 8: "no-power", 9: "no-driver",
    10: "timeout", 11: "interrupt", 13: "old-library", 14: "inforom", 15: "lost", 16: "reset", 17: "blocked",
    18: "mismatch", 19: "in-use", 20: "memory", 21: "failed", 23: "resources", 25: "binding", 26: "failed",
    27: "not-ready", 28: "no-device", 29: "failed", 999: "failed",
}
"""nvmlReturn_t by the meaning that nvml.h gives it."""

EACH_CODE = """
import json, os, pynvml
from devbox.host import gpu
found = {}
for code in json.loads(os.environ["CODES"]):
    os.environ["NVML_STUB_INIT"] = str(code)
    found[code] = gpu.gpu_facts()
print(json.dumps(found))
"""


def test_each_refusal_of_the_library_has_its_name_and_its_one_next_step(library: Path) -> None:
    env = {**nvml.environment(library), "CODES": json.dumps(list(CODES))}
    run = subprocess.run([sys.executable, "-c", EACH_CODE], env=env, capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert {int(code): one["problem"] for code, one in found.items()} == CODES
    for one in found.values():
        assert one["devices"] is None
        assert one["devices_reason"]
        cause = cause_of(one["problem"], {}, {})
        assert cause.message
        assert cause.step


def test_a_count_that_is_refused_is_no_empty_machine(library: Path) -> None:
    found = facts(library, devices=nvml.H200, count="15")
    assert (found["problem"], found["devices"], found["driver"]) == ("lost", None, "550.54.14")


def test_a_lost_device_is_one_devices_problem(library: Path) -> None:
    found = facts(library, devices=f"{nvml.H200};{nvml.H200}||15")
    assert found["problem"] is None
    assert [device["problem"] for device in found["devices"]] == [None, "lost"]


def test_a_device_that_is_lost_while_it_is_asked_says_so(library: Path) -> None:
    (device,) = facts(library, devices=f"{nvml.H200}||v15")["devices"]
    assert (device["problem"], device["name"], device["memory"]) == ("lost", None, None)
    assert device["name_reason"] == "GPU is lost"


def test_a_device_without_permission_is_a_problem_of_its_own(library: Path) -> None:
    (device,) = facts(library, devices=f"{nvml.H200}||4")["devices"]
    assert device["problem"] == "no-permission"


def test_a_driver_without_a_card_is_not_a_card(library: Path) -> None:
    found = facts(library, devices="")
    assert (found["problem"], found["devices"]) == ("no-device", [])


def test_a_machine_without_the_library_says_so(tmp_path: Path) -> None:
    found = facts(tmp_path)
    if found["problem"] is None:
        pytest.skip("this machine has NVIDIA's own library")
    assert found["problem"] in ("no-library", "no-driver", "mismatch")
    assert found["driver"] is None


def test_a_library_that_is_no_library_is_none(tmp_path: Path) -> None:
    (tmp_path / "libnvidia-ml.so.1").write_bytes(b"not an ELF file")
    assert facts(tmp_path)["driver"] is None or nvidia_traces()


@pytest.mark.gpu
def test_a_real_gpu_answers_with_everything() -> None:
    """On a machine that has one; the stub stands for the others."""
    found = facts(None)
    if not found["devices"]:
        pytest.skip(f"no NVIDIA GPU answers on this machine: {found['devices_reason']}")
    assert found["driver"].count(".") >= 1
    assert float(found["cuda_driver"]) >= 7.0
    for device in found["devices"]:
        assert device["name"]
        assert device["memory"] > 1 << 28
        assert float(device["compute_capability"]) >= 2.0
