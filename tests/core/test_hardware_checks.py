"""The processor against the base images, and emulation."""

from __future__ import annotations

from typing import Any

import pytest

from devbox.core.findings import ImageRow
from devbox.core.hardware_checks import judge_cpu, judge_emulation

FACTS: dict[str, Any] = {"arch": "x86_64", "cpu_level": 3, "cpu_model": "AMD EPYC", "emulation": None, "emulators": []}


def image(name: str, tag: str) -> ImageRow:
    return ImageRow("Dockerfile", 3, f"{name}:{tag}", f"{name}:{tag}", name, tag, None, False)


@pytest.mark.parametrize(
    ("level", "name", "tag", "wanted"),
    [
        (1, "rockylinux", "9", "x86-64-v2"),
        (1, "redhat/ubi9", "9.4", "x86-64-v2"),
        (2, "registry.example/ubi10", "10.0", "x86-64-v3"),
    ],
)
def test_an_image_built_for_a_newer_processor_is_an_error(level: int, name: str, tag: str, wanted: str) -> None:
    _, (finding,) = judge_cpu({**FACTS, "cpu_level": level}, [image(name, tag)])
    assert (finding.id, finding.severity, finding.expected) == ("platform.cpu", "error", wanted)
    assert str(finding.origin) == "Dockerfile:3"


@pytest.mark.parametrize(("name", "tag"), [("debian", "12"), ("rockylinux", "9"), ("own/thing", "1")])
def test_an_image_that_this_processor_runs_is_no_finding(name: str, tag: str) -> None:
    assert judge_cpu(FACTS, [image(name, tag)])[1] == ()


def test_arm_has_no_levels_and_that_is_not_unknown() -> None:
    facts = {**FACTS, "arch": "aarch64", "cpu_level": None, "cpu_level_reason": "aarch64 has no such levels"}
    assert judge_cpu(facts, [image("rockylinux", "9")])[0].reason is None


def test_an_unread_processor_is_unknown_not_ok() -> None:
    check, found = judge_cpu({**FACTS, "cpu_level": None, "cpu_level_reason": "Permission denied"}, [])
    assert (check.reason, found) == ("Permission denied", ())


def test_an_emulated_process_is_a_warning_and_registered_emulators_are_not() -> None:
    assert judge_emulation({**FACTS, "emulators": ["aarch64"]})[1] == ()
    _, (finding,) = judge_emulation({**FACTS, "emulation": "Rosetta"})
    assert (finding.id, finding.severity, finding.actual) == ("platform.emulation", "warn", "Rosetta")
