"""A folder that holds one folder for each installed version, as most managers lay it out (spec/toolchains.md 16)."""

from __future__ import annotations

import os
from collections.abc import Collection

from devbox.core.frozen import dataclass
from devbox.host.path import executable

_ENTRY_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class VersionsFolder:
    """Names directly below `path`; nothing outside it is ever looked at, whatever name is asked for."""

    path: str

    def folder(self, name: str) -> str | None:
        """The folder of a version, links followed; None where there is none or the name is no plain name."""
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            return None
        path = os.path.join(self.path, name)
        try:
            return path if os.path.isdir(path) else None
        except ValueError:
            return None

    def names(self) -> tuple[str, ...]:
        """The installed versions, sorted as text; hidden names are none."""
        return tuple(name for name in folder_names(self.path) if not name.startswith(".") and self.folder(name))

    def program(self, name: str, commands: Collection[str], below: Collection[str] = ("bin",)) -> str | None:
        """The first of these programs in a version; `below` are the folders in it that hold programs."""
        folder = self.folder(name)
        return program_in(folder, commands, below) if folder else None


def program_in(folder: str, commands: Collection[str], below: Collection[str] = ("bin",)) -> str | None:
    """The first of these programs in an installation."""
    paths = (os.path.normpath(os.path.join(folder, part, command)) for command in commands for part in below)
    return next((path for path in paths if executable(path)), None)


def folder_names(path: str) -> tuple[str, ...]:
    """The names in a folder, sorted, bounded; none where it cannot be listed."""
    try:
        with os.scandir(path) as entries:
            return tuple(sorted(entry.name for entry, _ in zip(entries, range(_ENTRY_LIMIT), strict=False)))
    except (OSError, ValueError):
        return ()
