"""Node and its package managers under Volta: the nearest package.json, what it extends, the user's default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devbox.core.findings import ToolchainRow
from tests.flows.toolchain_world import World


def world(tmp_path: Path, *nodes: str) -> World:
    made = World(tmp_path)
    made.system("node", "14.0.0")
    (made.home / ".volta").mkdir()
    for version in nodes:
        made.toolchain(f"home/.volta/tools/image/node/{version}/bin", "node", version)
    return made


def package(made: World, path: str, content: dict[str, Any]) -> None:
    made.file(f"{path}/package.json", json.dumps(content, indent=1))


def node(made: World) -> ToolchainRow:
    return made.rows("volta")["node"]


def test_the_exact_version_runs(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1", "20.9.0")
    package(made, "proj", {"name": "x", "volta": {"node": "v20.9.0"}})
    row = node(made)
    assert [(pin.path, pin.line, pin.raw) for pin in row.declared] == [("package.json", 4, "v20.9.0")]
    assert (row.resolved, row.via, row.host_runs) == ("20.9.0", "managed", "20.9.0")
    assert (row.satisfied, row.error) == (True, None)


def test_a_version_that_is_not_fetched_is_missing_and_nothing_runs(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1")
    package(made, "proj", {"volta": {"node": "20.9.0"}})
    row = node(made)
    assert (row.resolved, row.host_runs, row.satisfied, row.error) == (None, None, False, "missing")


@pytest.mark.parametrize("version", [">=18", "20", "latest", 20, None, ""])
def test_only_exact_versions_are_versions(tmp_path: Path, version: object) -> None:
    made = world(tmp_path, "20.9.0")
    package(made, "proj", {"volta": {"node": version}})
    row = node(made)
    assert row.error == ("no-version" if version is None else "malformed")
    assert (row.declared, row.satisfied, row.host_runs) == ((), False, None)


def test_what_is_extended_fills_gaps_and_never_overrides(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1", "20.9.0")
    package(made, "proj", {"volta": {"npm": "10.0.0", "extends": "./base/package.json"}})
    package(made, "proj/base", {"volta": {"node": "20.9.0", "npm": "9.0.0", "extends": "more.json"}})
    made.file("proj/base/more.json", '{"volta": {"node": "18.17.1", "yarn": "1.22.19"}}')
    rows = made.rows("volta")
    assert rows["node"].resolved == "20.9.0"
    assert [(tool, rows[tool].declared[0].raw) for tool in ("npm", "yarn")] == [("npm", "10.0.0"), ("yarn", "1.22.19")]
    assert rows["npm"].error == "missing"


def test_the_root_of_a_workspace_may_be_extended_from_below(tmp_path: Path) -> None:
    made = world(tmp_path, "20.9.0")
    made.cwd = "proj/packages/a"
    package(made, "proj/packages/a", {"volta": {"extends": "../../package.json"}})
    package(made, "proj", {"volta": {"node": "20.9.0"}})
    assert node(made).resolved == "20.9.0"


def test_a_path_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    made = world(tmp_path, "20.9.0")
    made.file("secret/package.json", '{"volta": {"node": "20.9.0"}}')
    made.file("secret.json", '{"volta": {"node": "20.9.0"}}')
    for target in ("../secret/package.json", "../secret.json", str(tmp_path / "secret.json")):
        package(made, "proj", {"volta": {"extends": target}})
        row = node(made)
        assert (row.error, row.resolved) == ("refused", None)


def test_files_that_extend_each_other_are_a_cycle(tmp_path: Path) -> None:
    made = world(tmp_path, "20.9.0")
    package(made, "proj", {"volta": {"node": "20.9.0", "extends": "a.json"}})
    made.file("proj/a.json", '{"volta": {"extends": "package.json"}}')
    assert node(made).error == "cycle"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"volta": {"extends": "none.json"}}, "missing-file"),
        ({"volta": {"extends": 1}}, "malformed"),
        ({"volta": []}, "malformed"),
        ({"volta": {"node": "20.9.0"}, "dependencies": {"a": 1}}, "malformed"),
    ],
)
def test_what_volta_cannot_read_is_an_error(tmp_path: Path, content: dict[str, Any], error: str) -> None:
    made = world(tmp_path, "20.9.0")
    package(made, "proj", content)
    assert node(made).error == error


def test_the_nearest_package_json_hides_the_outer_one(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1", "20.9.0")
    made.cwd = "proj/deep"
    package(made, "proj", {"volta": {"node": "18.17.1"}})
    package(made, "proj/deep", {"name": "inner"})
    assert node(made).resolved == "14.0.0"
    made.file("home/.volta/tools/user/platform.json", '{"node": {"runtime": "20.9.0", "npm": null}}')
    row = node(made)
    assert (row.resolved, row.declared[0].raw) == ("20.9.0", "20.9.0")


def test_a_dependency_in_node_modules_is_no_project(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1", "20.9.0")
    made.cwd = "proj/node_modules/dep"
    package(made, "proj", {"volta": {"node": "18.17.1"}})
    package(made, "proj/node_modules/dep", {"volta": {"node": "20.9.0"}})
    assert node(made).resolved == "18.17.1"


def test_without_volta_its_key_is_still_a_pin(tmp_path: Path) -> None:
    made = World(tmp_path)
    made.system("node", "20.9.0")
    assert made.rows("volta") == {}
    package(made, "proj", {"volta": {"node": "20.9.0"}})
    assert node(made).satisfied is True
    package(made, "proj", {"volta": {"node": "18.17.1"}})
    assert node(made).satisfied is False
