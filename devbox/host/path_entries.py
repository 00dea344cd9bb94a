"""PATH as a list of folders: which of them others may write, and whose shims come too late."""

from __future__ import annotations

import os
import stat

from devbox.core.environment_checks import PathEntry
from devbox.host.path import SHIM_FOLDERS, SearchPath
from devbox.host.program import COMMANDS

SYSTEM_FOLDERS = ("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin")


def path_entries(search: SearchPath, *, wsl: bool) -> tuple[PathEntry, ...]:
    """Every absolute entry outside the project, in order. Entries that are no folder are ordinary and left out; so are
    Windows' own under WSL, where modes mean nothing."""
    shims = {_real(_shims(search, manager)): manager for manager in SHIM_FOLDERS}
    found: list[PathEntry] = []
    system: list[str] = []
    for entry in search.entries:
        directory = entry.directory
        if entry.refused or (wsl and directory.startswith("/mnt/")) or not os.path.isdir(directory):
            continue
        real = _real(directory)
        manager = shims.get(real)
        before, names = _hidden(directory, system) if manager else (None, ())
        found.append(PathEntry(directory, real, _open(directory), manager, before, names))
        if directory in SYSTEM_FOLDERS:
            system.append(directory)
    return tuple(found)


def _hidden(shims: str, before: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """The system folder that comes first, and the tools that both have."""
    for folder in before:
        names = tuple(
            name
            for names in COMMANDS.values()
            for name in names
            if os.path.exists(os.path.join(shims, name)) and os.access(os.path.join(folder, name), os.X_OK)
        )
        if names:
            return folder, names
    return None, ()


def _shims(search: SearchPath, manager: str) -> str:
    variable, root, folder = SHIM_FOLDERS[manager]
    return os.path.join(search.env.get(variable) or os.path.join(search.home, root), folder)


def _real(path: str) -> str:
    return os.path.realpath(path)


def _open(directory: str) -> bool:
    try:
        return bool(os.stat(directory).st_mode & stat.S_IWOTH)
    except OSError:
        return False
