"""A context on a disk with a kernel's clock: what `lstat` says after any edits, without waiting for time."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from devbox.core.context_memory import Stamp

TICK = 4_000_000
"""Nanoseconds between two times that the kernel stamps with."""


@dataclass
class Inode:
    """One file, folder or link."""

    mode: int
    number: int
    content: bytes = b""
    mtime: int = 0
    ctime: int = 0
    names: dict[str, Inode] = field(default_factory=dict)


class FakeDisk:
    """A `Disk` in memory. Times are set as Linux does: a change of content stamps mtime and ctime, any other ctime
    alone; `utime` sets any mtime, never ctime; a free inode number is used again at once."""

    def __init__(self, tick: int = TICK) -> None:
        self.now = 1_000_000_000_123
        self.tick = tick
        self.root = Inode(stat.S_IFDIR | 0o755, 1)
        self._free: list[int] = []
        self._next = 2
        self.during: Callable[[], None] = lambda: None
        """Happens while a file is opened, after its stat was read."""

    # what happens to the disk

    def pass_time(self, nanoseconds: int) -> None:
        self.now += nanoseconds

    def write(self, path: str, content: bytes) -> None:
        """In place where there is a file, else a new one."""
        folder, name = self._folder(path, make=True)
        inode = folder.names.get(name)
        if inode is None or not stat.S_ISREG(inode.mode):
            self.delete(path)
            inode = folder.names[name] = self._new(stat.S_IFREG | 0o644)
        inode.content = content
        inode.mtime = inode.ctime = self._stamp()

    def replace(self, path: str, content: bytes, mtime: int) -> None:
        """As an editor or `tar` does: a new file with any time, renamed over the old one."""
        folder, name = self._folder(path, make=True)
        inode = self._new(stat.S_IFREG | 0o644)
        inode.content, inode.mtime, inode.ctime = content, mtime, self._stamp()
        self.delete(path)
        folder.names[name] = inode

    def link(self, path: str, target: str) -> None:
        folder, name = self._folder(path, make=True)
        self.delete(path)
        inode = folder.names[name] = self._new(stat.S_IFLNK | 0o777)
        inode.content = target.encode()
        inode.mtime = inode.ctime = self._stamp()

    def touch(self, path: str, mtime: int) -> None:
        inode = self._at(path)
        inode.mtime, inode.ctime = mtime, self._stamp()

    def chmod(self, path: str, mode: int) -> None:
        inode = self._at(path)
        inode.mode, inode.ctime = stat.S_IFMT(inode.mode) | mode, self._stamp()

    def rename(self, path: str, to: str) -> None:
        folder, name = self._folder(path)
        inode = folder.names.pop(name)
        inode.ctime = folder.mtime = folder.ctime = self._stamp()
        target, new = self._folder(to, make=True)
        self.delete(to)
        target.names[new] = inode

    def delete(self, path: str) -> None:
        folder, name = self._folder(path)
        gone = folder.names.pop(name, None)
        folder.mtime = folder.ctime = self._stamp()
        if gone is not None:
            self._free.append(gone.number)

    def exists(self, path: str) -> bool:
        try:
            self._at(path)
        except OSError:
            return False
        return True

    def paths(self, under: str = "") -> Iterator[tuple[str, Inode]]:
        """Everything, folders before what is in them."""
        for name, inode in sorted(self._at(under).names.items()):
            path = f"{under}/{name}" if under else name
            yield path, inode
            if stat.S_ISDIR(inode.mode):
                yield from self.paths(path)

    # what the walk asks

    def stamps(self, path: str, bare: Collection[str]) -> list[Stamp]:
        inode = self._at(path)
        if not stat.S_ISDIR(inode.mode):
            raise NotADirectoryError(20, "Not a directory")
        return sorted(
            (name, stat.S_ISDIR(one.mode)) if name in bare else self._of(name, one)
            for name, one in inode.names.items()
        )

    def each(self, path: str) -> Iterator[Stamp]:
        yield from self.stamps(path, ())

    def stamp(self, path: str) -> Stamp:
        return self._of(path.rpartition("/")[2], self._at(path))

    def target(self, path: str) -> str:
        return self._at(path).content.decode()

    def digest(self, path: str) -> str:
        self.during()
        return digest_of(self._at(path).content)

    def _of(self, name: str, one: Inode) -> Stamp:
        return (name, one.mode, 7, one.number, len(one.content), one.mtime, one.ctime)

    def _stamp(self) -> int:
        return self.now - self.now % self.tick

    def _new(self, mode: int) -> Inode:
        if self._free:
            number = self._free.pop()
        else:
            number, self._next = self._next, self._next + 1
        return Inode(mode, number)

    def _at(self, path: str) -> Inode:
        inode = self.root
        for name in path.split("/") if path else ():
            if name not in inode.names:
                raise FileNotFoundError(2, "No such file or directory")
            inode = inode.names[name]
        return inode

    def _folder(self, path: str, make: bool = False) -> tuple[Inode, str]:
        above, _, name = path.rpartition("/")
        inode = self.root
        for part in above.split("/") if above else ():
            inner = inode.names.get(part)
            if inner is None or not stat.S_ISDIR(inner.mode):
                if not make:
                    raise FileNotFoundError(2, "No such file or directory")
                inner = inode.names[part] = self._new(stat.S_IFDIR | 0o755)
                inode.mtime = inode.ctime = self._stamp()
            inode = inner
        return inode, name


def digest_of(content: bytes) -> str:
    """As the index tells it."""
    return hashlib.sha256(content).hexdigest()[:32]
