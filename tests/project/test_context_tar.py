"""The context as tar: what is sent, as whom, and in a form the daemon recognises."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from devbox.core.errors import BuildError, ConfigError
from devbox.project.context_tar import OUTSIDE_NAME, pack_context


def unpacked(
    context: Path, dockerfile: Path | None = None, ignore_text: str | None = None
) -> tuple[str, dict[str, tarfile.TarInfo]]:
    packed = pack_context(str(context), str(dockerfile or context / "Dockerfile"), ignore_text=ignore_text)
    data = b"".join(packed.blocks)
    assert data[257:263] == b"ustar ", "the first member is a plain GNU header"
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return packed.dockerfile, {member.name: member for member in archive.getmembers()}


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "deep" / "a.py").write_text("a")
    (tmp_path / "src" / "b.log").write_text("b")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o750)
    return tmp_path


def test_everything_is_sent_as_root_with_its_mode_and_whole_seconds(context: Path) -> None:
    os.utime(context / "run.sh", (1.5, 1_600_000_000.75))
    dockerfile, members = unpacked(context)
    assert dockerfile == "Dockerfile"
    assert list(members) == ["Dockerfile", "link", "run.sh", "src", "src/b.log", "src/deep", "src/deep/a.py"]
    assert {(m.uid, m.gid, m.uname) for m in members.values()} == {(0, 0, "")}
    assert (members["run.sh"].mode, members["run.sh"].mtime) == (0o750, 1_600_000_000)


def test_symlink_is_sent_and_not_followed(context: Path) -> None:
    _, members = unpacked(context)
    assert (members["link"].issym(), members["link"].linkname) == (True, "/etc/passwd")


def test_ignored_files_stay_here_but_what_the_builder_needs_goes(context: Path) -> None:
    (context / ".dockerignore").write_text("*\n!src/deep\n")
    _, members = unpacked(context)
    assert list(members) == [".dockerignore", "Dockerfile", "src", "src/deep", "src/deep/a.py"]


def test_ignore_file_of_the_dockerfile_wins(context: Path) -> None:
    (context / ".dockerignore").write_text("*\n")
    _, members = unpacked(context, ignore_text="src\n")
    assert "run.sh" in members
    assert "src" not in members


def test_dockerfile_from_outside_is_added_and_taken_away_again(
    context: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "Dockerfile"
    elsewhere.write_text("FROM y\n")
    dockerfile, members = unpacked(context, elsewhere)
    assert dockerfile == OUTSIDE_NAME
    assert members[OUTSIDE_NAME].size == len("FROM y\n")


def test_unreadable_names_are_carried_as_they_are(context: Path) -> None:
    name = os.fsencode(context) + b"/caf\xe9"
    Path(os.fsdecode(name)).write_text("x")
    _, members = unpacked(context)
    assert os.fsdecode(b"caf\xe9") in members


def test_long_paths_arrive_whole(context: Path) -> None:
    deep = context.joinpath(*["d" * 60] * 5)
    deep.mkdir(parents=True)
    (deep / "f").write_text("x")
    _, members = unpacked(context)
    assert str((deep / "f").relative_to(context)) in members


def test_fifo_does_not_block(context: Path) -> None:
    os.mkfifo(context / "pipe")
    _, members = unpacked(context)
    assert members["pipe"].isfifo()


def test_ignore_file_that_is_no_file_is_an_error(context: Path) -> None:
    (context / ".dockerignore").mkdir()
    with pytest.raises(ConfigError, match="is a folder"):
        unpacked(context)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file_is_named(context: Path) -> None:
    (context / "run.sh").chmod(0)
    with pytest.raises(BuildError, match=r"run\.sh"):
        unpacked(context)
