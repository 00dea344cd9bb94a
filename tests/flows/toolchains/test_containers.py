"""What Dockerfiles and devcontainer.json put into a container."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devbox.core.findings import ToolchainRow
from devbox.core.toolchain.images import tag_range, tool_of
from devbox.core.toolchain.selection import Selection, finish
from devbox.flows.toolchains import dockerfile
from devbox.host.program import learn
from devbox.project.dockerfile import parse_dockerfile
from devbox.project.image_refs import images
from tests.flows.toolchain_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def from_dockerfile(world: World, text: str) -> tuple[Selection, ...]:
    rows = images(parse_dockerfile(text.encode(), "Dockerfile"))
    return dockerfile.select(replace(world.machine(), images=rows))


FILE = "proj/.devcontainer/devcontainer.json"


def devcontainer(world: World, text: str, path: str = FILE) -> dict[str, ToolchainRow]:
    world.file(path, text)
    return world.rows("devcontainer")


def test_a_tag_is_a_prefix_and_this_machine_is_only_compared(world: World) -> None:
    world.system("python", "3.12.1")
    (selection,) = from_dockerfile(world, "ARG V=3.11\nFROM python:$V-slim AS a\nFROM a\n")
    row = finish(selection, learn)
    assert selection.elsewhere
    assert (row.declared[0].raw, row.satisfied, row.error) == ("python:3.11-slim", False, None)


def test_what_is_not_on_this_machine_is_no_error(world: World) -> None:
    (selection,) = from_dockerfile(world, "FROM golang:1.22\n")
    row = finish(selection, learn)
    assert (row.error, row.satisfied) == (None, None)


def test_stages_are_sources_of_their_own(world: World) -> None:
    (selection,) = from_dockerfile(world, "FROM node:18 AS build\nFROM debian\nFROM node:20\n")
    assert [(pin.place, pin.apart) for pin in selection.pins] == [("1", True), ("3", True)]


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        ("python", "python"), ("registry:5000/x/ruby", "ruby"), ("docker.io/library/golang", "go"),
        ("mcr.microsoft.com/devcontainers/typescript-node", "node"), ("mcr.microsoft.com/dotnet/sdk", "dotnet"),
        ("google/cloud/sdk", None), ("debian", None), ("eclipse-temurin", "java"), ("python-tools", None),
    ],
)
def test_an_images_last_name_tells_the_tool(name: str, tool: str | None) -> None:
    assert tool_of(name) == tool


@pytest.mark.parametrize(
    ("name", "tag", "inside", "outside"),
    [
        ("python", "3.11-slim", "3.11.4", "3.12.0"),
        ("python", "3.11.4", "3.11.4", "3.11.5"),
        ("node", "20", "20.9.0", "21.0.0"),
        ("mcr.microsoft.com/devcontainers/python", "1-3.11-bookworm", "3.11.2", "1.0.0"),
        ("mcr.microsoft.com/devcontainers/go", "dev-1.22", "1.22.1", "1.23.0"),
        ("mcr.microsoft.com/devcontainers/python", "3.12", "3.12.1", "3.11.0"),
    ],
)
def test_the_leading_number_of_a_tag_counts(name: str, tag: str, inside: str, outside: str) -> None:
    wanted = tag_range(name, tag)
    assert wanted is not None
    assert wanted.contains(inside)
    assert not wanted.contains(outside)


@pytest.mark.parametrize("tag", [None, "latest", "slim", "bookworm", "lts"])
def test_a_moving_tag_promises_nothing(tag: str | None) -> None:
    assert tag_range("python", tag) is None


def test_image_and_features_are_pins_with_their_lines(world: World) -> None:
    text = (
        '// a comment\n{\n  "image": "mcr.microsoft.com/devcontainers/python:1-3.11", /* x */\n  "features": {\n'
        '    "ghcr.io/devcontainers/features/node:1": {"version": "20"},\n'
        '    "ghcr.io/devcontainers/features/go:1": "1.22",\n'
        '    "ghcr.io/x/features/docker:2": {"moby": true},\n  },\n}\n'
    )
    found = devcontainer(world, text)
    assert {tool: [(pin.raw, pin.line) for pin in row.declared] for tool, row in found.items()} == {
        "python": [("mcr.microsoft.com/devcontainers/python:1-3.11", 3)], "node": [("20", 5)], "go": [("1.22", 6)],
    }
    assert {row.error for row in found.values()} == {None}


@pytest.mark.parametrize(
    ("image", "expanded"),
    [
        ("python:${localEnv:V:3.11}", "python:3.11"), ("python:${localEnv:SET:3.11}", "python:3.9"),
        ("python:${localEnv:NOPE}", "python:"), ("python:${localEnv:V:3:4}", "python:3"),
        ("python:${env:SET}", "python:3.9"),
        ("x/${localWorkspaceFolderBasename}:1", "x/proj:1"), ("python:${unknown:x}", "python:${unknown:x}"),
        ("python:${localEnv:MY_TOKEN}", "python:${localEnv:MY_TOKEN}"),
        ("python:${ localEnv:SET }", "python:${ localEnv:SET }"),
    ],
)
def test_variables_are_replaced_but_secrets_are_not_told(world: World, image: str, expanded: str) -> None:
    world.env |= {"SET": "3.9", "MY_TOKEN": "hunter2"}
    (row,) = devcontainer(world, f'{{"image": "{image}"}}').values()
    assert row.declared[0].raw == expanded


def test_the_folders_file_beats_the_dotted_one_and_named_ones_come_last(world: World) -> None:
    devcontainer(world, '{"image": "python:3.9"}', "proj/.devcontainer/one/devcontainer.json")
    assert world.rows("devcontainer")["python"].declared[0].raw == "python:3.9"
    devcontainer(world, '{"image": "python:3.10"}', "proj/.devcontainer.json")
    assert world.rows("devcontainer")["python"].declared[0].raw == "python:3.10"
    devcontainer(world, '{"image": "python:3.11"}')
    assert world.rows("devcontainer")["python"].declared[0].raw == "python:3.11"


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"image": "a" "b": 1}', "// only a comment", "{" * 1000])
def test_what_is_no_object_is_malformed(world: World, text: str) -> None:
    (row,) = devcontainer(world, text).values()
    assert (row.error, row.satisfied) == ("malformed", False)


@pytest.mark.parametrize("text", ['{"image": 3}', '{"features": []}', '{"features": {"x": {"version": 3}}}', "{}"])
def test_odd_types_are_nothing(world: World, text: str) -> None:
    assert devcontainer(world, text) == {}
