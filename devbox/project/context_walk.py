"""Folders of a build context with a digest for each, read no more than needed (spec/buildkit.md 4.3, 4.4, 6.3).

What is remembered is compared folder by folder, by the bytes of all stamps; only a folder that differs is looked at
name by name, only a file whose stamp is new is read. Ignore rules are applied before descending, links are never
followed.
"""

from __future__ import annotations

import stat
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from devbox.core.context_memory import (
    ContextMemory,
    FolderRecord,
    Stamp,
    SubFolder,
    is_settled,
    packed,
    unpacked,
)
from devbox.core.context_tree import Entry, Folder, Node
from devbox.project.context_disk import Disk, Unreadable
from devbox.project.fork_map import fork_map
from devbox.project.ignore import IgnoreRules, Verdict

ENTRY_LIMIT = 2_000_000
DEPTH_LIMIT = 250
"""Folders inside each other."""
_STAT_LEAST, _READ_LEAST = 4_000, 250
"""Names and files below which a second process does not pay."""
_PIECE = 1 << 16
"""Bytes that take about as long to hash as a file takes to open."""


@dataclass(slots=True)
class _Seen:
    """A folder of this walk."""

    path: str
    mode: int
    ignored: bool
    record: FolderRecord | None
    """What is remembered of it."""
    changed: bool = False
    """Something in it differs from the record: the rest is filled then."""
    stamps: list[Stamp] = field(default_factory=list)
    digests: list[str | None] = field(default_factory=list)
    folders: list[tuple[str, int, bool]] = field(default_factory=list)
    """Name, mode, whether it is ignored."""

    def below(self) -> Iterable[tuple[str, int, bool]]:
        """The folders in it that are walked."""
        if not self.changed and self.record is not None:
            return [sub[:3] for sub in self.record.folders]
        return self.folders

    def place(self, name: str) -> str:
        """The path of a name in it."""
        return f"{self.path}/{name}" if self.path else name


@dataclass(slots=True)
class Judge:
    """The ignore rules with the verdicts on folders, each found once."""

    rules: IgnoreRules
    _folders: dict[str, Verdict]

    @classmethod
    def of(cls, rules: IgnoreRules) -> Judge:
        """A fresh one."""
        return cls(rules, {"": Verdict(False)})

    def verdict(self, path: str) -> Verdict:
        """On a folder."""
        found = self._folders.get(path)
        if found is None:
            found = self._folders[path] = self.rules.judge(path, self.verdict(path.rpartition("/")[0]))
        return found

    def ignored(self, path: str) -> bool:
        """Whether it is left out by itself."""
        return bool(self.rules.patterns) and self.rules.judge(path, self.verdict(path.rpartition("/")[0])).ignored


class Walk:
    """One look at the disk; `looked_ns` is a moment before it began."""

    def __init__(self, disk: Disk, judge: Judge, memory: ContextMemory, looked_ns: int) -> None:
        self._disk = disk
        self._judge = judge
        self._memory = memory
        self._looked_ns = looked_ns
        self.folders: dict[str, Folder | None] = {}
        """None where the ignore file takes back nothing of an ignored folder."""

    def reading(
        self, folders: Mapping[str, int], files: Mapping[str, Stamp]
    ) -> Generator[tuple[int, int], None, dict[str, str]]:
        """Read these folders (path → mode), none below another, and single files; returns the digests of the files.

        Yields how many of how many files are read where some must be. Raises Unreadable.
        """
        order = self._order(folders)
        unread: list[tuple[str, int]] = []
        missing: list[tuple[_Seen, int]] = []
        for seen in order:
            for index, digest in enumerate(seen.digests if seen.changed else ()):
                if digest == "":
                    unread.append((seen.place(seen.stamps[index][0]), seen.stamps[index][4]))
                    missing.append((seen, index))
        known = {path: kept[1] for path, stamp in files.items()
                 if (kept := self._memory.files.get(path)) is not None and kept[0] == stamp}
        alone = [path for path in files if path not in known]
        unread += [(path, files[path][4]) for path in alone]
        digests = yield from self._read(unread)
        for (seen, index), digest in zip(missing, digests, strict=False):
            seen.digests[index] = digest
        found = {**known, **dict(zip(alone, digests[len(missing) :], strict=True))}
        records = {seen.path: self._made(seen) for seen in reversed(order)}
        self._memory.replace_below(folders, records)
        for path, stamp in files.items():
            if is_settled(stamp[5], stamp[6], self._looked_ns):
                self._memory.files[path] = (stamp, found[path])
        return found

    def _order(self, folders: Mapping[str, int]) -> list[_Seen]:
        """Every folder, outer ones before inner ones."""
        fresh = self._differing(folders)
        waiting = [(path, mode, False) for path, mode in folders.items()]
        order: list[_Seen] = []
        count = 0
        while waiting:
            path, mode, ignored = waiting.pop()
            if path.count("/") >= DEPTH_LIMIT:
                raise Unreadable(path[:80], f"more than {DEPTH_LIMIT} folders inside each other")
            seen = _Seen(path, mode, ignored, self._memory.folders.get(path))
            if seen.record is None or fresh.get(path, True) is not None:
                self._sort(seen, fresh.get(path))
            count += len(seen.stamps) if seen.changed else seen.record.names if seen.record else 0
            if count > ENTRY_LIMIT:
                raise Unreadable(path, f"more than {ENTRY_LIMIT} files")
            order.append(seen)
            waiting += [(seen.place(name), mode, ignored) for name, mode, ignored in seen.below()]
        return order

    def _differing(self, folders: Iterable[str]) -> dict[str, list[Stamp] | bool | None]:
        """The known folders: None where nothing in them changed, their stamps now where something did, True where they
        must be looked at again."""
        known = [path for root in folders for path in self._memory.below(root)]
        records = self._memory.folders
        results = _drained(fork_map(self._difference, known, [records[path].names + 2 for path in known], _STAT_LEAST))
        return dict(zip(known, results, strict=True))

    def _difference(self, path: str) -> list[Stamp] | bool | None:
        record = self._memory.folders[path]
        try:
            stamps = self._disk.stamps(path, record.skipped)
        except OSError:
            return True  # gone, or not readable any more: the walk finds out if it still gets there
        return None if record.settled and packed(stamps) == record.stamps else stamps

    def _sort(self, seen: _Seen, stamps: list[Stamp] | bool | None) -> None:
        """Go through the names of a folder that is new or differs."""
        record = seen.record
        try:
            if not isinstance(stamps, list):
                stamps = self._disk.stamps(seen.path, record.skipped if record else ())
            old = {} if record is None else {
                stamp[0]: (stamp, digest)
                for stamp, digest in zip(unpacked(record.stamps), unpacked(record.digests), strict=True)
            }
            seen.changed = True
            for stamp in stamps:
                kept, digest = self._one(seen, stamp, old.get(stamp[0]))
                seen.stamps.append(kept)
                seen.digests.append(digest)
        except OSError as error:
            raise Unreadable(seen.path, error.strerror or "unknown error") from error

    def _one(self, seen: _Seen, stamp: Stamp, old: tuple[Stamp, str | None] | None) -> tuple[Stamp, str | None]:
        name = stamp[0]
        path = seen.place(name)
        ignored = self._judge.ignored(path)
        if len(stamp) == 2:
            if not ignored or (stamp[1] and self._judge.rules.may_take_back(path)):
                stamp = self._disk.stamp(path)
            else:
                return stamp, None
        mode = stamp[1]
        if stat.S_ISDIR(mode):
            if ignored and not self._judge.rules.may_take_back(path):
                return (name, True), None
            seen.folders.append((name, stat.S_IMODE(mode), ignored))
            return stamp, None
        if ignored:
            return (name, False), None
        if old is not None and old[0] == stamp and old[1]:
            return old
        if stat.S_ISLNK(mode):
            return stamp, self._disk.target(path)
        return stamp, "" if stat.S_ISREG(mode) else None

    def _read(self, files: list[tuple[str, int]]) -> Generator[tuple[int, int], None, list[str]]:
        if not files:
            return []
        reading = fork_map(self._digest, [path for path, _ in files], [1 + size // _PIECE for _, size in files],
                           _READ_LEAST)
        yield 0, len(files)
        try:
            while True:
                yield min(next(reading), len(files)), len(files)
        except StopIteration as done:
            results: list[tuple[str, str | None]] = done.value
        for (path, _), (_, reason) in zip(files, results, strict=True):
            if reason is not None:
                raise Unreadable(path, reason)
        self._memory.spent += sum(50e-6 * (1 + size // _PIECE) for _, size in files)
        return [digest for digest, _ in results]

    def _digest(self, path: str) -> tuple[str, str | None]:
        try:
            return self._disk.digest(path), None
        except OSError as error:
            return "", error.strerror or "unknown error"

    def _made(self, seen: _Seen) -> FolderRecord:
        """Its digests, those of the folders in it being there; a new record where anything changed."""
        record, mode = seen.record, seen.mode
        subs = tuple(self._sub(seen, *sub) for sub in seen.below())
        if record is not None and not seen.changed and record.mode == mode and record.folders == subs:
            folder = Folder(record.digest, record.state, partial(self._entries, seen.path, record))
            self.folders[seen.path] = folder if not seen.ignored or folder.entries else None
            return record
        if record is None or seen.changed:
            digests = self._settled(seen)
            record = FolderRecord(
                packed(seen.stamps), packed(digests), "" not in digests,
                tuple(stamp[0] for stamp in seen.stamps if len(stamp) == 2), (), mode, "", "", len(seen.stamps),
            )
            entries = self._named(seen.path, seen.stamps, seen.digests)
        else:
            entries = self._entries(seen.path, record)
        folder = Folder.of(None if mode < 0 else mode, entries)
        self.folders[seen.path] = folder if not seen.ignored or entries else None
        return record._replace(folders=subs, mode=mode, digest=folder.digest, state=folder.state)

    def _sub(self, seen: _Seen, name: str, mode: int, ignored: bool) -> SubFolder:
        folder = self.folders[seen.place(name)]
        return SubFolder(name, mode, ignored, folder.digest if folder else "", folder.state if folder else "")

    def _settled(self, seen: _Seen) -> list[str | None]:
        """What may be remembered: a digest only where a later change can't hide."""
        return [
            "" if digest and not is_settled(stamp[5], stamp[6], self._looked_ns) else digest
            for stamp, digest in zip(seen.stamps, seen.digests, strict=True)
        ]

    def _entries(self, path: str, record: FolderRecord) -> dict[str, Entry]:
        return self._named(path, unpacked(record.stamps), unpacked(record.digests))

    def _named(self, path: str, stamps: Iterable[Stamp], digests: Iterable[str | None]) -> dict[str, Entry]:
        found = {}
        for stamp, digest in zip(stamps, digests, strict=True):
            entry = self._entry(f"{path}/{stamp[0]}" if path else stamp[0], stamp, digest)
            if entry is not None:
                found[stamp[0]] = entry
        return found

    def _entry(self, path: str, stamp: Stamp, digest: str | None) -> Entry | None:
        if len(stamp) == 2:
            return None
        mode = stamp[1]
        if stat.S_ISDIR(mode):
            folder = self.folders[path]
            return None if folder is None else Entry(Node("folder", stat.S_IMODE(mode)), folder=folder)
        return file_entry(stamp, digest)


def file_entry(stamp: Stamp, digest: str | None) -> Entry | None:
    """What a build sends of a name that is no folder: a socket or device is left out."""
    mode = stamp[1]
    if stat.S_ISREG(mode):
        return Entry(Node("file", stat.S_IMODE(mode), digest or ""), stamp[4], stamp[5])
    if stat.S_ISLNK(mode):
        return Entry(Node("link", 0o777, target=digest or ""), stamp[4], stamp[5])
    return Entry(Node("other", stat.S_IMODE(mode), target="fifo")) if stat.S_ISFIFO(mode) else None


def _drained(work: Generator[int, None, Any]) -> Any:
    try:
        while True:
            next(work)
    except StopIteration as done:
        return done.value
