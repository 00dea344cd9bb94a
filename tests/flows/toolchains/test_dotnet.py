"""The .NET host's choice among SDKs."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.findings import ToolchainRow
from devbox.core.toolchain.dotnet import Request, sdk_range, select
from tests.flows.toolchain_world import World

SDKS = ("5.0.408", "6.0.100", "6.0.105", "6.0.202", "6.0.405", "6.1.100", "7.0.100", "8.0.100-preview.7.23376.3")


@pytest.mark.parametrize(
    ("version", "policy", "chosen"),
    [
        ("6.0.100", "patch", "6.0.100"),
        ("6.0.101", "patch", "6.0.105"),
        ("6.0.106", "patch", None),
        ("6.0.100", "latestpatch", "6.0.105"),
        ("6.0.150", "feature", "6.0.202"),
        ("6.0.100", "feature", "6.0.105"),
        ("6.0.100", "latestfeature", "6.0.405"),
        ("6.0.500", "feature", None),
        ("6.0.500", "minor", "6.1.100"),
        ("6.0.100", "latestminor", "6.1.100"),
        ("6.2.100", "minor", None),
        ("6.2.100", "major", "7.0.100"),
        ("5.0.100", "latestmajor", "8.0.100-preview.7.23376.3"),
        ("6.0.100", "disable", "6.0.100"),
        ("6.0.101", "disable", None),
        ("9.0.100", "latestmajor", None),
    ],
)
def test_roll_forward(version: str, policy: str, chosen: str | None) -> None:
    assert select(Request(version, policy), SDKS) == chosen
    wanted = sdk_range(Request(version, policy))
    assert wanted is not None
    assert chosen is None or wanted.contains(chosen)


def test_prereleases_count_unless_they_are_refused() -> None:
    assert select(Request(), SDKS) == "8.0.100-preview.7.23376.3"
    assert select(Request(prereleases=False), SDKS) == "7.0.100"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    for sdk in SDKS:
        world.file(f"home/.dotnet/sdk/{sdk}/dotnet.dll")
    (world.home / ".dotnet/sdk/9.9.999").mkdir()
    return world


def row(world: World, text: str | bytes) -> ToolchainRow:
    world.file("proj/global.json", text)
    return world.rows("dotnet")["dotnet"]


def test_the_selected_sdk_runs(world: World) -> None:
    found = row(world, '{"sdk": {"version": "6.0.100", "rollForward": "latestFeature"}}')
    assert (found.resolved, found.host_runs, found.via, found.satisfied) == ("6.0.405", "6.0.405", "managed", True)
    assert (found.declared[0].raw, found.declared[0].line) == ("6.0.100", 1)


def test_comments_are_accepted_and_words_have_no_case(world: World) -> None:
    text = '\ufeff// sdk\n{ /* x */ "sdk": {"version": "6.0.101",\n "rollForward": "LATESTMINOR"} }'
    assert row(world, text).resolved == "6.1.100"


def test_a_version_that_nothing_fits_is_missing(world: World) -> None:
    found = row(world, '{"sdk": {"version": "9.0.100"}}')
    assert (found.error, found.resolved, found.host_runs, found.satisfied) == ("missing", None, None, False)


@pytest.mark.parametrize(
    "sdk",
    [
        '{"version": "5.0"}', '{"version": "6.0.100", "rollForward": "newest"}', '{"rollForward": "feature"}',
        '"6.0.100"',
        '{"version": 6}', '{"version": "6.0.100", "allowPrerelease": "no"}', '{"version": "6.0.x"}',
    ],
)
def test_what_the_host_does_not_understand_it_ignores(world: World, sdk: str) -> None:
    found = row(world, f'{{"sdk": {sdk}}}')
    assert (found.declared, found.error, found.resolved) == ((), None, "8.0.100-preview.7.23376.3")
    (selection,) = world.selections("dotnet")
    assert "ignores" in selection.notes[0]


def test_without_an_sdk_key_the_newest_runs(world: World) -> None:
    found = row(world, '{"msbuild-sdks": {}}')
    assert (found.resolved, found.satisfied) == ("8.0.100-preview.7.23376.3", None)


@pytest.mark.parametrize("data", [b"{", b"", b'{"sdk": {"version": "6.0.100",}}', b"\xff\xfe"])
def test_malformed_json_is_an_error_and_the_newest_runs(world: World, data: bytes) -> None:
    found = row(world, data)
    assert (found.error, found.host_runs, found.satisfied) == ("malformed", "8.0.100-preview.7.23376.3", False)


def test_the_nearest_file_counts(world: World) -> None:
    world.file("proj/global.json", '{"sdk": {"version": "7.0.100"}}')
    world.file("proj/a/global.json", '{"sdk": {"version": "6.1.100"}}')
    world.cwd = "proj/a"
    assert world.rows("dotnet")["dotnet"].resolved == "6.1.100"


def test_folders_named_by_the_repository_are_not_looked_at(world: World) -> None:
    world.file("proj/sdk/sdk/9.0.100/dotnet.dll")
    found = row(world, '{"sdk": {"version": "9.0.100", "paths": ["sdk", "$host$"]}}')
    assert found.error == "missing"


def test_without_dotnet_the_pin_is_missing(tmp_path: Path) -> None:
    found = row(World(tmp_path), '{"sdk": {"version": "6.0.100"}}')
    assert (found.error, found.satisfied) == ("missing", False)
