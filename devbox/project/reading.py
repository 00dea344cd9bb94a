"""The one function that reads project files, and its sibling for files above the root (security.md 3.1).

Every byte a repository can put before devbox comes through here: relative to a directory descriptor, component by
component, regular files only, bounded. A symlink is followed by hand and only as far as it stays inside the root, so
there is no moment between check and use. It must not interpret content, and nothing else in devbox may open a path
that a project names.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from devbox.core.frozen import dataclass

MIB = 1 << 20
FILE_LIMIT = MIB
"""Bytes; ordinary project files."""
LOCK_LIMIT = 64 * MIB
"""Bytes; dependency lock files."""
ENTRY_LIMIT = 10_000
"""Names a listed folder may hold."""
LINK_LIMIT = 40
"""Symlinks one path may pass through, as in Linux."""

Reason = Literal["too-large", "fifo", "socket", "device", "directory", "not-a-folder", "unreadable", "outside", "loop"]

_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Absent:
    """There is nothing of that name."""


@dataclass(frozen=True, slots=True)
class Refused:
    """There is something, and its content is not used."""

    reason: Reason
    detail: str = ""
    """The system's own words, or what the limit is."""

    @property
    def sentence(self) -> str:
        """What is wrong, to stand after the file's name: `is a FIFO, not a regular file`."""
        words = _SENTENCES[self.reason]
        return f"{words} ({self.detail})" if self.detail else words

    def remedy(self, path: str) -> str:
        """What to do about it, as a hint."""
        return _REMEDIES.get(self.reason, "replace `{}` by a regular file, or remove it").format(path)


ABSENT = Absent()

_SENTENCES: dict[Reason, str] = {
    "too-large": "is too large",
    "fifo": "is a FIFO, not a regular file",
    "socket": "is a socket, not a regular file",
    "device": "is a device, not a regular file",
    "directory": "is a folder, not a regular file",
    "not-a-folder": "is not a folder",
    "unreadable": "cannot be read",
    "outside": "leads outside the project",
    "loop": "passes through too many symbolic links",
}
_REMEDIES: dict[Reason, str] = {"unreadable": "make `{}` readable", "too-large": "shorten `{}`, or remove it"}


def read_project_file(root: Path | str, relative: str, *, limit: int = FILE_LIMIT) -> bytes | Absent | Refused:
    """The content of a regular file below `root`.

    `root` is trusted to be canonical, `relative` is not trusted at all. Symlinks are followed while they stay inside.
    """
    try:
        with ExitStack() as opened:
            reached = _reach(_canonical(root), relative, opened)
            if not isinstance(reached, _Place):
                return reached
            return _read(os.open(reached.name, _FILE_FLAGS, dir_fd=reached.folder), limit)
    except (OSError, ValueError) as error:
        return _failure(error)


def list_project_folder(root: Path | str, relative: str) -> tuple[str, ...] | Absent | Refused:
    """The sorted names in a folder below `root`, undecodable bytes as surrogate escapes."""
    try:
        with ExitStack() as opened:
            reached = _reach(_canonical(root), relative, opened)
            if not isinstance(reached, _Place):
                return reached
            folder = os.open(reached.name, _FOLDER_FLAGS, dir_fd=reached.folder)
            opened.callback(os.close, folder)
            with os.scandir(folder) as entries:
                names = [entry.name for entry, _ in zip(entries, range(ENTRY_LIMIT + 1), strict=False)]
    except NotADirectoryError:
        return Refused("not-a-folder")
    except (OSError, ValueError) as error:
        return _failure(error)
    return Refused("too-large", f"more than {ENTRY_LIMIT} names") if len(names) > ENTRY_LIMIT else tuple(sorted(names))


def read_outside_file(path: Path | str, *, limit: int = FILE_LIMIT) -> bytes | Absent | Refused:
    """The content of a regular file at an absolute path above the root or in HOME, with the same limits.

    Only for places that devbox itself or a version manager's rule names, never for a path a project wrote. Symlinks
    are the user's own there and followed.
    """
    try:
        return _read(os.open(os.path.realpath(path), _FILE_FLAGS), limit)
    except (OSError, ValueError) as error:
        return _failure(error)


@dataclass(frozen=True, slots=True)
class _Place:
    """A name in an open folder; the name is known not to be a symlink."""

    folder: int
    name: str


def _canonical(root: Path | str) -> str:
    return os.path.realpath(root)


def _reach(root: str, relative: str, opened: ExitStack) -> _Place | Refused | Absent:
    """Walk from `root` to the last component, following links by hand; descriptors live as long as `opened`."""
    top = os.open(root, _FOLDER_FLAGS)
    opened.callback(os.close, top)
    if os.path.isabs(relative):
        return Refused("outside")
    folders, names = [top], [*reversed(_parts(relative))]
    links = 0
    while names:
        name = names.pop()
        if name == "..":
            if len(folders) == 1:
                return Refused("outside")
            folders.pop()
            continue
        target = _link_target(name, folders[-1])
        if target is not None:
            links += 1
            if links > LINK_LIMIT:
                return Refused("loop")
            if os.path.isabs(target):
                inside = _inside(root, target)
                if inside is None:
                    return Refused("outside")
                folders, target = [top], inside
            names.extend(reversed(_parts(target)))
        elif not names:
            return _Place(folders[-1], name)
        else:
            folders.append(os.open(name, _FOLDER_FLAGS, dir_fd=folders[-1]))
            opened.callback(os.close, folders[-1])
    return _Place(folders[-1], ".")


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _link_target(name: str, folder: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.EINVAL:  # it exists and is no link
            return None
        raise


def _inside(root: str, target: str) -> str | None:
    """An absolute link target as a path relative to the root; None where it leads outside."""
    real = os.path.realpath(target)
    if real == root:
        return "."
    return real[len(root.rstrip("/")) + 1 :] if real.startswith(root.rstrip("/") + "/") else None


def _read(descriptor: int, limit: int) -> bytes | Refused:
    """Not through `open()`: that refuses a folder without closing the descriptor."""
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            return Refused(_irregular(mode))
        data = bytearray()
        while len(data) <= limit and (chunk := os.read(descriptor, min(MIB, limit + 1 - len(data)))):
            data += chunk
    finally:
        os.close(descriptor)
    return Refused("too-large", f"more than {_amount(limit)}") if len(data) > limit else bytes(data)


def _amount(limit: int) -> str:
    return f"{limit // MIB} MiB" if limit >= MIB else f"{limit} bytes"


def _irregular(mode: int) -> Reason:
    if stat.S_ISDIR(mode):
        return "directory"
    if stat.S_ISFIFO(mode):
        return "fifo"
    return "socket" if stat.S_ISSOCK(mode) else "device"


def _failure(error: OSError | ValueError) -> Absent | Refused:
    """Also ValueError: a NUL or a lone surrogate in a path never reaches the system."""
    if isinstance(error, ValueError):
        return Refused("unreadable", "not a possible file name")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ABSENT
    if error.errno == errno.ELOOP:
        return Refused("loop")
    if error.errno == errno.ENXIO:  # what opening a socket answers
        return Refused("socket")
    return Refused("unreadable", error.strerror or type(error).__name__)
