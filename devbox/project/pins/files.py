"""Reads version files wherever a manager's rule looks: inside the project, above it, in HOME.

Keeps what was refused, so that one hostile file becomes one finding and hides nothing else (security.md 3).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from devbox.project.reading import (
    ENTRY_LIMIT,
    Absent,
    Refused,
    list_project_folder,
    read_outside_file,
    read_project_file,
)

_PARENT_LIMIT = 128
"""Folders a search goes up."""
_CONFIG_FOLDERS = (".config", ".mise", "mise", "conf.d")
"""Folders in which mise keeps a project's files."""


class VersionFiles:
    """The files of one run: read once, with the paths that reports show."""

    def __init__(self, root: str) -> None:
        """`root` is the canonical project folder."""
        self.root = root
        self.refused: dict[str, Refused] = {}
        """Shown path → why its content is not used, in the order found."""
        self._read: dict[str, bytes | None] = {}

    def shown(self, path: str) -> str:
        """The path as reports give it: relative inside the project, absolute elsewhere."""
        inside = self._inside(path)
        return inside if inside is not None else path

    def read(self, path: str) -> bytes | None:
        """The content of a regular file; None where there is none or it is refused (then it is in `refused`)."""
        path = os.path.normpath(path)
        if path not in self._read:
            inside = self._inside(path)
            content = read_project_file(self.root, inside) if inside is not None else read_outside_file(path)
            if isinstance(content, Refused):
                self.refused.setdefault(self.shown(path), content)
            self._read[path] = None if isinstance(content, (Absent, Refused)) else content
        return self._read[path]

    def is_file(self, path: str) -> bool:
        """Whether a regular file is there, links followed, as a shell's `-f`."""
        try:
            return stat.S_ISREG(os.stat(path).st_mode)
        except (OSError, ValueError):
            return False

    def size(self, path: str) -> int | None:
        """Bytes of what is there, links followed, whatever it is; None where nothing is, as a shell's `-e` and `-s`."""
        try:
            return os.stat(path).st_size
        except (OSError, ValueError):
            return None

    def note_irregular(self, path: str) -> None:
        """Remember a FIFO, device, socket or broken link where a version file would stand; a folder is nothing."""
        try:
            mode = os.lstat(path).st_mode
        except (OSError, ValueError):
            return
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode) and not self.is_file(path):
            self.read(path)

    def nearest(self, name: str, start: str) -> str | None:
        """The nearest regular file of that name from `start` up to `/`."""
        for folder in folders_up(start):
            path = os.path.join(folder, name)
            if self.is_file(path):
                return path
            self.note_irregular(path)
        return None

    def nearest_of_any_kind(self, name: str, start: str) -> str | None:
        """The nearest thing of that name, whatever it is, links followed, from `start` up to `/`: a shell's `-e`."""
        for folder in folders_up(start):
            path = os.path.join(folder, name)
            self.note_irregular(path)
            if self.size(path) is not None:
                return path
        return None

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names in a folder; none where it cannot be listed."""
        inside = "." if folder == self.root else self._inside(folder)
        if inside is not None:
            names = list_project_folder(self.root, inside)
            return names if isinstance(names, tuple) else ()
        try:
            with os.scandir(folder) as entries:
                return tuple(sorted(entry.name for entry, _ in zip(entries, range(ENTRY_LIMIT), strict=False)))
        except (OSError, ValueError):
            return ()

    def _inside(self, path: str) -> str | None:
        root = self.root.rstrip("/")
        return path[len(root) + 1 :] if path.startswith(f"{root}/") else None


def folders_up(start: str) -> Iterator[str]:
    """`start`, its parent, and so on to `/`."""
    folder = os.path.abspath(start)
    for _ in range(_PARENT_LIMIT):
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def is_personal(shown: str, cwd: str, home: str) -> bool:
    """Whether a path, as `VersionFiles.shown` gives it, is a user's or a system's own default: pyenv's global version.

    A team's files lie in the project or in a folder on the way up from `cwd`; variables (`env:NAME`) are nobody's
    default, they are what decides now.
    """
    if not shown.startswith("/"):
        return False
    above = frozenset(folders_up(cwd))
    folder = os.path.dirname(shown)
    if folder in above:
        return False
    while os.path.basename(folder) in _CONFIG_FOLDERS:
        folder = os.path.dirname(folder)
    return folder == home or folder not in above
