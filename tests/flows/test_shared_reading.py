"""Asking a manager only where it could find something says the same as asking every manager everywhere."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devbox.core.toolchain.selection import Selection
from devbox.flows.doctor_recursive import examine_all
from devbox.flows.shared_reading import Readers, remembering
from devbox.flows.toolchains import select_all
from devbox.flows.toolchains.machine import Machine
from tests.flows.doctor_subject import subject_of
from tests.flows.toolchain_world import World

FILES = {
    ".python-version": "3.12\n", ".nvmrc": "20\n", ".node-version": "20.1.0\n", ".ruby-version": "3.2.1\n",
    ".tool-versions": "python 3.11.7\nnodejs 18.1.0\n", "mise.toml": '[tools]\nnode = "20"\n', "go.mod": "go 1.22\n",
    ".config/mise/config.toml": '[tools]\npython = "3.12"\n', "package.json": '{"engines": {"node": ">=18"}}',
    "pyproject.toml": '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\n',
    "rust-toolchain.toml": '[toolchain]\nchannel = "1.79.0"\n', ".terraform-version": "1.5.0\n",
    "global.json": '{"sdk": {"version": "8.0.100"}}', ".java-version": "17\n",
    ".mise/conf.d/a.toml": '[tools]\nruby = "3.2"\n',
}  # fmt: skip
FOLDERS = ("", "a", "a/b", "a/b/c", "d", "d/e")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worlds")


def own(selections: tuple[Selection, ...], folder: str) -> set[tuple[object, ...]]:
    """What the folder's own files decide."""
    start = f"{folder}/" if folder else ""
    return {
        (one.tool, one.manager, one.declared, one.resolved_all, one.error, one.runs)
        for one in selections
        if any(pin.path.startswith(start) and not pin.path.startswith(("/", "env:")) for pin in one.declared)
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(sorted(FILES))), min_size=1, max_size=9))
def test_skipped_managers_would_have_said_nothing_of_their_own(
    base: Path, places: set[tuple[str, str]]
) -> None:
    folder = base / str(len(list(base.iterdir())))
    folder.mkdir()
    world = World(folder)
    world.pyenv("3.11.7", "3.12.4")
    world.nvm("v20.9.0")
    world.mise("node", "20.1.0")
    for where, name in places:
        world.file(f"proj/{where}/{name}", FILES[name])
    machine = remembering(world.machine())
    readers = Readers(machine)
    for where in sorted({where for where, _ in places}):
        one = world_at(machine, where)
        assert own(readers.select_for(where or ".")(one), where) == own(select_all(one), where)


def world_at(machine: Machine, where: str) -> Machine:
    return replace(machine, cwd=f"{machine.cwd}/{where}".rstrip("/"))


def test_a_sub_projects_devcontainer_is_its_own(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.system("node", "20.1.0")
    world.file("proj/.nvmrc", "20\n")
    world.file("proj/api/.devcontainer/devcontainer.json", '{"image": "node:18"}')
    rows = [row for row in examine_all(subject_of(world)).toolchains if row.manager == "devcontainer"]
    assert [(row.project, row.declared[0].path) for row in rows] == [("api", "api/.devcontainer/devcontainer.json")]


def test_a_folder_that_cannot_be_listed_may_still_hold_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    path = world.file("proj/.nvmrc", "20\n")
    files = remembering(world.machine()).files

    def refuse(folder: str) -> list[str]:
        raise PermissionError(13, "no")

    monkeypatch.setattr(os, "listdir", refuse)
    assert files.is_file(str(path))
    assert not files.is_file(str(path.with_name(".node-version")))


def test_a_manager_that_reads_the_working_directory_alone_is_not_inherited(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.file("proj/.sdkmanrc", "java=17.0.9-tem\n")
    world.file("proj/api/.java-version", "17\n")
    readers = Readers(machine := remembering(world.machine()))
    assert "sdkman" in {one.manager for one in readers.select_for(".")(machine)}
    below = world_at(machine, "api")
    told = {one.manager for one in readers.select_for("api")(below)}
    assert told == {one.manager for one in select_all(below)}
    assert "sdkman" not in told
