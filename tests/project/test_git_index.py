"""git's index as data agrees with git, for every version that git writes; anything else is refused, not misread."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devbox.core.git_checks import Tracked
from devbox.project.git_index import parse_index, parse_listing

GIT = shutil.which("git")


def git(folder: Path, *words: str) -> bytes:
    assert GIT, "git is needed for these tests"
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run([GIT, "-C", str(folder), *words], env=env, capture_output=True, check=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "--template=", ".")
    for name in ("a", "a.sh", "deep/er/file", "deep/erlang", "ünï", "sp ace", "x" * 120, "x" * 121, "z"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "a.sh").chmod(0o755)
    (tmp_path / "link").symlink_to("a")
    (tmp_path / os.fsdecode(b"not-\xff-utf8")).write_text("")
    git(tmp_path, "add", ".")
    git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    return tmp_path


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_it_agrees_with_git(version: str, repository: Path) -> None:
    if version == "3":
        git(repository, "add", "--intent-to-add", "--force", ".")
        git(repository, "update-index", "--skip-worktree", "z")
    else:
        git(repository, "update-index", "--index-version", version)
    data = (repository / ".git/index").read_bytes()
    assert data[4:8] == struct.pack(">L", int(version))
    listed = parse_listing(git(repository, "ls-files", "--stage", "-z"))
    read = parse_index(data)
    assert [(one.path, one.mode) for one in read] == [(one.path, one.mode) for one in listed]
    assert {one.path: one.size for one in read}["x" * 120] == 120


def test_a_conflict_is_one_file(repository: Path) -> None:
    entries = "".join(f"100644 {str(stage) * 40} {stage}\tboth\n" for stage in (1, 2, 3))
    argv = [GIT or "git", "-C", str(repository), "update-index", "--index-info"]
    subprocess.run(argv, input=entries.encode(), check=True)
    read = parse_index((repository / ".git/index").read_bytes())
    assert [one.path for one in read].count("both") == 1
    assert [one.path for one in parse_listing(git(repository, "ls-files", "--stage", "-z"))].count("both") == 1


def test_a_split_index_is_refused_by_name(repository: Path) -> None:
    git(repository, "update-index", "--split-index")
    with pytest.raises(ValueError, match="a split index"):
        parse_index((repository / ".git/index").read_bytes())


@settings(max_examples=100)
@given(st.integers(0, 4000), st.binary(max_size=8))
def test_a_damaged_index_is_refused_or_read_but_never_breaks(place: int, noise: bytes) -> None:
    data = bytearray(_small())
    place %= len(data)
    data[place : place + len(noise)] = noise
    with suppress(ValueError):
        assert all(isinstance(one, Tracked) for one in parse_index(bytes(data)))


@given(st.integers(0, 300))
def test_a_cut_index_is_refused(length: int) -> None:
    data = _small()
    if length < len(data) - 20:
        with pytest.raises(ValueError):
            parse_index(data[:length])


def _small() -> bytes:
    body = b"DIRC" + struct.pack(">LL", 2, 3)
    for name in (b"a", b"bb/c", b"dddddddd"):
        entry = struct.pack(">10L20sH", 0, 0, 0, 0, 0, 0, 0o100644, 0, 0, 7, b"\0" * 20, len(name)) + name
        body += entry + b"\0" * (8 - len(entry) % 8)
    return body + hashlib.sha1(body).digest()
