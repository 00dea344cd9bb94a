"""package.json, packageManager and pyproject.toml: what they ask for and whether it is met."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devbox.core.findings import ToolchainRow
from devbox.core.toolchain.corepack import parse_spec
from devbox.core.toolchain.poetry import poetry_range
from tests.flows.toolchain_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def package(world: World, content: Any, manager: str = "package.json") -> dict[str, ToolchainRow]:
    world.file("proj/package.json", content if isinstance(content, (str, bytes)) else json.dumps(content, indent=1))
    return world.rows(manager)


@pytest.mark.parametrize(
    ("wanted", "runs", "met"),
    [
        ("18 || 20", "22.1.0", False), ("18 || 20", "20.0.0", True), ("", "0.10.0", True), ("*", "22.0.0", True),
        (">= 18 < 20", "18.20.4", True), (">=20", "21.0.0-nightly20230921", False), ("^0.10.3", "0.11.0", False),
    ],
)
def test_engines_are_npm_ranges(world: World, wanted: str, runs: str, met: bool) -> None:
    world.system("node", runs)
    row = package(world, {"name": "x", "engines": {"node": wanted}})["node"]
    assert (row.satisfied, row.error, row.host_runs) == (met, None, runs)
    assert (row.declared[0].raw, row.declared[0].line) == (wanted, 4)


@pytest.mark.parametrize("wanted", ["latest", "lts/*", ">=18,<21", 20, ["20"], {"node": 1}])
def test_what_is_no_range_is_malformed(world: World, wanted: Any) -> None:
    world.system("node", "20.1.0")
    row = package(world, {"engines": {"node": wanted}})["node"]
    assert (row.error, row.satisfied, len(row.declared)) == ("malformed", False, 1)


def test_dev_engines_count_by_name_unless_they_are_ignored(world: World) -> None:
    runtime = [{"name": "bun", "version": "1"}, {"name": "Node", "version": ">=22"}, {"name": "node", "version": "1"}]
    found = package(world, {"engines": {"node": ">=18"}, "devEngines": {"runtime": runtime}})
    assert [pin.raw for pin in found["node"].declared] == [">=18", ">=22"]
    assert found["bun"].declared[0].raw == "1"
    ignored = {"runtime": {"name": "node", "version": "1", "onFail": "ignore"}}
    assert package(world, {"devEngines": ignored}) == {}


@pytest.mark.parametrize("text", ["{", "[]", b"\xff", "{" * 500, '{"engines": 3}', '{"engines": {"node": null}}', "{}"])
def test_any_package_json_is_read_or_refused(world: World, text: str | bytes) -> None:
    found = package(world, text)
    assert {row.error for row in found.values()} in (set(), {"malformed"})


def test_a_package_managers_version_is_told_by_its_own_files(world: World) -> None:
    world.file("lib/node_modules/pnpm/package.json", '{\n  "name": "pnpm",\n  "version": "9.1.4"\n}\n')
    world.program("lib/node_modules/pnpm/bin/pnpm.cjs", "touch ${0}.canary; echo 1")
    world.link("system/pnpm", "${ROOT}/lib/node_modules/pnpm/bin/pnpm.cjs")
    row = package(world, {"engines": {"pnpm": "^9"}})["pnpm"]
    assert (row.host_runs, row.satisfied) == ("9.1.4", True)
    assert not (world.root / "lib/node_modules/pnpm/bin/pnpm.cjs.canary").exists()


def test_a_package_manager_is_never_run(world: World) -> None:
    world.program("system/yarn", "touch ${0}.canary; echo 1.22.0")
    row = package(world, {"engines": {"yarn": "1"}})["yarn"]
    assert (row.host_runs, row.satisfied) == (None, None)
    assert not (world.root / "system/yarn.canary").exists()


@pytest.mark.parametrize(
    ("spec", "name", "version", "error"),
    [
        ("pnpm@8.6.0", "pnpm", "8.6.0", None),
        ("yarn@v3.2.3", "yarn", "3.2.3", None),
        ("yarn@3.2.3+sha224.953c8233f7a92884eee2de69a1b92d1f2ec1655e66d08071ba9a02fa", "yarn", "3.2.3", None),
        ("yarn@4.0.0-rc.1", "yarn", "4.0.0-rc.1", None),
        ("pnpm@8", "pnpm", None, "refused"),
        ("pnpm@8.x", "pnpm", None, "refused"),
        ("pnpm@^8.0.0", "pnpm", None, "refused"),
        ("pnpm@latest", "pnpm", None, "refused"),
        ("pnpm", "pnpm", None, "refused"),
        ("pnpm@", "pnpm", None, "refused"),
        ("npm@https://example.com/x.tgz", "npm", None, "refused"),
        ("bun@1.0.0", None, None, "unsupported"),
        ("bun@latest", None, None, "refused"),
        (5, None, None, "malformed"),
    ],
)
def test_package_manager_is_a_name_and_one_version(spec: Any, name: str, version: str, error: str) -> None:
    found = parse_spec(spec)
    assert (found.name, found.version, found.error) == (name, version, error)


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"name": "yarn"}, "conflict"),
        ({"name": "pnpm", "version": "^9"}, "conflict"),
        ({"name": "pnpm", "version": "^8"}, None),
        ({"name": "pnpm", "version": "^9", "onFail": "warn"}, None),
        ({"name": "pnpm", "version": "foo bar"}, "malformed"),
        ([{"name": "yarn"}], None),
    ],
)
def test_dev_engines_must_agree_with_the_field(world: World, wish: Any, error: str | None) -> None:
    world.file("home/.cache/node/corepack/v1/pnpm/8.6.0/package.json", "{}")
    found = package(world, {"packageManager": "pnpm@8.6.0", "devEngines": {"packageManager": wish}}, "corepack")
    assert found["pnpm"].error == error


def test_corepack_runs_its_own_copy_and_refuses_the_others(world: World) -> None:
    world.file("home/.cache/node/corepack/v1/pnpm/8.6.0/package.json", "{}")
    found = package(world, {"packageManager": "pnpm@8.6.0"}, "corepack")
    assert (found["pnpm"].host_runs, found["pnpm"].via, found["pnpm"].satisfied) == ("8.6.0", "managed", True)
    assert {name: row.error for name, row in found.items()} == {"pnpm": None, "npm": "other-tool", "yarn": "other-tool"}
    world.env["COREPACK_ENABLE_STRICT"] = "0"
    assert list(world.rows("corepack")) == ["pnpm"]


def test_what_corepack_would_download_is_unknown_until_then(world: World) -> None:
    (world.home / ".cache/node/corepack/v1").mkdir(parents=True)
    row = package(world, {"packageManager": "pnpm@8.6.0"}, "corepack")["pnpm"]
    assert (row.resolved, row.satisfied, row.error) == ("8.6.0", None, None)


def test_the_nearest_package_json_with_the_field_counts(world: World) -> None:
    world.file("proj/package.json", '{"packageManager": "pnpm@8.6.0"}')
    world.file("proj/a/package.json", '{"name": "a"}')
    world.cwd = "proj/a"
    assert world.rows("corepack")["pnpm"].resolved == "8.6.0"


@pytest.mark.parametrize(
    ("wanted", "runs", "met"),
    [
        (">=3.10,<3.12", "3.11.4", True), ("==3.11", "3.11.7", False), ("==3.11.*", "3.11.7", True),
        ("", "2.7.18", True),
        ("~=3.11", "3.12.1", True), ("<=3.11", "3.11.7", False), ("<3.13", "3.13.0rc1", False),
        ("!=3.9.*", "3.9.2", False),
        (">=3.12", "3.12.0rc2", False),
    ],
)
def test_requires_python_is_a_pep_440_set(world: World, wanted: str, runs: str, met: bool) -> None:
    world.system("python", runs)
    world.file("proj/pyproject.toml", f'[project]\nname = "x"\nrequires-python = "{wanted}"\n')
    row = world.rows("pyproject")["python"]
    assert (row.satisfied, row.host_runs, row.declared[0].raw, row.declared[0].line) == (met, runs, wanted, 3)


@pytest.mark.parametrize("value", ['"^3.11"', '"3.11"', '">=3.11.*"', '"a||b"', "3.11", '[">=3"]'])
def test_a_malformed_set_is_an_error(world: World, value: str) -> None:
    world.file("proj/pyproject.toml", f"[project]\nrequires-python = {value}\n")
    row = world.rows("pyproject")["python"]
    assert (row.error, row.satisfied) == ("malformed", False)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("^3.10", ["3.10.0", "3.13.1"], ["3.9.9", "4.0.0"]), ("~3.10", ["3.10.9"], ["3.11.0"]),
        ("3.11", ["3.11.0"], ["3.11.1"]),
        (">=3.10,<3.13", ["3.12.1"], ["3.13.0"]), ("3.11.*", ["3.11.4"], ["3.12.0"]), ("*", ["2.7"], []),
        ("^3.9 || 2.7.*", ["3.12.0", "2.7.18"], ["3.8.0"]), (">=3.9 <3.12", ["3.11.0"], ["3.12.0"]),
        ("~=3.11.2", ["3.11.9"], ["3.12.0"]), ("=3.11.2", ["3.11.2"], ["3.11.3"]),
        ("^3.10, !=3.11.0", ["3.11.1"], ["3.11.0"]),
    ],
)
def test_poetrys_notation(text: str, inside: list[str], outside: list[str]) -> None:
    wanted = poetry_range(text)
    assert wanted is not None
    assert [version for version in inside if not wanted.contains(version)] == []
    assert [version for version in outside if wanted.contains(version)] == []


@pytest.mark.parametrize("text", ["foo", "^", ">=", "3.x.y.z!", "^3.10 foo", "x" * 2000])
def test_what_poetry_refuses_is_none(text: str) -> None:
    assert poetry_range(text) is None


def test_poetrys_line_stands_beside_the_standards(world: World) -> None:
    world.system("python", "3.11.4")
    world.file(
        "proj/pyproject.toml",
        '[project]\nrequires-python = ">=3.10"\n[tool.poetry.dependencies]\npython = {version = "^3.12"}\n',
    )
    row = world.rows("pyproject")["python"]
    assert ([pin.raw for pin in row.declared], row.satisfied) == ([">=3.10", "^3.12"], False)


@pytest.mark.parametrize("data", [b"[", b"\xff", b"[tool]\npoetry = 3\n", b"[project]\nname = 1\n", b""])
def test_any_pyproject_is_read_or_refused(world: World, data: bytes) -> None:
    world.file("proj/pyproject.toml", data)
    assert {row.error for row in world.rows("pyproject").values()} in (set(), {"malformed"})
