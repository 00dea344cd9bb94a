"""The engine's two folders and the lock on them: one start, stop or installation at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devbox.core.errors import BusyError, EngineError
from devbox.core.events import Event, Waiting
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.stream import Cancellation

_STEP = 0.1


def make_folders(layout: PrivateLayout) -> None:
    """Make both folders, root's, readable by all (the data in them is dockerd's to protect).

    EngineError where a path is something else, or another user could change what runs as root."""
    for folder in (layout.root, layout.run):
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
        except FileNotFoundError:
            raise EngineError(f"the folder {folder.parent} does not exist") from None
        except FileExistsError:
            raise EngineError(f"{folder} exists and is not a folder") from None
        _check_owned(folder)


@contextmanager
def locked(layout: PrivateLayout) -> Iterator[int]:
    """An open lock file; `wait_for_lock` takes the lock, leaving the body releases it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(layout.lock, flags, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def wait_for_lock(descriptor: int, cancel: Cancellation, seconds: float | None) -> Iterator[Event]:
    """Take the lock, saying so while another process holds it; BusyError after `seconds` (None waits without end)."""
    waited = 0.0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if seconds is not None and waited >= seconds:
                raise BusyError("another devbox is starting or stopping the private engine") from None
            if waited % 1 < _STEP:
                yield Waiting("another devbox that is starting or stopping the private engine", waited)
            cancel.wait(_STEP)
            waited += _STEP
        else:
            return


def _check_owned(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise EngineError(
            f"{folder} is not a folder that only root can change", hint=f"look at it, then `sudo chmod go-w {folder}`"
        )
