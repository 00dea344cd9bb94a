"""Read the user's own small files, outside any project: docker's and devbox's settings (security.md 3.1).

Links are followed, because people keep such files in repositories of their own; anything but a regular file of at most
1 MiB is refused.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from devbox.core.errors import ConfigError

LIMIT = 1 << 20


def read_user_file(path: Path) -> bytes | None:
    """The content, or None when there is no such file. Raises ConfigError when it can't or must not be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or "not a valid path") from error
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _unreadable(path, "not a regular file")
        try:
            content = file.read(LIMIT + 1)
        except OSError as error:
            raise _unreadable(path, error.strerror or "read error") from error
    if len(content) > LIMIT:
        raise _unreadable(path, "longer than 1 MiB")
    return content


def _unreadable(path: Path, why: str) -> ConfigError:
    return ConfigError(f"cannot read {path}: {why}", path=str(path))
