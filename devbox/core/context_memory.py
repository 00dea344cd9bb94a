"""What is remembered of a context's folders between two looks, so that only what changed is read again. Pure values.

`project.context_walk` fills and compares it, `store.stat_cache` keeps it. Rules: spec/buildkit.md 6.3.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Stamp = tuple[Any, ...]
"""What `lstat` says of one name: name, mode, device, inode, size, mtime_ns, ctime_ns. Of a name that the ignore file
leaves out only the name, and whether it is a folder."""

TICK_NS = 20_000_000
"""Coarser than any clock tick that a kernel stamps with."""
_COARSE_NS = 2_020_000_000
_SECOND_NS = 1_000_000_000


class SubFolder(NamedTuple):
    """A folder in a folder, as it was when the digest of the outer one was made."""

    name: str
    mode: int
    ignored: bool
    """The ignore file leaves it out, but may take back what is in it."""
    digest: str
    state: str


class FolderRecord(NamedTuple):
    """One folder as it was last read."""

    stamps: bytes
    """`packed` stamps of all that is in it, sorted: equal bytes mean that nothing in it changed."""
    digests: bytes
    """`packed`, one for each stamp: a file's digest (empty: to be read again), a link's target, None for the rest."""
    settled: bool
    """Whether equal stamps prove equal content of every file in it."""
    skipped: tuple[str, ...]
    """Names that the ignore file leaves out."""
    folders: tuple[SubFolder, ...]
    mode: int
    """Its own; -1 for the context's root."""
    digest: str
    state: str
    names: int
    """How many are in it."""


@dataclass(slots=True)
class ContextMemory:
    """One context's folders, and the files that were selected alone."""

    folders: dict[str, FolderRecord] = field(default_factory=dict)
    files: dict[str, tuple[Stamp, str]] = field(default_factory=dict)
    spent: float = 0.0
    """Seconds, roughly, that it takes to learn again what it gained since it was kept."""

    def below(self, path: str) -> Iterable[str]:
        """The known folders at and below a path, as far as they lead from one to the next."""
        waiting = [path]
        while waiting:
            here = waiting.pop()
            record = self.folders.get(here)
            if record is not None:
                yield here
                waiting += [f"{here}/{sub.name}" if here else sub.name for sub in record.folders]

    def replace_below(self, roots: Iterable[str], found: Mapping[str, FolderRecord]) -> None:
        """Forget what is below these folders, remember this instead."""
        for root in roots:
            for path in list(self.below(root)):
                if path not in found:
                    del self.folders[path]
        self.folders.update(found)


def packed(values: Iterable[Any]) -> bytes:
    """Bytes that are equal for equal values."""
    return marshal.dumps(tuple(values), 2)


def unpacked(data: bytes) -> tuple[Any, ...]:
    """The values again."""
    values: tuple[Any, ...] = marshal.loads(data)
    return values


def is_settled(mtime_ns: int, ctime_ns: int, looked_ns: int) -> bool:
    """git's racy-clean rule: whether a file that changes after `looked_ns` will certainly get other times than these.

    Whole seconds may come from a file system that stamps no finer (FAT every two).
    """
    tick = _COARSE_NS if ctime_ns % _SECOND_NS == 0 else TICK_NS
    return max(mtime_ns, ctime_ns) < looked_ns - tick
