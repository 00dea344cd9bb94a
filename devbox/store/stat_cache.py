"""What is remembered of contexts' folders, kept in the user's cache (spec/buildkit.md 6.3; `core.context_memory`).

One file per context and ignore file. Safe to delete; a damaged file is an empty memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
from pathlib import Path

from devbox.core.context_memory import ContextMemory, FolderRecord, SubFolder
from devbox.core.errors import DevboxError
from devbox.store.atomic import write_atomic
from devbox.store.paths import StateDirs

_MAGIC = b"devbox-stat-2\n"
_WRITE_SECONDS, _WRITE_SPEED = 0.01, 200e6
"""What writing a file costs at least, and how many bytes a second."""


class StatCache:
    """The memories of the contexts of one build."""

    def __init__(self, dirs: StateDirs) -> None:
        self._dirs = dirs
        self._memories: dict[Path, ContextMemory] = {}

    def memory(self, context: str, ignore_text: str) -> ContextMemory:
        """What is remembered of that folder under these ignore rules; the same object each time."""
        named = f"{context}\0{ignore_text}".encode("utf-8", "surrogateescape")
        path = self._dirs.cache / "stat" / hashlib.sha256(named).hexdigest()[:32]
        if path not in self._memories:
            self._memories[path] = _read(path)
        return self._memories[path]

    def save(self) -> None:
        """Write down what costs less to write than to learn again. Failing to is no error: it is only a cache."""
        for path, memory in self._memories.items():
            size = sum(len(record.stamps) + len(record.digests) for record in memory.folders.values())
            if memory.spent < _WRITE_SECONDS + size / _WRITE_SPEED:
                continue
            payload = marshal.dumps(({path: _plain(record) for path, record in memory.folders.items()}, memory.files))
            with contextlib.suppress(DevboxError, OSError):
                self._dirs.ensure(path.parent)
                write_atomic(path, _MAGIC + hashlib.sha256(payload).digest() + payload)
                memory.spent = 0.0


def _read(path: Path) -> ContextMemory:
    with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
        data = memoryview(path.read_bytes())
        head = len(_MAGIC)
        if data[:head] == _MAGIC and hashlib.sha256(data[head + 32 :]).digest() == data[head : head + 32]:
            # marshal, because a hundred thousand files load in a tenth of the time; the digest guards it.
            return _memory(marshal.loads(data[head + 32 :]))
    return ContextMemory()


def _plain(record: FolderRecord) -> tuple[object, ...]:
    return (*record[:4], tuple(tuple(sub) for sub in record.folders), *record[5:])


def _memory(read: tuple[dict[str, tuple[object, ...]], dict[str, tuple[tuple[object, ...], str]]]) -> ContextMemory:
    folders, files = read
    return ContextMemory(
        {path: FolderRecord._make((*one[:4], tuple(map(SubFolder._make, one[4])), *one[5:]))  # type: ignore[call-overload]
         for path, one in folders.items()},
        dict(files),
    )
