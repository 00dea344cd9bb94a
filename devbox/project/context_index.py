"""A build context on disk as a tree of digests, read no more than needed (spec/buildkit.md 4.3, 4.4, 6.3).

Ignore rules are applied before descending, links are never followed, a file is read only when its stat changed since it
was last read. Which digests are known is the caller's business (the stat cache).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from typing import Protocol

from devbox.core.context_tree import Node
from devbox.core.synced import SyncedFile
from devbox.project.ignore import IgnoreRules, Verdict

ENTRY_LIMIT = 2_000_000
_BLOCK = 1 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

class Digests(Protocol):
    """What remembers digests of files (the stat cache)."""

    def digest(self, path: str, status: os.stat_result) -> str | None:
        """The digest of a file whose stat is this, where it is known."""

    def learn(self, path: str, status: os.stat_result, digest: str) -> None:
        """The digest of a file that was just read."""


class NoDigests:
    """Remembers nothing."""

    def digest(self, path: str, status: os.stat_result) -> str | None:
        """Never known."""
        return None

    def learn(self, path: str, status: os.stat_result, digest: str) -> None:
        """Forgotten at once."""


class Unreadable(Exception):
    """A file of the context can't be read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"cannot read {path}: {reason}")
        self.path = path
        self.reason = reason


def index_context(context: str, rules: IgnoreRules, digests: Digests) -> dict[str, SyncedFile]:
    """Every path that a build may send. Raises Unreadable."""
    found: dict[str, SyncedFile] = {}
    for path, status in _entries(context, rules):
        node = _node(context, path, status, digests)
        if node is not None:
            for above in _folders_above(path):
                if above not in found:
                    folder = os.lstat(os.path.join(context, above))
                    found[above] = SyncedFile(Node("folder", stat.S_IMODE(folder.st_mode)), 0, folder.st_mtime_ns)
            found[path] = SyncedFile(node, status.st_size, status.st_mtime_ns)
    return found


def _node(context: str, path: str, status: os.stat_result, digests: Digests) -> Node | None:
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        return Node("folder", mode)
    if stat.S_ISLNK(status.st_mode):
        return Node("link", 0o777, target=os.readlink(os.path.join(context, path)))
    if stat.S_ISREG(status.st_mode):
        digest = digests.digest(path, status)
        if digest is None:
            digest = file_digest(context, path)
            digests.learn(path, status, digest)
        return Node("file", mode, digest)
    if stat.S_ISFIFO(status.st_mode):
        return Node("other", mode, target="fifo")
    return None


def file_digest(context: str, path: str) -> str:
    """Of a regular file's bytes. Raises Unreadable."""
    try:
        descriptor = os.open(os.path.join(context, path), _FLAGS)
    except OSError as error:
        raise Unreadable(path, error.strerror or "unknown error") from error
    with open(descriptor, "rb", buffering=0) as file:
        hashed = hashlib.sha256()
        while block := file.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()


def _entries(context: str, rules: IgnoreRules) -> Iterator[tuple[str, os.stat_result]]:
    waiting: list[tuple[str, Verdict]] = [("", Verdict(False))]
    count = 0
    while waiting:
        folder, above = waiting.pop()
        try:
            with os.scandir(os.path.join(context, folder)) as listing:
                entries = [(entry.name, entry.stat(follow_symlinks=False)) for entry in listing]
        except OSError as error:
            raise Unreadable(folder or ".", error.strerror or "unknown error") from error
        for name, status in entries:
            count += 1
            if count > ENTRY_LIMIT:
                raise Unreadable(folder or ".", f"more than {ENTRY_LIMIT} files")
            path = f"{folder}/{name}" if folder else name
            verdict = rules.judge(path, above)
            if stat.S_ISDIR(status.st_mode) and (not verdict.ignored or rules.takes_back):
                waiting.append((path, verdict))
            if not verdict.ignored:
                yield path, status


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
