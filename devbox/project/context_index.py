"""A build context on disk, as the forecast asks for it: only what is selected is walked, only what changed is read.

What is remembered of earlier looks is handed in, and kept up to date in place (`core.context_memory`).
"""

from __future__ import annotations

import stat
from collections.abc import Generator, Iterable, Sequence

from devbox.core.context_memory import ContextMemory, Stamp
from devbox.core.context_tree import Entry, Folder, Node, folders_above
from devbox.project.context_disk import Disk, RealDisk, Unreadable
from devbox.project.context_walk import Judge, Walk, file_entry
from devbox.project.ignore import IgnoreRules

__all__ = ["ContextIndex", "Unreadable"]


class ContextIndex:
    """A `Source` of `core.context_tree`; each path is looked at once, so that all answers belong together."""

    def __init__(
        self, context: str, rules: IgnoreRules, memory: ContextMemory, looked_ns: int, disk: Disk | None = None
    ) -> None:
        """`looked_ns`: the time on the clock that stamps files, before anything is looked at."""
        self._disk = disk or RealDisk(context)
        self._judge = Judge.of(rules)
        self._memory = memory
        self._looked_ns = looked_ns
        self._stamps: dict[str, Stamp | None] = {}
        self._taken: dict[str, Entry | None] = {}
        """What was read, outermost paths."""

    def look(self, path: str) -> Node | None:
        """What is at a path whose folder is no link."""
        stamp = self._stamp(path)
        if stamp is None:
            return None
        if stat.S_ISDIR(stamp[1]):
            return Node("folder", stat.S_IMODE(stamp[1]))
        if stat.S_ISLNK(stamp[1]):
            return Node("link", 0o777, target=self._target(path))
        entry = file_entry(stamp, "")
        return entry.node if entry else None

    def names(self, path: str) -> Sequence[str]:
        """What a build may send of a folder. Raises Unreadable."""
        try:
            found = [stamp[0] for stamp in self._disk.stamps(path, ())]
        except OSError as error:
            raise Unreadable(path, error.strerror or "unknown error") from error
        return [name for name in found if self.look(f"{path}/{name}" if path else name) is not None]

    def entry(self, path: str) -> Entry | None:
        """What is at a path, all of it. Raises Unreadable."""
        if path not in self._taken and not self._inside(path):
            for _ in self.reading([path]):
                pass
        return self._taken[path]

    def reading(self, paths: Iterable[str]) -> Generator[tuple[int, int], None, None]:
        """Read these paths, none below another; yields how many of how many files are read. Raises Unreadable."""
        folders: dict[str, int] = {}
        files: dict[str, Stamp] = {}
        for path in paths:
            stamp = self._stamp(path)
            if stamp is None:
                self._taken[path] = None
            elif stat.S_ISDIR(stamp[1]):
                folders[path] = stat.S_IMODE(stamp[1]) if path else -1
            elif stat.S_ISREG(stamp[1]):
                files[path] = stamp
            else:
                self._taken[path] = file_entry(stamp, self._target(path) if stat.S_ISLNK(stamp[1]) else None)
        walk = Walk(self._disk, self._judge, self._memory, self._looked_ns)
        digests = yield from walk.reading(folders, files)
        for path, mode in folders.items():
            self._taken[path] = Entry(Node("folder", max(mode, 0)), folder=walk.folders[path])
        for path, digest in digests.items():
            self._taken[path] = file_entry(files[path], digest)

    def is_small(self, files: int, size: int) -> bool:
        """Whether all that a build may send is no more than this; no more is looked at. Raises Unreadable."""
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                for stamp in self._disk.each(folder):
                    path = f"{folder}/{stamp[0]}" if folder else stamp[0]
                    ignored = self._judge.ignored(path)
                    if stat.S_ISDIR(stamp[1]) and (not ignored or self._judge.rules.may_take_back(path)):
                        waiting.append(path)
                    elif not ignored:
                        size -= stamp[4]
                    files -= not ignored
                    if files < 0 or size < 0:
                        return False
            except OSError as error:
                raise Unreadable(folder, error.strerror or "unknown error") from error
        return True

    def _inside(self, path: str) -> bool:
        """Whether it lies in a folder that was read; its entry is then known."""
        for above in folders_above(path):
            entry = self._taken.get(above)
            if entry is not None and entry.folder is not None:
                self._taken[path] = entry.folder.find(path[len(above) :].lstrip("/"))
                return True
        return False

    def _stamp(self, path: str) -> Stamp | None:
        """Of a path that may be sent; None for any other."""
        if path not in self._stamps:
            self._stamps[path] = self._sent(path)
        return self._stamps[path]

    def _sent(self, path: str) -> Stamp | None:
        try:
            stamp = self._disk.stamp(path)
        except OSError:
            return None
        if not path or not self._judge.ignored(path):
            return stamp
        if not stat.S_ISDIR(stamp[1]) or not self._judge.rules.may_take_back(path):
            return None
        # An ignored folder is sent where something inside it is.
        walk = Walk(self._disk, self._judge, self._memory, self._looked_ns)
        for _ in walk.reading({path: stat.S_IMODE(stamp[1])}, {}):
            pass
        folder: Folder | None = walk.folders[path]
        return stamp if folder is not None and folder.entries else None

    def _target(self, path: str) -> str:
        try:
            return self._disk.target(path)
        except OSError as error:
            raise Unreadable(path, error.strerror or "unknown error") from error
