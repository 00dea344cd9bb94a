"""What answers when a command is called: PATH, read by rule (spec/toolchains.md 19, rules 1 and 2).

Nothing is run here. Entries that are empty, relative or inside the project are never a place to run from; a version
manager's shim is recognised by its folder or its content.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping

from devbox.core.frozen import dataclass
from devbox.core.toolchain.selection import Program

SHIM_FOLDERS = {
    "pyenv": ("PYENV_ROOT", ".pyenv", "shims"),
    "nodenv": ("NODENV_ROOT", ".nodenv", "shims"),
    "rbenv": ("RBENV_ROOT", ".rbenv", "shims"),
    "jenv": ("JENV_ROOT", ".jenv", "shims"),
    "asdf": ("ASDF_DATA_DIR", ".asdf", "shims"),
    "mise": ("MISE_DATA_DIR", ".local/share/mise", "shims"),
    "volta": ("VOLTA_HOME", ".volta", "bin"),
    "rustup": ("CARGO_HOME", ".cargo", "bin"),
    "tfenv": ("TFENV_ROOT", ".tfenv", "bin"),
}
"""Manager → (variable that moves its root, the root below HOME, the folder of shims)."""

_PROXY_PROGRAMS = {"mise": "mise", "volta-shim": "volta", "rustup": "rustup", "asdf": "asdf"}
"""Programs that answer under other names through links."""
_COREPACK = "/corepack/dist/"
"""Where its shims lead: it downloads and runs what package.json names."""
_SHIM_WORDS = ("pyenv", "nodenv", "rbenv", "jenv", "asdf", "mise", "tfenv")
_PEEK = 512
"""Bytes of a script that are looked at for a manager's `exec`."""
_ENTRY_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of PATH."""

    directory: str
    """As written; empty stands for the working directory."""
    refused: str | None = None
    """Why nothing is run from here."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """What counts as the project's: programs below it are data, not programs."""

    roots: tuple[str, ...]
    """Canonical folders; empty where the working directory is HOME itself or above it."""
    uid: int

    def holds(self, path: str) -> bool:
        """Whether the path, links resolved, lies inside, or is a project's own folder of programs wherever it lies."""
        real = os.path.realpath(path)
        return any(real == root or real.startswith(f"{root.rstrip('/')}/") for root in self.roots)


class SearchPath:
    """PATH of the caller, with the project fenced off."""

    def __init__(self, env: Mapping[str, str], home: str, cwd: str, boundary: Boundary) -> None:
        self.env = env
        self.home = home
        self.cwd = cwd
        self.boundary = boundary
        self.entries = tuple(self._entry(word) for word in env.get("PATH", "").split(os.pathsep)[:_ENTRY_LIMIT])
        self._shims = {
            os.path.realpath(os.path.join(env.get(variable) or os.path.join(home, root), folder)): manager
            for manager, (variable, root, folder) in SHIM_FOLDERS.items()
        }

    def find(self, tool: str, commands: Collection[str], *, without: Collection[str] = ()) -> Program | None:
        """The first program of these names, tried in order; entries in `without` (canonical) are passed over."""
        for command in commands:
            for entry in self.entries:
                folder = entry.directory if os.path.isabs(entry.directory) else os.path.join(self.cwd, entry.directory)
                if os.path.realpath(folder) in without:
                    continue
                program = self._program(tool, os.path.join(folder, command), entry)
                if program is not None:
                    return program
        return None

    def find_all(self, tool: str, commands: Collection[str]) -> Iterator[Program]:
        """Every program of these names, entry by entry, in each by name."""
        for entry in self.entries:
            folder = entry.directory if os.path.isabs(entry.directory) else os.path.join(self.cwd, entry.directory)
            for command in commands:
                program = self._program(tool, os.path.join(folder, command), entry)
                if program is not None:
                    yield program

    def contains(self, folder: str) -> bool:
        """Whether the folder is on PATH."""
        wanted = os.path.realpath(folder)
        return any(entry.directory and os.path.realpath(entry.directory) == wanted for entry in self.entries)

    def _entry(self, word: str) -> Entry:
        if not word:
            return Entry(word, "an empty entry means the working directory")
        if not os.path.isabs(word):
            return Entry(word, "a relative entry depends on the working directory")
        if self.boundary.holds(word):
            return Entry(word, "inside the project")
        return Entry(word)

    def _program(self, tool: str, path: str, entry: Entry) -> Program | None:
        found = executable(path)
        if found is None:
            return None
        if entry.refused or self.boundary.holds(path):
            return Program(tool, path, refused=entry.refused or "inside the project")
        manager = self._shims.get(os.path.realpath(os.path.dirname(path))) or shim_manager(path)
        if manager:
            return Program(tool, path, refused=f"a shim of {manager}", shim_of=manager)
        return Program(tool, path, refused=self._unsafe(found, os.path.dirname(os.path.realpath(path))))

    def _unsafe(self, found: os.stat_result, folder: str) -> str | None:
        try:
            above = os.stat(folder)
        except OSError:
            return "its folder cannot be read"
        for status in (found, above):
            if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
                return "anybody may write it"
            if status.st_uid not in (0, self.boundary.uid):
                return "it belongs to another user"
        return None


def executable(path: str) -> os.stat_result | None:
    """The status of an executable regular file, links followed; None for everything else."""
    try:
        status = os.stat(path)
        return status if stat.S_ISREG(status.st_mode) and os.access(path, os.X_OK) else None
    except (OSError, ValueError):
        return None


def shim_manager(path: str) -> str | None:
    """The manager whose shim this program is, by what it links to or what its script calls."""
    target = os.path.realpath(path)
    if _COREPACK in target:
        return "corepack"
    real = os.path.basename(target)
    if real in _PROXY_PROGRAMS and real != os.path.basename(path):
        return _PROXY_PROGRAMS[real]
    if os.path.isfile(os.path.join(os.path.dirname(target), "..", "libexec", "tfenv-exec")):
        return "tfenv"
    try:
        with open(path, "rb") as file:
            start = file.read(_PEEK)
    except OSError:
        return None
    if not start.startswith(b"#!"):
        return None
    words = start.decode("utf-8", "replace")
    if "\n# asdf-plugin: " in words:
        return "asdf"
    return next((name for name in _SHIM_WORDS if f"{name} exec" in words or f'{name}" exec' in words), None)
