"""Modules whose names are taken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.project.hiding import hiding_modules


def look(root: Path) -> list[tuple[str, str]]:
    return [(one.path, one.whose) for one in hiding_modules(str(root), sorted(os.listdir(root)))]


@pytest.mark.parametrize(
    ("path", "hides"),
    [
        ("json.py", True), ("queue/__init__.py", True), ("queue/data.txt", False), ("app.py", False),
        ("test/__init__.py", False), ("tests/__init__.py", False), ("json.txt", False), ("src/json.py", False),
    ],
)  # fmt: skip
def test_the_standard_library_is_hidden_from_the_top_only(path: str, hides: bool, tmp_path: Path) -> None:
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("")
    assert bool(look(tmp_path)) is hides


def installed(root: Path, *names: str) -> str:
    folder = ".venv/lib/python3.12/site-packages"
    for name in names:
        (root / folder / name).parent.mkdir(parents=True, exist_ok=True)
        (root / folder / name).write_text("")
    return folder


def test_an_installed_package_is_hidden_unless_it_is_the_project_itself(tmp_path: Path) -> None:
    folder = installed(tmp_path, "requests/__init__.py", "mine.py", "mine-1.0.dist-info/direct_url.json", "setup.py")
    for name in ("requests.py", "mine.py", "setup.py", "other.py"):
        (tmp_path / name).write_text("")
    assert look(tmp_path) == [("requests.py", folder)]


def test_an_environment_that_leads_outside_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    installed(other, "requests/__init__.py")
    project = tmp_path / "project"
    project.mkdir()
    (project / ".venv").symlink_to(other / ".venv")
    (project / "requests.py").write_text("")
    assert look(project) == []
