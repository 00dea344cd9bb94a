"""The one thing that devbox ever does to a project's own files before a build, and only when asked: set their times."""

from __future__ import annotations

import os
import stat

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def touch(folder: str, path: str) -> None:
    """Give a regular file below `folder` the time of now; its content is not opened for writing. Raises OSError.

    No component of the path may be a link: what lies elsewhere is not the project's.
    """
    *folders, name = path.split("/")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for inner in folders:
            deeper = os.open(inner, _FLAGS | os.O_DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
        file = os.open(name, _FLAGS, dir_fd=descriptor)
    finally:
        os.close(descriptor)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(0, "not a regular file")
        os.utime(file)
    finally:
        os.close(file)
