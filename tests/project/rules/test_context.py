"""What a context holds and what a COPY of everything would send."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.project.ignore import parse_ignore
from devbox.project.rules import context as module
from devbox.project.rules.context import Context


def make(folder: Path, ignore: str, *files: str, size: int = 1) -> Context:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x" * size)
    return Context(str(folder), parse_ignore(ignore), ".dockerignore")


def test_sources_are_there_missing_or_ignored(tmp_path: Path) -> None:
    context = make(
        tmp_path, "secret\n*.log\n!keep.log\ndir\n!dir/kept", "a", "secret/x", "b.log", "keep.log", "dir/kept"
    )
    answers = {
        name: context.look(name) for name in ("a", "secret", "secret/x", "b.log", "keep.log", "dir", "none", "a/b")
    }
    assert answers == {
        "a": "there",
        "secret": "ignored",
        "secret/x": "ignored",
        "b.log": "ignored",
        "keep.log": "there",
        "dir": "there",
        "none": "missing",
        "a/b": "missing",
    }


def test_a_path_through_a_link_is_the_builders_to_resolve(tmp_path: Path) -> None:
    context = make(tmp_path, "", "dir/a")
    (tmp_path / "link").symlink_to("dir")
    assert (context.look("link"), context.look("link/a"), context.look("link/none")) == ("there", "unknown", "unknown")


def test_patterns_match_part_by_part_without_what_is_ignored(tmp_path: Path) -> None:
    context = make(tmp_path, "b.txt", "a.txt", "b.txt", "dir/c.txt", "dir/d", "[x].txt")
    assert context.matches("*.txt") == (("[x].txt", "a.txt"), True)
    assert context.matches("*/*.txt") == (("dir/c.txt",), True)
    assert context.matches("[^a-z]x?.txt") == (("[x].txt",), True)
    assert context.matches("none/*") == ((), True)


def test_useless_folders_are_weighed_and_named_the_largest_first(tmp_path: Path) -> None:
    context = make(
        tmp_path, ".venv", ".git/a", "web/node_modules/p/index.js", "src/a", ".venv/x", "x/__pycache__/y", size=100
    )
    make(tmp_path, "", "web/node_modules/q/big.js", size=1000)
    size = context.size()
    assert (size.bytes, size.files, size.complete) == (1400, 5, True)
    assert size.useless == (("web/node_modules", 1100), (".git", 100), ("x/__pycache__", 100))


def test_a_folder_called_target_is_useless_only_beside_what_builds_into_it(tmp_path: Path) -> None:
    assert make(tmp_path, "", "target/a").size().useless == ()
    (tmp_path / "Cargo.toml").write_text("")
    assert make(tmp_path, "", "target/a").size().useless == (("target", 1),)


def test_what_is_ignored_is_not_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = make(tmp_path, "node_modules\n!other/*", *(f"node_modules/{number}/x" for number in range(50)), "a")
    monkeypatch.setattr(module, "ENTRY_LIMIT", 20)
    context = make(tmp_path, "node_modules\n!other", "a")
    assert (context.size().complete, context.size().files) == (True, 1)


def test_a_huge_tree_is_cut_and_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRY_LIMIT", 30)
    size = make(tmp_path, "", *(f"{number // 10}/{number}" for number in range(100))).size()
    assert not size.complete
    assert 0 < size.files <= 30


def test_links_are_counted_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    os.symlink("..", tmp_path / "a" / "up")
    os.symlink("/", tmp_path / "root")
    assert Context(str(tmp_path)).size().files == 2
