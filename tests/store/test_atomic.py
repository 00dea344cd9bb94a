"""A file is old or new, never half, whatever interrupts the writer."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from devbox.core.errors import ConfigError, ExhaustedError
from devbox.store.atomic import write_atomic


def test_a_file_is_made_private_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_atomic(path, b"first and longer")
    write_atomic(path, b"second")
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["state.json"]


def test_a_project_file_keeps_the_users_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_atomic(tmp_path / "devbox.toml", b"", mode=None)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "devbox.toml").stat().st_mode) == 0o640


def test_a_link_in_the_place_of_the_file_is_replaced_and_its_target_untouched(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    (tmp_path / "link").symlink_to(target)
    write_atomic(tmp_path / "link", b"new")
    assert target.read_bytes() == b"mine"
    assert not (tmp_path / "link").is_symlink()


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(ConfigError):
        write_atomic(tmp_path / "link" / "file", b"")
    assert os.listdir(tmp_path / "real") == []


@pytest.mark.parametrize(("number", "words"), [
    (errno.ENOSPC, "no space left"), (errno.EROFS, "read-only"), (errno.EDQUOT, "quota"), (errno.EMFILE, "open files"),
])
def test_a_used_up_resource_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    path = tmp_path / "state.json"
    write_atomic(path, b"old")

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ExhaustedError) as caught:
        write_atomic(path, b"new")
    assert words in caught.value.summary
    assert caught.value.path == str(path)
    assert caught.value.hint
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["state.json"]


@pytest.mark.parametrize(("where", "content"), [("before", b"old"), ("after", b"new")])
def test_kill_9_around_the_rename_leaves_one_whole_content(tmp_path: Path, where: str, content: bytes) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    script = (
        "import sys; from pathlib import Path; from devbox.store.atomic import write_atomic;"
        "write_atomic(Path(sys.argv[1]), b'new')"
    )
    env = {**os.environ, "DEVBOX_FAILPOINT": f"write-file.{where}=kill"}
    ended = subprocess.run([sys.executable, "-c", script, path], env=env, cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == -9
    assert path.read_bytes() == content
