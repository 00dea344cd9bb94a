"""What a build context's walk asks of the disk: stamps of a folder's names, links, digests. Follows no link.

The walk takes it as an argument, so that its rules can be tried against any clock.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from typing import Protocol

from devbox.core.context_memory import Stamp

_BLOCK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Unreadable(Exception):
    """A file of the context can't be read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"cannot read {path or '.'}: {reason}")
        self.path = path
        self.reason = reason


class Disk(Protocol):
    """One context; paths are relative to it. Everything raises OSError."""

    def stamps(self, path: str, bare: Collection[str]) -> list[Stamp]:
        """Of everything in a folder, sorted; of the names in `bare` only what costs nothing."""

    def each(self, path: str) -> Iterator[Stamp]:
        """The same one by one, in any order."""

    def stamp(self, path: str) -> Stamp:
        """Of one name."""

    def target(self, path: str) -> str:
        """Where a link points."""

    def digest(self, path: str) -> str:
        """Of a regular file's bytes."""


class RealDisk:
    """A folder of this machine."""

    def __init__(self, context: str) -> None:
        self._context = context

    def stamps(self, path: str, bare: Collection[str]) -> list[Stamp]:
        """By the folder's descriptor: shorter paths for the kernel, and no link in the place of the folder."""
        descriptor = os.open(self._place(path), _FOLDER)
        try:
            # The costliest lines of a warm forecast: one lstat a file, and as little as possible around it.
            with os.scandir(descriptor) as names:
                if bare:
                    found: list[Stamp] = [
                        (name.name, name.is_dir(follow_symlinks=False)) if name.name in bare
                        else _stamp(name.name, name.stat(follow_symlinks=False)) for name in names
                    ]
                else:
                    found = [
                        (name.name, of[0], of[2], of[1], of[6], of.st_mtime_ns, of.st_ctime_ns)
                        for name in names for of in (name.stat(follow_symlinks=False),)
                    ]
        finally:
            os.close(descriptor)
        found.sort()
        return found

    def each(self, path: str) -> Iterator[Stamp]:
        """For who may stop before the end."""
        with os.scandir(self._place(path)) as names:
            for name in names:
                yield _stamp(name.name, name.stat(follow_symlinks=False))

    def stamp(self, path: str) -> Stamp:
        """Of one name."""
        return _stamp(path.rpartition("/")[2], os.lstat(self._place(path)))

    def target(self, path: str) -> str:
        """Where a link points."""
        return os.readlink(self._place(path))

    def digest(self, path: str) -> str:
        """Read once, whatever its size, in bounded memory."""
        with open(os.open(self._place(path), _FILE), "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(0, "not a regular file any more")
            hashed = hashlib.sha256()
            while block := file.read(_BLOCK):
                hashed.update(block)
        return hashed.hexdigest()[:32]

    def _place(self, path: str) -> str:
        return f"{self._context}/{path}" if path else self._context


def _stamp(name: str, of: os.stat_result) -> Stamp:
    return (name, of.st_mode, of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns, of.st_ctime_ns)
