"""From which folders of a PATH programs may be run on the user's behalf (security.md 5.1). Runs nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path


def safe_folders(path: str, outside: Sequence[Path] = ()) -> list[str]:
    """The entries of a PATH that are absolute, lie outside these folders, and are nobody else's to write."""
    real = [Path(os.path.realpath(each)) for each in outside]
    folders = []
    for folder in path.split(os.pathsep):
        try:
            found = os.stat(folder) if os.path.isabs(folder) else None
        except (OSError, ValueError):
            continue
        if found is None or found.st_uid not in (0, os.geteuid()) or found.st_mode & stat.S_IWOTH:
            continue
        if not any(Path(os.path.realpath(folder)).is_relative_to(each) for each in real):
            folders.append(folder)
    return folders
