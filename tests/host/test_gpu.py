"""GPU facts through NVIDIA's own binding, over a compiled stub of the library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
    ("device", "name", "capability", "memory"),
    [
        (nvml.GTX_970, "NVIDIA GeForce GTX 970", "5.2", 4 << 30),
        (nvml.GTX_1060, "NVIDIA GeForce GTX 1060 6GB", "6.1", 6 << 30),
        (nvml.RTX_5090, "NVIDIA GeForce RTX 5090", "12.0", 32 << 30),
        (nvml.H200, "NVIDIA H200", "9.0", 150754820096),
    ],
)
def test_one_card_is_named_with_its_capability(
    library: Path, device: str, name: str, capability: str, memory: int
) -> None:
    found = facts(library, devices=device, driver="570.86.10", cuda="12080")
    assert found["problem"] is None
    assert (found["driver"], found["cuda_driver"]) == ("570.86.10", "12.8")
    assert found["devices"] == [{"index": 0, "name": name, "memory": memory, "compute_capability": capability}]


def test_two_different_cards_are_both_listed(library: Path) -> None:
    found = facts(library, devices=f"{nvml.H200};{nvml.GTX_970}")
    assert [device["compute_capability"] for device in found["devices"]] == ["9.0", "5.2"]


def test_a_value_the_driver_does_not_tell_is_none_with_a_reason(library: Path) -> None:
    found = facts(library, devices="Odd Card|unknown|1024")
    assert found["devices"][0]["compute_capability"] is None
    assert found["devices"][0]["compute_capability_reason"]


@pytest.mark.parametrize(
    ("code", "problem"), [("9", "no-driver"), ("18", "mismatch"), ("4", "no-permission"), ("999", "failed")]
)
def test_each_refusal_of_the_library_has_its_name(library: Path, code: str, problem: str) -> None:
    found = facts(library, init=code)
    assert found["problem"] == problem
    assert found["devices"] is None
    assert found["devices_reason"]


def test_a_driver_without_a_card_is_not_a_card(library: Path) -> None:
    found = facts(library, devices="")
    assert (found["problem"], found["devices"]) == ("no-device", [])


def test_a_machine_without_the_library_says_so(tmp_path: Path) -> None:
    found = facts(tmp_path)
    if found["problem"] is None:
        pytest.skip("this machine has NVIDIA's own library")
    assert found["problem"] in ("no-library", "no-driver", "mismatch")
    assert found["driver"] is None
