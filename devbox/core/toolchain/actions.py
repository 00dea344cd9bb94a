"""GitHub's setup actions: what a version word selects in a runner's tool cache (spec/toolchains.md 15).

Pure. Sources: `@actions/tool-cache` (`find`, `evaluateVersions`), setup-python `src/find-python.ts`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from devbox.core.frozen import dataclass
from devbox.core.npm_range import newest, npm_range
from devbox.core.version import Range, exact_range, prefix_range

FOLDERS = {"node": "node", "python": "Python", "go": "go", "ruby": "Ruby"}
"""Tool → its folder in the tool cache."""
MOVING = {
    "node": re.compile(r"lts/.*|latest|node|current|lts"), "python": re.compile(r"(?:pypy|graalpy).*"),
    "go": re.compile(r"stable|oldstable"), "java": re.compile(r".*-ea|latest"),
    "ruby": re.compile(r"(?:head|debug|ruby|jruby|truffleruby|mingw|mswin|ucrt|.*-head).*"),
}
"""Words whose meaning is in a list that only the network has."""
_FREE_THREADED = re.compile(r"([0-9]+\.[0-9]+(?:\.[0-9]+)?)t(-dev)?", re.ASCII)
_DEV = re.compile(r"([0-9]+)\.([0-9]+)-dev", re.ASCII)
_OPERATOR = re.compile(r"([<>=~^!]+)\s+")
_MAJOR_MINOR = re.compile(r"([0-9]+)\.([0-9]+)", re.ASCII)
_PRERELEASE = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+)((?:a|b|rc)[0-9]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A word, as an npm range over the names in the tool cache."""

    range: Range | None
    """None: a word that moves, or that is no range."""
    arch_suffix: str = ""
    """Free-threaded Pythons lie beside the others under `x64-freethreaded`."""


@lru_cache(maxsize=1024)
def wanted(
    tool: str, word: str, *, prereleases: bool = False, free_threaded: bool = False, loose: bool = False
) -> Wanted:
    """What the action looks for; `loose`: the word comes from pyproject.toml."""
    if tool in MOVING and MOVING[tool].fullmatch(word):
        return Wanted(None)
    if tool == "python":
        return _python((loose_range(word) if loose else None) or word, word, prereleases, free_threaded)
    if tool == "java":
        return Wanted(npm_range(word) or prefix_range(word))
    if tool == "ruby":
        return Wanted(prefix_range(word.removeprefix("ruby-")))
    return Wanted(npm_range(word) or (exact_range(word) if tool == "go" else None))


def find(want: Wanted, versions: Sequence[str]) -> str | None:
    """The newest version of the cache that fits; it is the one the step puts on PATH."""
    return newest(versions, want.range) if want.range else None


def loose_range(specifiers: str) -> str | None:
    """A PEP 440 set as setup-python reads it: commas made blanks, the whole a loose npm range.

    `~=3.10` is `~3.10`, and what npm does not know (`!=3.9.*`) falls out without a word. None where nothing is left.
    """
    joined = _OPERATOR.sub(r"\1", " ".join(specifiers.split(",")))
    if not joined.strip():
        return "*"
    kept = [word for word in joined.split() if word == "||" or npm_range(word) is not None]
    text = " ".join(kept)
    return text if any(word != "||" for word in kept) and npm_range(text) is not None else None


def _python(word: str, shown: str, prereleases: bool, free_threaded: bool) -> Wanted:
    match = _FREE_THREADED.fullmatch(word)
    if match:
        word, free_threaded = f"{match[1]}{match[2] or ''}", True
    text = _DEV.sub(r"~\1.\2.0-0", word) if _DEV.fullmatch(word) else word
    text = _PRERELEASE.sub(r"\1-\2", text)
    if prereleases and (line := _MAJOR_MINOR.fullmatch(text)):
        text = f"~{line[1]}.{line[2]}.0-0"
    found = npm_range(text)
    renamed = Range(shown, found.intervals, found.accepts) if found else None
    return Wanted(renamed, "-freethreaded" if free_threaded else "")
