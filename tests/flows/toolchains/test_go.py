"""Go: what the lines of go.mod and go.work and GOTOOLCHAIN come to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.core.findings import ToolchainRow
from devbox.core.toolchain import go as rules
from tests.flows.toolchain_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.system("go", "1.24.4")
    return world


def row(world: World, text: str = "", file: str = "go.mod") -> ToolchainRow:
    if text:
        world.file(f"proj/{file}", f"module example.com/x\n\n{text}\n" if file == "go.mod" else f"{text}\n")
    return world.rows("go")["go"]


def test_an_older_line_is_met_by_the_local_go(world: World) -> None:
    found = row(world, "go 1.22.3")
    assert [pin.raw for pin in found.declared] == ["go 1.22.3"]
    assert (found.resolved, found.via, found.host_runs, found.satisfied) == ("1.24.4", "system", "1.24.4", True)
    assert found.declared[0].line == 3


def test_a_newer_toolchain_that_is_nowhere_is_missing(world: World) -> None:
    found = row(world, "go 1.24\n\ntoolchain go1.26.0")
    assert (found.resolved, found.host_runs, found.error, found.satisfied) == (None, None, "missing", False)


def test_a_newer_toolchain_is_taken_from_path_by_its_name(world: World) -> None:
    world.program("system/go1.26.0", "echo 'go version go1.26.0 linux/amd64'")
    found = row(world, "go 1.24\n\ntoolchain go1.26.0")
    assert (found.resolved, found.via, found.host_runs, found.satisfied) == ("1.26.0", "path", "1.26.0", True)


def test_a_language_version_asks_for_its_first_release_exactly(world: World) -> None:
    world.program("system/go1.25.3", "echo 'go version go1.25.3 linux/amd64'")
    assert row(world, "go 1.25").error == "missing"
    world.program("system/go1.25.0", "echo 'go version go1.25.0 linux/amd64'")
    assert row(world, "go 1.25").resolved == "1.25.0"


def test_a_downloaded_toolchain_is_found_in_the_module_cache(world: World) -> None:
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    folder = f"home/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.26.0.linux-{arch}"
    world.program(f"{folder}/bin/go", "echo 'go version go1.26.0 linux/amd64'")
    assert (row(world, "go 1.26.0").via, row(world).host_runs) == ("managed", "1.26.0")
    world.env["GOTOOLCHAIN"] = "path"
    assert row(world).error == "missing"


def test_local_refuses_a_newer_line_and_still_answers(world: World) -> None:
    world.env["GOTOOLCHAIN"] = "local"
    found = row(world, "go 1.26.0\ntoolchain go1.27.0")
    assert (found.error, found.host_runs, found.satisfied) == ("refused", "1.24.4", False)
    assert row(world, "go 1.24\ntoolchain go1.27.0").satisfied is True


def test_only_the_workspaces_lines_count(world: World) -> None:
    row(world, "go 1.26.0\ntoolchain go1.27.0")
    found = row(world, "go 1.24", "go.work")
    assert [(pin.path, pin.raw) for pin in found.declared] == [("go.work", "go 1.24")]
    world.env["GOWORK"] = "off"
    assert row(world).error == "missing"


def test_the_users_file_names_the_toolchain(world: World) -> None:
    world.file("home/.config/go/env", "GOTOOLCHAIN=go1.23.4\n")
    world.program("system/go1.23.4", "echo 'go version go1.23.4 linux/amd64'")
    found = row(world, "go 1.22")
    assert (found.resolved, found.declared[0].raw) == ("1.23.4", "go1.23.4")
    world.env["GOENV"] = "off"
    assert row(world).resolved == "1.24.4"


@pytest.mark.parametrize(
    ("text", "runs"),
    [("go 1.x", "1.24.4"), ("go 1.22\ngo 1.23", "1.24.4"), ("go 1.22\ntoolchain 1.25.1", None), ("go", "1.24.4")],
)
def test_a_malformed_file_breaks_module_commands(world: World, text: str, runs: str | None) -> None:
    found = row(world, text)
    assert (found.error, found.host_runs, found.satisfied) == ("malformed", runs, False)


def test_a_byte_order_mark_is_malformed(world: World) -> None:
    world.file("proj/go.mod", "\ufeffmodule x\n\ngo 1.22\n")
    assert row(world).error == "malformed"


def test_without_a_file_there_is_nothing_to_say(world: World) -> None:
    assert world.rows("go") == {}


def test_without_go_the_pin_is_missing(tmp_path: Path) -> None:
    found = row(World(tmp_path), "go 1.22")
    assert (found.error, found.satisfied) == ("missing", False)


def test_a_program_of_the_project_is_not_run(world: World) -> None:
    world.path.append("${ROOT}/proj/bin")
    world.program("proj/bin/go1.26.0", "touch ${0}.canary; echo 'go version go1.26.0'")
    found = row(world, "go 1.26.0")
    assert (found.resolved, found.host_runs, found.satisfied) == ("1.26.0", None, None)
    assert list((world.root / "proj/bin").iterdir()) == [world.root / "proj/bin/go1.26.0"]


def test_versions_are_ordered_as_go_orders_them() -> None:
    order = ["x", "1.20rc1", "1.20", "1.20.1", "1.21", "1.21rc1", "1.21rc2", "1.21.0", "1.24", "1.24rc1", "1.24.0", "2"]
    keys = [rules.compare_key(version) or (-1,) for version in order]
    assert keys == sorted(keys)
    assert rules.compare_key("1.20") == rules.compare_key("1.20.0")
    assert rules.compare_key("1.21.0rc1") is None, "Go before 1.28 knows no pre-releases of patches"


def test_a_language_version_holds_its_own_prereleases() -> None:
    wanted = rules.go_line_range("1.24")
    assert wanted is not None
    assert wanted.contains("1.24rc1")
    assert not wanted.contains("1.23.9")
