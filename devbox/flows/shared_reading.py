"""Many directories of one repository, read as one: each file, name and program is looked at once, and a manager is
asked about a directory only where it could find something there."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from devbox.core.toolchain.selection import Program, Selection
from devbox.flows.toolchains import MANAGERS, spoken_for
from devbox.flows.toolchains.machine import Machine
from devbox.host.path import Boundary, SearchPath
from devbox.project.pins.files import VersionFiles

_NOWHERE = ".devbox-asks-what-would-be-read-here"
"""A folder that is not there."""
_LISTED = frozenset((".config", ".mise", "mise", ".devcontainer"))
"""Folders whose names a manager may list instead of asking for a name."""
_OF_THE_ROOT = frozenset(("github-actions",))
"""What is read at a repository's root only."""
_OF_THE_FOLDER = frozenset(("sdkman", "fnm"))
"""Who may read the working directory alone, so that the folder above says nothing for it."""


def remembering(machine: Machine) -> Machine:
    """The same machine; what was read and refused before stays known."""
    path = machine.path
    known = _KnownPath(path.env, path.home, path.cwd, path.boundary)
    return replace(machine, files=_KnownFiles(machine.files), path=known)


class Readers:
    """Every manager's word on every folder.

    A manager that looks for nothing in a folder that is there would say what it says of the folder above; so it is
    asked what it looks for, once, in a folder that does not exist, and later only where one of those names stands.
    Folders must come parents first.
    """

    def __init__(self, machine: Machine) -> None:
        """`machine` is `remembering`; its `cwd` does not matter."""
        self._root = machine.files.root
        self._names: dict[str, frozenset[str]] = {}
        self._said: dict[str, dict[str, tuple[Selection, ...]]] = {"": {}}
        nowhere = os.path.join(self._root, _NOWHERE)
        for name, select in MANAGERS.items():
            files = _Asked(machine.files, nowhere)
            self._said[""][name] = select(replace(machine, cwd=nowhere, files=files, pins=(), images=()))
            self._names[name] = frozenset(files.asked)

    def select_for(self, folder: str) -> Callable[[Machine], tuple[Selection, ...]]:
        """What reads the toolchains of that folder, relative to the root, in place of `select_all`."""
        return lambda machine: self._select(machine, "" if folder == "." else folder)

    def _select(self, machine: Machine, folder: str) -> tuple[Selection, ...]:
        above = self._above(folder)
        here = frozenset(machine.files.names(machine.cwd))
        below = replace(machine, files=_Below(machine.files, machine.cwd))
        said = {
            name: select(below) if self._speaks(name, machine, here) else above[name]
            for name, select in MANAGERS.items()
        }
        self._said[folder] = said
        return spoken_for(tuple(selection for selections in said.values() for selection in selections))

    def _above(self, folder: str) -> dict[str, tuple[Selection, ...]]:
        while folder not in self._said:
            folder = os.path.dirname(folder)
        return self._said[folder]

    def _speaks(self, name: str, machine: Machine, here: frozenset[str]) -> bool:
        if name in _OF_THE_ROOT:
            return False
        if name in _OF_THE_FOLDER:
            return True
        written = (name == "devbox" and machine.pins) or (name == "dockerfile" and machine.images)
        return bool(written) or not here.isdisjoint(self._names[name]) or not here.isdisjoint(_LISTED)


class _KnownFiles(VersionFiles):
    """Looks at each name once: three hundred folders ask for the same files above them."""

    def __init__(self, files: VersionFiles) -> None:
        super().__init__(files.root)
        self.refused, self._read = files.refused, files._read
        self._regular: dict[str, bool] = {}
        self._noted: set[str] = set()
        self._listed: dict[str, frozenset[str] | None] = {}

    def is_file(self, path: str) -> bool:
        known = self._regular.get(path)
        if known is None:
            known = self._regular[path] = self._is_there(path) and super().is_file(path)
        return known

    def size(self, path: str) -> int | None:
        return super().size(path) if self._is_there(path) else None

    def note_irregular(self, path: str) -> None:
        if path not in self._noted and self._is_there(path):
            super().note_irregular(path)
        self._noted.add(path)

    def _is_there(self, path: str) -> bool:
        """By the folder's list of names, read once: most names that are asked for are not there. A folder that cannot
        be listed may still hold what is asked for."""
        folder, _, name = path.rpartition("/")
        if folder not in self._listed:
            try:
                self._listed[folder] = frozenset(os.listdir(folder or "/"))
            except (FileNotFoundError, NotADirectoryError):
                self._listed[folder] = frozenset()
            except (OSError, ValueError):
                self._listed[folder] = None
        names = self._listed[folder]
        return names is None or name in names


class _Below(VersionFiles):
    """The same files with a sub-project as their root; paths are shown from the repository's root all the same."""

    def __init__(self, files: VersionFiles, root: str) -> None:
        super().__init__(root)
        self.refused = files.refused
        self._files = files

    def shown(self, path: str) -> str:
        return self._files.shown(path)

    def read(self, path: str) -> bytes | None:
        return self._files.read(path)

    def is_file(self, path: str) -> bool:
        return self._files.is_file(path)

    def size(self, path: str) -> int | None:
        return self._files.size(path)

    def note_irregular(self, path: str) -> None:
        self._files.note_irregular(path)

    def names(self, folder: str) -> tuple[str, ...]:
        return self._files.names(folder)


class _Asked(_Below):
    """Remembers which names are asked for below one folder: the first component of each."""

    def __init__(self, files: VersionFiles, folder: str) -> None:
        super().__init__(files, folder)
        self.asked: set[str] = set()

    def _ask(self, path: str) -> None:
        if path.startswith(f"{self.root}/"):
            self.asked.add(path[len(self.root) + 1 :].partition("/")[0])

    def read(self, path: str) -> bytes | None:
        self._ask(path)
        return super().read(path)

    def is_file(self, path: str) -> bool:
        self._ask(path)
        return super().is_file(path)

    def size(self, path: str) -> int | None:
        self._ask(path)
        return super().size(path)


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
