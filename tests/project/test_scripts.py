"""Which files are scripts, and a walk that stays inside, ends, and follows nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.core.git_checks import EXECUTABLE, REGULAR, Tracked
from devbox.project import scripts
from devbox.project.scripts import read_scripts, walk


@pytest.mark.parametrize(
    ("name", "mode", "read"),
    [
        ("a.sh", REGULAR, True), ("Dockerfile", REGULAR, True), ("dev.Dockerfile", REGULAR, True),
        ("Dockerfile.gpu", REGULAR, True), ("docker-entrypoint.sh", REGULAR, True), ("gradlew", REGULAR, True),
        ("bin/tool", EXECUTABLE, True), ("bin/tool", REGULAR, False), ("a.py", EXECUTABLE, False),
        ("a.md", REGULAR, False), (".env", REGULAR, True),
    ],
)  # fmt: skip
def test_what_is_read(name: str, mode: int, read: bool, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("#!/bin/sh\n")
    assert bool(read_scripts(str(tmp_path), [Tracked(name, mode)])) is read


def test_what_is_seen_of_a_script(tmp_path: Path) -> None:
    (tmp_path / "entrypoint").write_bytes(b"\xef\xbb\xbf#!/bin/sh\r\n")
    (found,) = read_scripts(str(tmp_path), [Tracked("entrypoint", EXECUTABLE)])
    assert (found.bom, found.shebang, found.crlf, found.executable, found.marked_executable, found.by_name) == (
        True, True, True, False, True, True
    )  # fmt: skip


def test_a_program_is_no_script(tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(b"\x7fELF\0\r\n")
    assert read_scripts(str(tmp_path), [Tracked("tool", EXECUTABLE)]) == ()


def test_the_number_of_scripts_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "LIMIT", 3)
    for number in range(6):
        (tmp_path / f"{number}.sh").write_text("")
    tracked = [Tracked(f"{number}.sh", REGULAR) for number in range(6)]
    assert len(read_scripts(str(tmp_path), tracked)) == 3


def test_a_walk_follows_no_link_and_leaves_packages_out(tmp_path: Path) -> None:
    for name in ("src/a.py", "node_modules/x/y.js", ".git/HEAD"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / os.fsdecode(b"\xff")).write_text("")
    os.mkfifo(tmp_path / "pipe")
    paths, complete = walk(str(tmp_path))
    assert (sorted(paths), complete) == (["loop", "pipe", "src/a.py", os.fsdecode(b"\xff")], True)


def test_a_walk_that_does_not_see_everything_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "_WALK_LIMIT", 5)
    for number in range(9):
        (tmp_path / str(number)).write_text("")
    assert walk(str(tmp_path))[1] is False
    assert walk(str(tmp_path / "gone")) == ((), False)


def test_a_deep_tree_ends(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(20):
        folder /= "d"
    folder.mkdir(parents=True)
    assert walk(str(tmp_path))[1] is False
