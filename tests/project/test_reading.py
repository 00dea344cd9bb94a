"""The one reader of project files: what it follows, what it refuses, and that nothing makes it hang or leave."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from devbox.project.reading import (
    ABSENT,
    Refused,
    list_project_folder,
    read_outside_file,
    read_project_file,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "file").write_bytes(b"inside")
    (tmp_path / "secret").write_bytes(b"outside")
    return folder


def reason(result: object) -> str:
    assert isinstance(result, Refused), result
    return result.reason


def test_a_regular_file_is_read(root: Path) -> None:
    assert read_project_file(root, "sub/file") == b"inside"
    assert read_project_file(root, "./sub/../sub//file") == b"inside"


def test_what_is_not_there_is_absent(root: Path) -> None:
    assert read_project_file(root, "nothing") is ABSENT
    assert read_project_file(root, "sub/file/below") is ABSENT
    assert read_project_file(root / "gone", "file") is ABSENT


def test_links_that_stay_inside_are_followed(root: Path) -> None:
    (root / "near").symlink_to("sub/file")
    (root / "sub" / "up").symlink_to("../near")
    (root / "absolute").symlink_to(root / "sub")
    assert read_project_file(root, "sub/up") == b"inside"
    assert read_project_file(root, "absolute/up") == b"inside"


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd", "sub/../../secret", "../project-two/file"])
def test_links_that_leave_the_root_are_refused(root: Path, target: str) -> None:
    (root.parent / "project-two").mkdir()
    (root.parent / "project-two" / "file").write_bytes(b"a root's name is not a prefix of text")
    (root / "link").symlink_to(target)
    assert reason(read_project_file(root, "link")) == "outside"


def test_an_absolute_link_to_a_root_of_longer_name_is_outside(root: Path) -> None:
    (root.parent / "project-two").mkdir()
    (root / "link").symlink_to(root.parent / "project-two")
    assert reason(read_project_file(root, "link/file")) == "outside"


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "sub/../../secret"])
def test_paths_that_leave_the_root_are_refused(root: Path, path: str) -> None:
    assert reason(read_project_file(root, path)) == "outside"


def test_a_link_that_was_swapped_in_for_a_folder_does_not_lead_out(root: Path) -> None:
    (root / "folder").symlink_to("..")
    assert reason(read_project_file(root, "folder/secret")) == "outside"


def test_link_cycles_end(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    assert reason(read_project_file(root, "a")) == "loop"


def test_only_regular_files_are_read_and_a_fifo_never_blocks(root: Path) -> None:
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(root)  # socket paths are short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        assert reason(read_project_file(root, "socket")) == "socket"
    assert reason(read_project_file(root, "fifo")) == "fifo"
    assert reason(read_project_file(root, "sub")) == "directory"
    assert reason(read_project_file(root, ".")) == "directory"
    assert reason(read_outside_file("/dev/null")) == "device"


def test_size_is_bounded_to_the_byte(root: Path) -> None:
    (root / "big").write_bytes(b"x" * 100)
    assert read_project_file(root, "big", limit=100) == b"x" * 100
    assert reason(read_project_file(root, "big", limit=99)) == "too-large"


def test_a_file_that_lies_about_its_size_is_bounded_too() -> None:
    assert reason(read_outside_file("/proc/self/smaps", limit=64)) == "too-large"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission_is_unreadable_not_absent(root: Path) -> None:
    (root / "closed").write_bytes(b"")
    (root / "closed").chmod(0)
    assert reason(read_project_file(root, "closed")) == "unreadable"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300])
def test_impossible_names_are_refused(root: Path, name: str) -> None:
    assert reason(read_project_file(root, name)) == "unreadable"


def test_no_descriptor_is_left_open(root: Path) -> None:
    (root / "near").symlink_to("sub/file")
    before = os.listdir("/proc/self/fd")
    for path in ("near", "sub", "nothing", "../secret", "sub/file"):
        read_project_file(root, path)
        list_project_folder(root, path)
    assert os.listdir("/proc/self/fd") == before


def test_a_folder_is_listed_sorted_and_never_through_a_way_out(root: Path) -> None:
    (root / "sub" / "another").touch()
    (root / "out").symlink_to("..")
    assert list_project_folder(root, "sub") == ("another", "file")
    assert reason(list_project_folder(root, "out")) == "outside"
    assert reason(list_project_folder(root, "sub/file")) == "not-a-folder"
    assert list_project_folder(root, "nothing") is ABSENT


def test_files_outside_may_be_links_of_the_user(root: Path, tmp_path: Path) -> None:
    (tmp_path / "dotfile").symlink_to(root / "sub" / "file")
    assert read_outside_file(tmp_path / "dotfile") == b"inside"
    assert read_outside_file(tmp_path / "none") is ABSENT
