"""A build context as BuildKit hashes it: which files a selection takes, and one digest for them.

Rules: spec/buildkit.md 4.3 and 6.1; moby/buildkit `cache/contenthash` (`Checksum`, `includedPaths`). Pure: the tree is
made by whoever walks the disk. Owners, times and the mode of the root do not count.
"""

from __future__ import annotations

import hashlib
import itertools
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from devbox.core.buildplan import Selection

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


@dataclass(slots=True)
class ContextTree:
    """All paths that a build may send: relative, `/` between names, the root not among them."""

    nodes: Mapping[str, Node]
    root: str = "root"
    """What counts of the root beside its children."""
    _children: dict[str, list[str]] | None = None
    _digests: dict[str, str] = field(default_factory=dict)

    def select(self, selection: Selection, beside: Collection[str] = ()) -> str | None:
        """The digest of everything a selection takes; None where it fails the build: a path that is named does not
        exist, or the folder of a pattern that matches nothing was not sent. `beside` is what the build sends else."""
        found = [self._one(path, beside) for path in selection.paths]
        if any(digest is None for digest in found):
            return None
        return found[0] if len(found) == 1 else _hash("several", *(digest or "" for digest in found))

    def roots(self, selection: Selection) -> Listing:
        """What a selection takes, outermost paths only."""
        reals = [real for path in selection.paths for match in self._matches(path)
                 if (real := self._resolved(match)) is not None]
        return tuple((real, self._digest(real), self.nodes.get(real)) for real in dict.fromkeys(reals))

    def listings(self) -> dict[str, Listing]:
        """What is in each folder, by the folder's digest."""
        folders = ["", *(path for path, node in self.nodes.items() if node.kind == "folder")]
        return {self._digest(path): self.listing(path) for path in folders}

    def listing(self, path: str) -> Listing:
        """What is in one folder."""
        return tuple((posixpath.basename(child), self._digest(child), self.nodes[child])
                     for child in self._folder(path))

    def taken(self, selection: Selection) -> dict[str, Node]:
        """Every path that a selection takes, folders and what is below them included."""
        taken: dict[str, Node] = {}
        for path in selection.paths:
            for start in self._matches(path):
                real = self._resolved(start)
                if real is None:
                    continue
                for inside in self._below(real):
                    node = self.nodes.get(inside)
                    if node is not None:
                        taken[inside] = node
        return taken

    def _one(self, path: str, beside: Collection[str]) -> str | None:
        if not has_wildcard(path):
            real = self._resolved(path.strip("/"))
            return None if real is None else self._digest(real)
        matches = list(self._matches(path))
        if not matches:
            fixed = "/".join(itertools.takewhile(lambda part: not has_wildcard(part), path.strip("/").split("/")))
            folder = self._resolved(fixed)
            return _hash("nothing") if folder == "" or folder in beside else None
        digests = []
        for match in matches:
            real = self._resolved(match)
            digests.append((posixpath.basename(match), "broken" if real is None else self._digest(real)))
        if len(digests) == 1 and digests[0][0] == posixpath.basename(path):
            return digests[0][1]
        return _hash("matches", *(word for pair in digests for word in pair))

    def _matches(self, path: str) -> Iterator[str]:
        plain = path.strip("/")
        if not has_wildcard(path):
            yield plain
            return
        pattern = [re.compile(_expression(part), re.DOTALL) for part in plain.split("/")]
        starts = [""]
        for part in pattern:
            found = []
            for folder in starts:
                real = self._resolved(folder)
                if real is None:
                    continue
                found += [
                    f"{folder}/{name}" if folder else name
                    for child in self._folder(real)
                    if part.fullmatch(name := posixpath.basename(child))
                ]
            starts = found
        yield from sorted(starts)

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
            here = "/".join([*done, name])
            node = self.nodes.get(here)
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

    def _folder(self, path: str) -> list[str]:
        if self._children is None:
            children: dict[str, list[str]] = {}
            for name in sorted(self.nodes):
                children.setdefault(posixpath.dirname(name), []).append(name)
            self._children = children
        return self._children.get(path, [])

    def _below(self, path: str) -> Iterator[str]:
        waiting = [path]
        while waiting:
            here = waiting.pop()
            yield here
            waiting += self._folder(here)

    def _digest(self, path: str) -> str:
        """Of a file: its header; of a folder also names and digests of what is in it."""
        order = [here for here in self._below(path) if here not in self._digests]
        for here in reversed(order):
            node = self.nodes.get(here)
            if node is not None and node.kind != "folder":
                self._digests[here] = _hash(node.header)
                continue
            header = node.header if node else self.root
            words = [word for child in self._folder(here) for word in (posixpath.basename(child), self._digests[child])]
            self._digests[here] = _hash(header, *words)
        return self._digests[path]


def has_wildcard(path: str) -> bool:
    """Whether BuildKit takes the path for a pattern (its `containsWildcards`)."""
    return re.search(r"(?<!\\)(?:\\\\)*[*?\[]", path) is not None


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
