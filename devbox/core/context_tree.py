"""A build context as BuildKit hashes it: which files a selection takes, and one digest for them.

Rules: spec/buildkit.md 4.3 and 6.1; moby/buildkit `cache/contenthash` (`Checksum`, `includedPaths`). Owners, times and
the mode of the root do not count. Pure: whoever walks the disk hands in a `Source`, which is asked for no more than the
selections need.
"""

from __future__ import annotations

import hashlib
import itertools
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, Protocol

from devbox.core.buildplan import Selection
from devbox.core.frozen import dataclass

Kind = Literal["file", "folder", "link", "other"]
Listing = tuple[tuple[str, str, "Node | None"], ...]
"""What is in a folder or a selection: name (or path), digest, and the node itself (None for the context's root)."""
_LINKS = 255
"""Symlinks followed in one path, as BuildKit does."""


@dataclass(frozen=True, slots=True)
class Node:
    """One path of the context. `digest` is of a file's bytes, `target` a link's."""

    kind: Kind
    mode: int
    """Permission bits with setuid, setgid and sticky."""
    digest: str = ""
    target: str = ""

    @property
    def header(self) -> str:
        """What counts of it beside its children."""
        return f"{self.kind}:{self.mode:o}:{self.digest}:{self.target}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path with everything below it."""

    node: Node
    size: int = 0
    mtime_ns: int = 0
    """Size and time of a file or link, by which BuildKit tells that it is unchanged."""
    folder: Folder | None = None
    """What is in it, where it is a folder."""

    @property
    def digest(self) -> str:
        """Of its content, as far as BuildKit hashes it."""
        return self.folder.digest if self.folder else _hash(self.node.header)

    @property
    def state(self) -> str:
        """Equal only where nothing at all differs, sizes and times of files included."""
        return self.folder.state if self.folder else f"{self.node.header}:{self.size}:{self.mtime_ns}"


class Folder:
    """What is in a folder. Made of digests first: what nobody asks for is never loaded."""

    __slots__ = ("_entries", "_load", "digest", "state")

    def __init__(self, digest: str, state: str, load: Callable[[], Mapping[str, Entry]]) -> None:
        self.digest = digest
        """`Entry.digest` of the folder."""
        self.state = state
        """`Entry.state` of the folder."""
        self._load = load
        self._entries: Mapping[str, Entry] | None = None

    @classmethod
    def of(cls, mode: int | None, entries: Mapping[str, Entry]) -> Folder:
        """The folder of this mode (None: the context's root) with these entries."""
        header = "root" if mode is None else Node("folder", mode).header
        content, state = [header], [header]
        for name in sorted(entries):
            entry = entries[name]
            content += (name, entry.digest)
            state += (name, entry.state)
        return cls(_hash(*content), _hash(*state), lambda: entries)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """By name."""
        if self._entries is None:
            self._entries = self._load()
        return self._entries

    def listing(self) -> Listing:
        """What is in it, as the ledger keeps it."""
        return tuple((name, entry.digest, entry.node) for name, entry in sorted(self.entries.items()))

    def find(self, path: str) -> Entry | None:
        """What is at a path below it."""
        folder: Folder | None = self
        entry = None
        for name in path.split("/"):
            entry = folder.entries.get(name) if folder else None
            folder = entry.folder if entry else None
        return entry


class Source(Protocol):
    """The paths that a build may send: relative, `/` between names, the root is empty."""

    def look(self, path: str) -> Node | None:
        """What is there; the digest of a file may be missing. Its folder is no link."""

    def names(self, path: str) -> Sequence[str]:
        """What is in a folder, by name."""

    def entry(self, path: str) -> Entry | None:
        """What is there, with everything below it."""


@dataclass(frozen=True, slots=True)
class ContextTree:
    """Selections, applied to what is there."""

    source: Source
    root: str = ""
    """What counts of the root beside its children, for a builder that takes it for a folder like any other."""

    def select(self, selection: Selection) -> str | None:
        """The digest of everything a selection takes; None where a path that is named does not exist, which fails the
        build."""
        found = [self._one(path) for path in selection.paths]
        if any(digest is None for digest in found):
            return None
        return found[0] if len(found) == 1 else _hash("several", *(digest or "" for digest in found))

    def absent(self, selection: Selection) -> tuple[str, ...]:
        """The named paths of a selection that do not exist."""
        return tuple(path.strip("/") for path in selection.paths if self._one(path) is None)

    def taken(self, selections: Iterable[Selection]) -> tuple[str, ...]:
        """The paths that the selections take, links followed, none below another."""
        reals = {
            real for selection in selections for path in selection.paths for match in self._matches(path)
            if (real := self._resolved(match)) is not None
        }
        return tuple(sorted(real for real in reals if not any(above in reals for above in folders_above(real))))

    def roots(self, selection: Selection) -> Listing:
        """What a selection takes, outermost paths only."""
        reals = [real for path in selection.paths for match in self._matches(path)
                 if (real := self._resolved(match)) is not None]
        found = ((real, self.source.entry(real)) for real in dict.fromkeys(reals))
        return tuple((real, entry.digest, entry.node if real else None) for real, entry in found if entry is not None)

    def needs_more(self, selection: Selection, beside: Iterable[Selection]) -> bool:
        """Whether the step of a selection fails when it runs, because the folder of a pattern that matches nothing is
        not sent; its record is found all the same, and no other folder makes another. `beside` is what the build takes
        else."""
        for path in selection.paths:
            if not has_wildcard(path) or next(self._matches(path), None) is not None:
                continue
            fixed = "/".join(itertools.takewhile(lambda part: not has_wildcard(part), path.strip("/").split("/")))
            folder = self._resolved(fixed)
            if folder is None or (folder and not any(_meet(folder, other) for other in self.taken(beside))):
                return True
        return False

    def _one(self, path: str) -> str | None:
        if not has_wildcard(path):
            return self._digest(path.strip("/"))
        matches = list(self._matches(path))
        if not matches:
            return _hash("nothing")
        digests = [(posixpath.basename(match), self._digest(match) or "broken") for match in matches]
        if len(digests) == 1 and digests[0][0] == posixpath.basename(path):
            return digests[0][1]
        return _hash("matches", *(word for pair in digests for word in pair))

    def _digest(self, path: str) -> str | None:
        real = self._resolved(path)
        entry = None if real is None else self.source.entry(real)
        if entry is None:
            return None
        return _hash(self.root, entry.digest) if self.root and not real else entry.digest

    def _matches(self, path: str) -> Iterator[str]:
        plain = path.strip("/")
        if not has_wildcard(path):
            yield plain
            return
        starts = [""]
        for part in plain.split("/"):
            pattern = re.compile(_expression(part), re.DOTALL)
            found = []
            for folder in starts:
                real = self._resolved(folder)
                if real is None or (real and not self._is_folder(real)):
                    continue
                if not has_wildcard(part):
                    names = [part] if self.source.look(f"{real}/{part}" if real else part) is not None else []
                else:
                    names = [name for name in self.source.names(real) if pattern.fullmatch(name)]
                found += [f"{folder}/{name}" if folder else name for name in names]
            starts = found
        yield from sorted(starts)

    def _is_folder(self, path: str) -> bool:
        node = self.source.look(path)
        return node is not None and node.kind == "folder"

    def _resolved(self, path: str) -> str | None:
        """The path with every symlink in it followed, never out of the root; None where it does not exist."""
        left = [part for part in path.split("/") if part not in ("", ".")][::-1]
        done: list[str] = []
        links = 0
        while left:
            name = left.pop()
            if name == "..":
                del done[-1:]
                continue
            if done and not self._is_folder("/".join(done)):
                return None
            node = self.source.look("/".join([*done, name]))
            if node is None:
                return None
            if node.kind == "link":
                links += 1
                if links > _LINKS:
                    return None
                if node.target.startswith("/"):
                    done = []
                left += [part for part in node.target.split("/") if part not in ("", ".")][::-1]
            else:
                done.append(name)
        return "/".join(done)


def folders_above(path: str) -> list[str]:
    """Every folder that a path lies in, the root first."""
    if not path:
        return []
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts))]


def has_wildcard(path: str) -> bool:
    """Whether BuildKit takes the path for a pattern (its `containsWildcards`)."""
    return re.search(r"(?<!\\)(?:\\\\)*[*?\[]", path) is not None


def _meet(folder: str, taken: str) -> bool:
    """Whether a folder is sent where `taken` is: it lies below that, or above it."""
    return taken == "" or f"{folder}/".startswith(f"{taken}/") or taken.startswith(f"{folder}/")


def _expression(part: str) -> str:
    """Go's filepath.Match for one component."""
    out, at = [], 0
    while at < len(part):
        sign = part[at]
        at += 1
        if sign == "*":
            out.append(".*")
        elif sign == "?":
            out.append(".")
        elif sign == "[" and (end := part.find("]", at + 1)) > 0:
            out.append("[" + part[at:end].replace("[", "\\[") + "]")
            at = end + 1
        elif sign == "\\" and at < len(part):
            out.append(re.escape(part[at]))
            at += 1
        else:
            out.append(re.escape(sign))
    return "".join(out)


def _hash(*words: str) -> str:
    hashed = hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape"))
    return hashed.hexdigest()[:32]
