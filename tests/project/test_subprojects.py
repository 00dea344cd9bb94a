"""Which folders are projects of their own, by names alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.project import subprojects
from devbox.project.pins import mise_names
from devbox.project.subprojects import project_folders, walk


def folders(*names: str) -> tuple[str, ...]:
    return project_folders(name.encode() for name in names)


def test_version_files_devbox_toml_and_dockerfiles_make_a_project() -> None:
    assert folders("README.md", ".python-version", "a/x.py", "a/b/go.mod", "c/Dockerfile", "d/devbox.toml") == (
        ".", "a/b", "c", "d",
    )  # fmt: skip


def test_a_file_in_a_folder_of_its_own_belongs_to_the_folder_above() -> None:
    assert folders("a/.config/mise/config.toml", ".config/mise.toml", "b/.devcontainer/devcontainer.json") == (
        ".", "a", "b",
    )  # fmt: skip
    assert folders("a/other/config.toml", "b/devcontainer.json") == ()


def test_every_name_that_mise_reads_in_a_folder_is_known() -> None:
    names = [name for name in mise_names.config_names(mise_names.Naming()) if "*" not in name]
    assert [name for name in names if folders(f"x/y/{name}")[:1] != ("x/y",)] == []


def test_names_that_are_not_utf8_survive() -> None:
    (folder,) = project_folders([b"caf\xe9/.nvmrc"])
    assert os.fsencode(folder) == b"caf\xe9"


def test_the_walk_passes_other_peoples_code_links_and_dot_folders(tmp_path: Path) -> None:
    for name in ("a/.nvmrc", "node_modules/p/.nvmrc", ".cache/.nvmrc", "venv/.nvmrc", ".config/mise/config.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert project_folders(walk(str(tmp_path), lambda: 0.0)) == (".", "a")


def test_the_walk_ends_at_its_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        (tmp_path / f"{number}").touch()
    monkeypatch.setattr(subprojects, "ENTRIES", 5)
    assert len(list(walk(str(tmp_path), lambda: 0.0))) == 5
    ticks = iter(range(100))
    assert len(list(walk(str(tmp_path), lambda: float(next(ticks))))) < 5
