"""Digests of files by what `stat` says of them, so that only what changed is read again (spec/buildkit.md 6.3).

git's racy-clean rule, strictly: a file whose times are not older than the moment before it was read may change again in
the same tick without a trace, so its digest is not kept. Safe to delete; a damaged file is an empty cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import time
from pathlib import Path

from devbox.store.atomic import write_atomic
from devbox.store.paths import StateDirs

_MAGIC = b"devbox-stat-1\n"
_TICK_NS = 20_000_000
"""Coarser than any clock tick a file system stamps with."""

_Key = tuple[int, int, int, int, int]


class StatCache:
    """The digests of one context's files."""

    def __init__(self, path: Path, entries: dict[str, tuple[_Key, str]]) -> None:
        self._path = path
        self._entries = entries
        self._used: dict[str, tuple[_Key, str]] = {}
        self._settled = time.time_ns() - _TICK_NS
        self.read = 0
        """Files whose digest was not known."""

    @classmethod
    def open(cls, dirs: StateDirs, context: str) -> StatCache:
        """The cache of that folder; empty where there is none or it is damaged."""
        name = hashlib.sha256(context.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        path = dirs.cache / "stat" / name
        entries: dict[str, tuple[_Key, str]] = {}
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
            data = path.read_bytes()
            head = len(_MAGIC)
            if data.startswith(_MAGIC) and hashlib.sha256(data[head + 32 :]).digest() == data[head : head + 32]:
                # marshal, because a hundred thousand entries load in a tenth of the time; the digest guards it.
                entries = marshal.loads(data[head + 32 :])
        return cls(path, entries)

    def digest(self, path: str, status: os.stat_result) -> str | None:
        """The digest of a file whose stat is this, if it is known."""
        found = self._entries.get(path)
        if found is not None and found[0] == _key(status):
            self._used[path] = found
            return found[1]
        self.read += 1
        return None

    def learn(self, path: str, status: os.stat_result, digest: str) -> None:
        """Keep a digest that was read after this stat, unless the file may still change in the same tick."""
        if max(status.st_mtime_ns, status.st_ctime_ns) < self._settled:
            self._used[path] = (_key(status), digest)

    def save(self, dirs: StateDirs) -> None:
        """Write it down. Failing to is no error: it is only a cache."""
        if not self.read and len(self._used) == len(self._entries):
            return
        payload = marshal.dumps(self._used)
        with contextlib.suppress(OSError):
            dirs.ensure(self._path.parent)
            write_atomic(self._path, _MAGIC + hashlib.sha256(payload).digest() + payload)


def _key(status: os.stat_result) -> _Key:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
