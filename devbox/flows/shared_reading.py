"""One directory's machine, remembering what it has looked at: many directories ask for the same files and programs."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace

from devbox.core.toolchain.selection import Program
from devbox.flows.toolchains.machine import Machine
from devbox.host.path import Boundary, SearchPath
from devbox.project.pins.files import VersionFiles


def remembering(machine: Machine) -> Machine:
    """The same machine; what was read and refused before stays known."""
    path = machine.path
    known = _KnownPath(path.env, path.home, path.cwd, path.boundary)
    return replace(machine, files=_KnownFiles(machine.files), path=known)


class _KnownFiles(VersionFiles):
    """Looks at each name once: three hundred folders ask for the same files above them."""

    def __init__(self, files: VersionFiles) -> None:
        super().__init__(files.root)
        self.refused, self._read = files.refused, files._read
        self._regular: dict[str, bool] = {}
        self._noted: set[str] = set()
        self._names: dict[str, frozenset[str] | None] = {}

    def is_file(self, path: str) -> bool:
        known = self._regular.get(path)
        if known is None:
            known = self._regular[path] = self._is_there(path) and super().is_file(path)
        return known

    def note_irregular(self, path: str) -> None:
        if path not in self._noted and self._is_there(path):
            super().note_irregular(path)
        self._noted.add(path)

    def _is_there(self, path: str) -> bool:
        """By the folder's list of names, read once: most names that are asked for are not there. A folder that cannot
        be listed may still hold what is asked for."""
        folder, _, name = path.rpartition("/")
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder or "/"))
            except (FileNotFoundError, NotADirectoryError):
                self._names[folder] = frozenset()
            except (OSError, ValueError):
                self._names[folder] = None
        names = self._names[folder]
        return names is None or name in names


class _KnownPath(SearchPath):
    """Searches PATH once for each tool."""

    def __init__(self, env: Mapping[str, str], home: str, cwd: str, boundary: Boundary) -> None:
        super().__init__(env, home, cwd, boundary)
        self._found: dict[object, Program | None] = {}

    def find(self, tool: str, commands: Collection[str], *, without: Collection[str] = ()) -> Program | None:
        key = (tool, tuple(commands), tuple(without))
        if key not in self._found:
            self._found[key] = super().find(tool, commands, without=without)
        return self._found[key]
