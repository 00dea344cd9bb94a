"""Libraries, compilers, and packages shared between systems."""

from __future__ import annotations

from typing import Any

import pytest

from devbox.core.facts import Origin
from devbox.core.findings import ImageRow
from devbox.core.system_checks import IDS, Compiler, System, judge

LINUX = {"os": "linux", "libc": "glibc 2.36", "distribution": "debian"}
GCC = {"": "gcc", "debian": "build-essential"}
SHARED = System(openssl=("3",), shared=("node_modules",), shared_origin=Origin("devbox.toml", 3))


def image(name: str, tag: str) -> ImageRow:
    return ImageRow("Dockerfile", 1, f"{name}:{tag}", f"{name}:{tag}", name, tag, None, False)


def findings(system: System, *images: ImageRow, has_box: bool = False, **platform: Any) -> list[tuple[str, str]]:
    judged = judge(system, {**LINUX, **platform}, images, has_box=has_box)
    return [(one.id, one.severity) for one in judged.findings]


def test_an_ordinary_machine_tells_both_sides_and_finds_nothing() -> None:
    judged = judge(System(openssl=("3",)), LINUX, [image("python", "3.12-slim-bookworm")], has_box=True)
    assert (judged.findings, [check.id for check in judged.checks]) == ((), list(IDS))
    told = {check.id: check.evidence for check in judged.checks}
    assert told["system.libc"] == "glibc 2.36; python:3.12-slim-bookworm: glibc 2.36"
    assert told["system.openssl"] == "libssl 3; python:3.12-slim-bookworm: 3"
    assert all(check.reason is None for check in judged.checks)


def test_what_is_not_told_is_unknown() -> None:
    judged = judge(System(openssl_reason="no folder"), {**LINUX, "libc": None, "libc_reason": "no"}, [], has_box=False)
    assert {check.id for check in judged.checks if check.reason} == {"system.libc", "system.openssl"}


@pytest.mark.parametrize(
    ("because", "has_box", "severity"),
    [("CMakeLists.txt", False, "warn"), ("CMakeLists.txt", True, "info"), ("Makefile", False, "info")],
)
def test_a_missing_compiler_matters_where_nothing_else_builds(because: str, has_box: bool, severity: str) -> None:
    system = System(openssl=("3",), compilers=(Compiler("c", because, GCC),))
    assert findings(system, has_box=has_box) == [("system.compiler.c", severity)]


@pytest.mark.parametrize(
    ("distribution", "command"),
    [("debian", "`sudo apt-get install build-essential`"), ("fedora", "`sudo dnf install gcc`"),
     ("macos", "`xcode-select --install`"), ("unheard-of", "`sudo apt-get install gcc`")],
)  # fmt: skip
def test_the_next_step_is_this_systems_own(distribution: str, command: str) -> None:
    system = System(compilers=(Compiler("c", "Cargo.toml", GCC),))
    judged = judge(system, {**LINUX, "distribution": distribution}, [], has_box=False)
    assert judged.findings[0].hint == command


def test_a_compiler_that_was_not_run_is_unknown() -> None:
    system = System(compilers=(Compiler("c", "Cargo.toml", GCC, path="/p/cc", reason="inside the project"),))
    judged = judge(system, LINUX, [], has_box=False)
    assert (judged.findings, {check.id: check.reason for check in judged.checks}["system.compiler"]) == (
        (), "c: inside the project"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("platform", "base", "found"),
    [
        ({}, image("debian", "12"), False),
        ({}, image("node", "22-alpine"), True),
        ({"libc": "musl"}, image("debian", "12"), True),
        ({"libc": "musl"}, image("alpine", "3.20"), False),
        ({"os": "macos", "libc": None}, image("debian", "12"), True),
        ({"os": "macos", "libc": None}, None, True),
        ({"libc": "musl"}, None, False),
    ],
)
def test_packages_shared_with_another_c_library(platform: dict[str, Any], base: ImageRow | None, found: bool) -> None:
    images = [base] if base else []
    assert findings(SHARED, *images, **platform) == ([("system.native", "warn")] if found else [])
