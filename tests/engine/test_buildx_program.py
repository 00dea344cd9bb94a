"""Which buildx is run, and which never is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devbox.engine import buildx_program
from devbox.engine.buildx_program import BuildxProgram, NoBuildx, find_buildx


@pytest.fixture(autouse=True)
def no_system_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buildx_program, "SYSTEM_FOLDERS", ())


def plugin(folder: Path, says: str = "github.com/docker/buildx v0.14.2 abc") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "docker-buildx"
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_debians_words_without_v_and_with_suffix_are_a_version(tmp_path: Path) -> None:
    path = plugin(tmp_path / ".docker" / "cli-plugins", "github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3")
    assert find_buildx({}, tmp_path) == BuildxProgram(str(path), "0.13.1")


def test_docker_config_of_the_user_comes_first_and_devboxs_own_last(tmp_path: Path) -> None:
    own = plugin(tmp_path / "own")
    assert find_buildx({}, tmp_path, private_folders=(own.parent,)) == BuildxProgram(str(own), "0.14.2")
    home = plugin(tmp_path / ".docker" / "cli-plugins")
    assert find_buildx({}, tmp_path, private_folders=(own.parent,)) == BuildxProgram(str(home), "0.14.2")
    named = plugin(tmp_path / "config" / "cli-plugins")
    env = {"DOCKER_CONFIG": str(tmp_path / "config")}
    assert find_buildx(env, tmp_path, private_folders=(own.parent,)) == BuildxProgram(str(named), "0.14.2")


def test_extra_folders_of_dockers_settings_are_looked_at(tmp_path: Path) -> None:
    path = plugin(tmp_path / "brew")
    (tmp_path / ".docker").mkdir()
    settings = {"cliPluginsExtraDirs": [str(tmp_path / "brew"), 1, "x"]}
    (tmp_path / ".docker" / "config.json").write_text(json.dumps(settings))
    assert find_buildx({}, tmp_path) == BuildxProgram(str(path), "0.14.2")


@pytest.mark.parametrize("content", ["[]", "{", '{"cliPluginsExtraDirs": 5}'])
def test_strange_docker_settings_do_no_harm(tmp_path: Path, content: str) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(content)
    assert find_buildx({}, tmp_path) == NoBuildx("buildx is not installed")


def test_path_is_asked_last_and_only_its_absolute_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plugin(tmp_path / "bin")
    plugin(tmp_path / "relative")
    monkeypatch.chdir(tmp_path)
    assert find_buildx({"PATH": f"relative::{path.parent}"}, tmp_path) == BuildxProgram(str(path), "0.14.2")


def test_too_old_one_is_passed_over_and_named(tmp_path: Path) -> None:
    plugin(tmp_path / ".docker" / "cli-plugins", "github.com/docker/buildx v0.12.1 abc")
    found = find_buildx({}, tmp_path)
    assert isinstance(found, NoBuildx)
    assert "0.12.1, older than 0.13" in found.reason
    own = plugin(tmp_path / "own")
    assert find_buildx({}, tmp_path, private_folders=(own.parent,)) == BuildxProgram(str(own), "0.14.2")


def test_program_inside_the_project_is_never_run(tmp_path: Path) -> None:
    project = tmp_path / "project"
    ran = project / "ran"
    path = plugin(project / "bin")
    path.write_text(f"#!/bin/sh\ntouch {ran}\n")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "docker-buildx").symlink_to(path)
    found = find_buildx({"PATH": f"{project}/bin:{tmp_path}/links"}, tmp_path, project=project)
    assert isinstance(found, NoBuildx)
    assert found.reason.count("inside the project") == 2
    assert not ran.exists()


@pytest.mark.parametrize("where", ["file", "folder"])
def test_program_that_anybody_may_write_is_never_run(tmp_path: Path, where: str) -> None:
    path = plugin(tmp_path / ".docker" / "cli-plugins")
    (path if where == "file" else path.parent).chmod(0o777)
    found = find_buildx({}, tmp_path)
    assert isinstance(found, NoBuildx)
    assert "written by anybody" in found.reason


def test_program_that_says_nothing_useful_is_passed_over(tmp_path: Path) -> None:
    plugin(tmp_path / ".docker" / "cli-plugins", "hello")
    found = find_buildx({}, tmp_path)
    assert isinstance(found, NoBuildx)
    assert "does not say its version" in found.reason


def test_the_same_program_is_asked_for_its_version_once_and_a_changed_one_again(tmp_path: Path) -> None:
    memory, asked = tmp_path / "memory.json", tmp_path / "asked"
    path = plugin(tmp_path / ".docker" / "cli-plugins")
    path.write_text(f"#!/bin/sh\necho x >>'{asked}'\necho 'github.com/docker/buildx v0.14.2 abc'\n")
    for _ in range(3):
        assert find_buildx({}, tmp_path, memory=memory) == BuildxProgram(str(path), "0.14.2")
    assert asked.read_text() == "x\n"
    path.write_text(f"#!/bin/sh\necho x >>'{asked}'\necho 'github.com/docker/buildx v0.15.0 abc'\n")
    assert find_buildx({}, tmp_path, memory=memory) == BuildxProgram(str(path), "0.15.0")


@pytest.mark.parametrize("content", ["", "[]", "{}", "[1, 2]", '[[], ["x"]]', "\x00", "[" * 5000])
def test_a_broken_memory_is_no_answer(tmp_path: Path, content: str) -> None:
    memory = tmp_path / "memory.json"
    memory.write_text(content)
    path = plugin(tmp_path / ".docker" / "cli-plugins")
    assert find_buildx({}, tmp_path, memory=memory) == BuildxProgram(str(path), "0.14.2")
