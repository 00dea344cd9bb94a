"""A build context as rules see it: is a path there, is it ignored, what would a COPY of everything send.

Looks at names and sizes only; never opens, never follows a link out. Bounded in entries and time (security.md 3.2).
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import field
from typing import Literal

from devbox.core.frozen import dataclass
from devbox.project.ignore import IgnoreRules, Verdict

Answer = Literal["there", "missing", "ignored", "unknown"]
USELESS = {
    ".git": "the repository's history", "node_modules": "installed packages", ".venv": "a virtual environment",
    "venv": "a virtual environment", ".tox": "test environments", ".nox": "test environments",
    "__pycache__": "compiled Python", ".mypy_cache": "a cache", ".pytest_cache": "a cache", ".ruff_cache": "a cache",
    ".hypothesis": "a cache", ".cache": "a cache", ".terraform": "downloaded providers", ".gradle": "a cache",
    ".next": "built output", ".nuxt": "built output", ".svelte-kit": "built output", ".parcel-cache": "a cache",
    ".turbo": "a cache", ".idea": "an editor's settings", ".vs": "an editor's settings", ".direnv": "an environment",
    ".DS_Store": "a desktop's notes", "target": "built output", "bower_components": "installed packages",
    ".svn": "the repository's history", ".hg": "the repository's history",
}
"""Names that no image needs from the context, and what they are."""
_SIGNS = {"target": ("Cargo.toml", "pom.xml"), "venv": ("venv/pyvenv.cfg",)}
"""Names that may be something else, and what must stand beside them."""
ENTRY_LIMIT = 30_000
TIME_LIMIT = 0.1
"""Seconds."""
_GLOB_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Size:
    """What a COPY of everything would send."""

    bytes: int
    files: int
    complete: bool
    """False where counting stopped early, and everything is at least so much."""
    useless: tuple[tuple[str, int], ...] = ()
    """Folders and files that no image needs, the largest first."""


@dataclass(frozen=True)
class Context:
    """One context folder, which must be canonical."""

    root: str
    rules: IgnoreRules = field(default_factory=IgnoreRules)
    ignore_file: str | None = None
    """Its name, where there is one."""
    _sizes: list[Size] = field(default_factory=list, compare=False, repr=False)

    def look(self, path: str) -> Answer:
        """Whether a COPY source, relative and without patterns, will be found by the builder."""
        verdict = Verdict(False)
        parts = [part for part in path.split("/") if part]
        at = self.root
        for number, part in enumerate(parts, 1):
            at = os.path.join(at, part)
            try:
                mode = os.lstat(at).st_mode
            except (OSError, ValueError):
                return "missing"
            verdict = self.rules.judge("/".join(parts[:number]), verdict)
            if stat.S_ISLNK(mode) and number < len(parts):
                return "unknown"  # the builder resolves it by rules of its own
        if verdict.ignored and not (os.path.isdir(at) and self.rules.may_take_back("/".join(parts))):
            return "ignored"
        return "there"

    def matches(self, pattern: str) -> tuple[tuple[str, ...], bool]:
        """The paths that a COPY pattern matches, ignored ones left out, and whether those are all: by Go's
        filepath.Match, part by part."""
        parts = [part for part in pattern.split("/") if part]
        found: list[tuple[str, Verdict]] = [("", Verdict(False))]
        until, complete = time.monotonic() + TIME_LIMIT, True
        for part in parts:
            below: list[tuple[str, Verdict]] = []
            for above in found:
                for each in self._children(*above, part):
                    below.append(each)
                    if len(below) > _GLOB_LIMIT or time.monotonic() > until:
                        complete = False
                        break
                if not complete:
                    break
            found = below
        left = (path for path, verdict in found if not verdict.ignored or self.rules.may_take_back(path))
        return tuple(left), complete

    def _children(self, folder: str, verdict: Verdict, pattern: str) -> Iterator[tuple[str, Verdict]]:
        matching = fnmatch.translate(pattern.replace("[^", "[!"))
        place = os.path.join(self.root, folder)
        if folder and os.path.islink(place):
            return  # it may lead out
        try:
            names = os.listdir(place)[:_GLOB_LIMIT]
        except OSError:
            return
        wanted = re.compile(matching)
        for name in sorted(names):
            if wanted.match(name):
                path = f"{folder}/{name}" if folder else name
                yield path, self.rules.judge(path, verdict)

    def size(self) -> Size:
        """What everything that is not ignored weighs; measured once."""
        if not self._sizes:
            self._sizes.append(_Measure(self.root, self.rules).run())
        return self._sizes[0]


class _Measure:
    """One bounded walk: wide before deep, so that large folders deep down do not hide the others."""

    def __init__(self, root: str, rules: IgnoreRules) -> None:
        self.root = root
        self.rules = rules
        self.until = time.monotonic() + TIME_LIMIT
        self.left = ENTRY_LIMIT
        self.device = os.lstat(root).st_dev if os.path.isdir(root) else 0
        self.bytes = 0
        self.files = 0
        self.useless: dict[str, int] = {}

    def run(self) -> Size:
        waiting = deque([("", Verdict(False), "")])
        complete = True
        while waiting:
            if self.left <= 0 or time.monotonic() > self.until:
                complete = False
                break
            folder, verdict, inside = waiting.popleft()
            waiting += self._folder(folder, verdict, inside)
        useless = sorted(self.useless.items(), key=lambda item: (-item[1], item[0]))
        return Size(self.bytes, self.files, complete, tuple(useless))

    def _folder(self, folder: str, above: Verdict, inside: str) -> Iterator[tuple[str, Verdict, str]]:
        """Counts what is in a folder; yields the folders to look into."""
        try:
            with os.scandir(os.path.join(self.root, folder)) as entries:
                for entry in entries:
                    self.left -= 1
                    if self.left < 0 or time.monotonic() > self.until:
                        self.left = -1
                        return
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    verdict = self.rules.judge(path, above)
                    status = entry.stat(follow_symlinks=False)
                    part = inside or (path if self._is_useless(entry.name, folder) and not verdict.ignored else "")
                    if stat.S_ISDIR(status.st_mode):
                        if status.st_dev == self.device and (not verdict.ignored or self.rules.may_take_back(path)):
                            if part:
                                self.useless.setdefault(part, 0)
                            yield path, verdict, part
                    elif not verdict.ignored:
                        self._count(status, part)
        except OSError:
            return

    def _count(self, status: os.stat_result, part: str) -> None:
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        self.bytes += size
        self.files += 1
        if part:
            self.useless[part] = self.useless.get(part, 0) + size

    def _is_useless(self, name: str, folder: str) -> bool:
        if name not in USELESS:
            return False
        signs = _SIGNS.get(name)
        return signs is None or any(os.path.exists(os.path.join(self.root, folder, sign)) for sign in signs)
