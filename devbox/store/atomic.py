"""Write a file so that after a crash, a full disk or kill -9 the old content is there or the new (security.md 8.1).

Never through a symlink: one in the place of the file is replaced, one in the place of its folder is an error.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from devbox.failpoint import failpoint
from devbox.store.paths import storage_error

PRIVATE_FILE = 0o600


def write_atomic(path: Path, content: bytes, *, mode: int | None = PRIVATE_FILE) -> None:
    """Replace `path` by `content`, durably; its folder must exist. `mode` None gives a project file the user's umask.

    Raises ExhaustedError (with path and remedy) for a full or read-only disk, ConfigError for anything else; the old
    file is intact then.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise storage_error(error, path) from error
    try:
        _replace(folder, path.name, content, mode)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        os.close(folder)


def _replace(folder: int, name: str, content: bytes, mode: int | None) -> None:
    temporary = f".{name}.{os.urandom(6).hex()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o666 if mode is None else mode, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        failpoint("write-file.before")
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)
    failpoint("write-file.after")
