"""The file system below a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.host.disk import case_sensitive, disk_of, parse_mounts

MOUNTS = """\
21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 21 0:25 / /mnt/c rw,noatime - 9p drvfs rw
31 21 0:26 / /home/my\\040work rw,noexec shared:1 - nfs4 srv:/x rw
32 21 0:27 / /home/my\\040work rw - tmpfs none rw
nonsense
"""


@pytest.mark.parametrize(
    ("folder", "kind", "point"),
    [
        ("/home/me", "ext4", "/"), ("/mnt/c/proj", "9p", "/mnt/c"), ("/mnt/cellar", "ext4", "/"),
        ("/home/my work/p", "tmpfs", "/home/my work"), ("/mnt/c", "9p", "/mnt/c"),
    ],
)  # fmt: skip
def test_the_innermost_and_latest_mount_holds_a_folder(folder: str, kind: str, point: str) -> None:
    assert parse_mounts(MOUNTS, folder) == (kind, point)


def test_this_machines_own_disk_is_known_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "Name").write_text("")
    before = os.stat(tmp_path).st_mtime_ns
    disk = disk_of(str(tmp_path))
    assert disk.writable is True
    assert disk.runs_programs is not None or disk.reason
    assert disk.case_sensitive is not (tmp_path / "nAME").exists()
    assert os.stat(tmp_path).st_mtime_ns == before


def test_both_cases_present_prove_nothing_by_that_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    if (tmp_path / "A").exists():
        pytest.skip("this file system does not tell case")
    (tmp_path / "A").write_text("")
    (tmp_path / "1").write_text("")
    assert case_sensitive(str(tmp_path)) is True, "the folder's own name serves"


def test_a_folder_that_is_gone_is_unknown(tmp_path: Path) -> None:
    disk = disk_of(str(tmp_path / "gone"))
    assert (disk.kind, disk.case_sensitive, disk.reason) == (None, None, "No such file or directory")
