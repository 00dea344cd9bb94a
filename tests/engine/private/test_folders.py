"""The engine's folders: only root's, locked while they change, nothing left mounted below them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from devbox.core.errors import BusyError, EngineError
from devbox.core.events import Waiting
from devbox.engine.private.guard import locked, make_folders, wait_for_lock
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.mounts import mounts_below, unmount_below
from devbox.engine.stream import Cancellation

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def layout(tmp_path: Path) -> PrivateLayout:
    return PrivateLayout(tmp_path / "lib", tmp_path / "run")


def test_two_layouts_have_different_marks_that_fit_interface_names(tmp_path: Path) -> None:
    one, two = PrivateLayout(tmp_path / "a").mark, PrivateLayout(tmp_path / "b").mark
    assert one != two
    assert len(one) <= 15  # IFNAMSIZ - 1


@needs_root
def test_folders_are_made_and_made_again(layout: PrivateLayout) -> None:
    make_folders(layout)
    make_folders(layout)
    assert (layout.root.stat().st_mode & 0o777, layout.root.stat().st_uid) == (0o755, 0)


@needs_root
@pytest.mark.parametrize("spoil", ["others may write", "another owner", "a link", "a file"])
def test_a_folder_that_others_can_change_is_refused(layout: PrivateLayout, tmp_path: Path, spoil: str) -> None:
    if spoil == "a link":
        (tmp_path / "elsewhere").mkdir()
        layout.root.symlink_to(tmp_path / "elsewhere")
    elif spoil == "a file":
        layout.root.touch()
    else:
        layout.root.mkdir()
        if spoil == "another owner":
            os.chown(layout.root, 65534, 65534)
        else:
            layout.root.chmod(0o777)
    with pytest.raises(EngineError, match=str(layout.root)):
        make_folders(layout)


def test_the_lock_is_held_by_one_and_waiting_is_said(layout: PrivateLayout) -> None:
    layout.run.mkdir()
    with locked(layout) as first, locked(layout) as second:
        assert list(wait_for_lock(first, Cancellation(), 0)) == []
        events = wait_for_lock(second, Cancellation(), 0.3)
        assert isinstance(next(events), Waiting)
        with pytest.raises(BusyError):
            list(events)
    with locked(layout) as third:
        assert list(wait_for_lock(third, Cancellation(), 0)) == []


@needs_root
def test_mounts_upon_mounts_with_strange_names_are_unmounted(tmp_path: Path) -> None:
    folder = tmp_path / "a b\\c\td"
    folder.mkdir()
    beside = tmp_path / "a b\\c\td-beside"
    beside.mkdir()
    for target in (folder, folder, beside):
        subprocess.run(["/bin/mount", "-t", "tmpfs", "tmpfs", target], check=True, timeout=10)
    inner = folder / "inner"
    inner.mkdir()
    subprocess.run(["/bin/mount", "-t", "tmpfs", "tmpfs", inner], check=True, timeout=10)
    assert len(mounts_below(folder)) == 3
    assert unmount_below(folder) == ()
    assert mounts_below(folder) == ()
    assert len(mounts_below(beside)) == 1
    assert unmount_below(beside) == ()
