"""How likely a copy from a stage that runs again is a hit all the same, where nothing can prove it.

Rules: spec/buildkit.md 6.2.

An honest guess: what changed is followed through the stage's instructions, as far as their words tell what they read
and write, and experience with the same step counts more with every time. Never makes a verdict. Pure.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from devbox.core.buildplan import BuildPlan, Input, Selection, Vertex
from devbox.core.cachebook import CacheBook
from devbox.core.frozen import dataclass

if TYPE_CHECKING:
    from devbox.core.forecast import Verdict

_REACHED, _UNTOUCHED = 0.12, 0.9
"""The chance of a hit where what is copied may have changed, and where nothing says so."""
_WEIGHT = 1.0
"""How many past cases the words of the Dockerfile count for."""
_PATH = re.compile(r"(?<![\w$}./-])/[\w.@+-]+(?:/[\w.@+-]+)*")
_WRITES = re.compile(r">>?\s*(/[\w./@+-]+)|\s-o\s*(/[\w./@+-]+)|\b(?:cp|mv|install|ln)\s[^;&|\n]*\s(/[\w./@+-]+)")
_BY_CHANCE = re.compile(
    r"/dev/u?random|\$RANDOM|\bdate\b|\buuid|\bmktemp\b|\brand\b|/proc/|\bhostname\b|\bshuf\b|\btoken_(hex|bytes)\b"
)
"""What gives another result each time."""
_SYSTEM = ("/dev", "/bin", "/proc", "/sys", "/usr/bin")


@dataclass(frozen=True, slots=True)
class Hints:
    """Experience."""

    guesses: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By `Guess.case`: how often it was a hit, of how often its stage ran again."""
    environments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The environment in which a script (`script_key`) last ran."""


def script_key(vertex_parts: Mapping[str, object]) -> str:
    """What a RUN runs, as a key of `Hints.environments`."""
    return json.dumps(vertex_parts.get("run"), default=list)


@dataclass(frozen=True, slots=True)
class Guess:
    """One guess, and the case that its outcome is experience of."""

    chance: float
    case: str


def guess(one: Input, op: str, changed: Changed) -> Guess:
    """The chance that this input of an operation is what it was."""
    paths = one.selection.paths or ("/",)
    reached = one.vertex is not None and any(_overlap(_fixed(path), other) for path in paths
                                             for other in changed.by(one.vertex))
    words = _REACHED if reached else _UNTOUCHED
    case = cases(op)[not reached]
    hits, seen = changed.hints.guesses.get(case, (0, 0))
    return Guess((hits + _WEIGHT * words) / (seen + _WEIGHT), case)


def cases(op: str) -> tuple[str, str]:
    """The two cases of an operation: what it copies may have changed, or nothing says so."""
    return f"{op}~", op


@dataclass(slots=True)
class Changed:
    """The paths that may differ from what they were, after each vertex of a forecast that is being made."""

    plan: BuildPlan
    verdicts: Sequence[Verdict]
    book: CacheBook
    contents: Mapping[Selection, str | None]
    hints: Hints
    _known: dict[int, frozenset[str]] = field(default_factory=dict)

    def by(self, number: int) -> frozenset[str]:
        """Those in the file system that a vertex leaves."""
        number = self.plan.real(number)
        if number not in self._known:
            self._known[number] = self._after(number)
        return self._known[number]

    def _after(self, number: int) -> frozenset[str]:
        vertex = self.plan.vertices[number]
        if vertex.kind == "base" or self.verdicts[number].word in ("hit", "base"):
            return frozenset()
        before = self.by(vertex.root) if vertex.root is not None else frozenset()
        if vertex.merges:
            return before.union(*(self.by(one.vertex) for one in vertex.inputs if one.vertex is not None))
        if vertex.kind == "copy":
            return before | {_fixed(str(vertex.parts["to"]))} if self._sources_differ(vertex) else before
        return self._after_run(vertex, before) if vertex.kind == "run" else before

    def _after_run(self, vertex: Vertex, before: frozenset[str]) -> frozenset[str]:
        script = "\n".join(map(str, vertex.parts["run"]))
        mentioned = frozenset(path for path in _PATH.findall(script) if not path.startswith(_SYSTEM))
        written = frozenset(_fixed(path) for found in _WRITES.findall(script) for path in found if path)
        written = frozenset(path for path in written if not path.startswith(_SYSTEM))
        here = frozenset((vertex.parts["workdir"],)) - {"/"}
        if not (_BY_CHANCE.search(script) or self._sources_differ(vertex) or self._environment_differs(vertex, script)
                or any(_overlap(read, path) for read in (mentioned - written) | here for path in before)):
            return frozenset(path for path in before if not any(_below(path, over) for over in written))
        return before | (written or mentioned | here)

    def _sources_differ(self, vertex: Vertex) -> bool:
        """Whether files that it takes from elsewhere are, or may be, others than ever before."""
        for index, one in enumerate(vertex.inputs):
            if one.vertex is None:
                digest = self.contents.get(one.selection)
                known = digest is not None and self.book.by_content(vertex.op, index, digest)
                # A RUN may be another operation and mount the same files.
                if not known and (vertex.kind == "copy" or self.book.knows(vertex.op)):
                    return True
            elif one.selection.paths:
                paths = [_fixed(path) for path in one.selection.paths]
                new = vertex.kind == "copy" and not self.book.knows(vertex.op)
                if new or any(_overlap(path, other) for path in paths for other in self.by(one.vertex)):
                    return True
        return vertex.kind == "copy" and not self.book.knows(vertex.op)

    def _environment_differs(self, vertex: Vertex, script: str) -> bool:
        """Whether it never ran, or a variable that its script names has another value than then."""
        was = self.hints.environments.get(script_key(vertex.parts))
        if was is None:
            return True
        now = set(vertex.parts["env"])
        names = {item.partition("=")[0] for item in now.symmetric_difference(was)}
        return any(re.search(rf"\$\{{?{re.escape(name)}\b", script) for name in names)


def _fixed(path: str) -> str:
    """The part of a path before its first pattern."""
    parts: list[str] = []
    for part in path.split("/"):
        if any(sign in part for sign in "*?["):
            break
        parts.append(part)
    return posixpath.normpath("/" + "/".join(parts).lstrip("/"))


def _below(path: str, folder: str) -> bool:
    return path == folder or folder == "/" or path.startswith(f"{folder}/")


def _overlap(one: str, other: str) -> bool:
    return _below(one, other) or _below(other, one)


def environments(steps: Iterable[tuple[Mapping[str, object], Sequence[str]]]) -> dict[str, tuple[str, ...]]:
    """`Hints.environments` of past steps (parts, environment), the newest first."""
    found: dict[str, tuple[str, ...]] = {}
    for parts, env in steps:
        found.setdefault(script_key(parts), tuple(env))
    return found
