"""Folders of PATH: who may write them, and whose shims come too late."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.core.environment_checks import PathEntry
from devbox.host import path_entries as module
from devbox.host.path import Boundary, SearchPath
from devbox.host.path_entries import path_entries


def entries(tmp_path: Path, *folders: str, wsl: bool = False) -> tuple[PathEntry, ...]:
    env = {"PATH": ":".join(folders)}
    project = str(tmp_path / "project")
    return path_entries(SearchPath(env, str(tmp_path), project, Boundary((project,), os.getuid())), wsl=wsl)


def test_only_folders_outside_the_project_count(tmp_path: Path) -> None:
    for name in ("project/bin", "bin"):
        (tmp_path / name).mkdir(parents=True)
    words = (str(tmp_path / "project/bin"), "relative", "", str(tmp_path / "gone"), str(tmp_path / "bin"))
    found = entries(tmp_path, *words)
    assert [one.directory for one in found] == [str(tmp_path / "bin")]


def test_a_folder_that_anybody_may_write_is_open_also_with_the_sticky_bit(tmp_path: Path) -> None:
    for name, mode in (("open", 0o777), ("sticky", 0o1777), ("group", 0o775)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    found = entries(tmp_path, *(str(tmp_path / name) for name in ("open", "sticky", "group")))
    assert [one.open_to_others for one in found] == [True, True, False]


def test_shims_behind_the_system_name_what_the_system_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, shims = tmp_path / "usr/bin", tmp_path / ".pyenv/shims"
    for folder in (system, shims):
        folder.mkdir(parents=True)
        (folder / "python3").write_text("")
        (folder / "python3").chmod(0o755)
    (shims / "python").write_text("")
    monkeypatch.setattr(module, "SYSTEM_FOLDERS", (str(system),))
    late = entries(tmp_path, str(system), str(shims))[1]
    assert (late.manager, late.hidden_by, late.hidden) == ("pyenv", str(system), ("python3",))
    assert entries(tmp_path, str(shims), str(system))[0].hidden == ()


def test_windows_folders_under_wsl_are_left_out(tmp_path: Path) -> None:
    assert entries(tmp_path, "/mnt/c/Windows", wsl=True) == ()
