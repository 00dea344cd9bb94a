"""Versions as points on one line, and ranges of them: does a version fit a pin, and can two pins be met together.

Pure. One order for all notations, so that a PEP 440 set can be held against an npm range or a Docker tag: numbers first
(a missing part is 0), then pre-releases before the release and post-releases after it. What a written range means is
decided by libraries: `packaging` here, the npm one in `core/npm_range`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Any

from devbox.core.frozen import dataclass

_RELEASE = re.compile(r"[vV]?([0-9]{1,9}(?:\.[0-9]{1,9}){0,8})")
_FULL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){2,8}")
_PRERELEASE = re.compile(
    r"[-._]?(alpha|beta|rc|preview|pre|dev|nightly|canary|ea|snapshot|next|a|b)[-._]?([0-9]{1,18})?(?![a-z])",
    re.IGNORECASE,
)
_FULL_NAME = {"a": "alpha", "b": "beta"}

Numbers = tuple[int, ...]
Stage = tuple[Any, ...]
"""Where a version of these numbers stands: before the release, at it, after it. Compares as tuples do."""
Point = tuple[Numbers, Stage]
"""A place between versions, or a version itself: its numbers without trailing zeros, and its stage."""

RELEASE: Stage = (0,)
BEFORE: Stage = (-1,)
"""Before every pre-release of these numbers, as npm's `-0`."""
POST = 1
BEYOND: Stage = (2,)
"""After every post-release of these numbers."""
BOTTOM: Point = ((), BEFORE)


def release_numbers(version: str) -> Numbers | None:
    """`v20.1.0-rc1` → (20, 1, 0); None where no number leads. ASCII digits only (security.md 3.6)."""
    match = _RELEASE.match(version)
    return tuple(map(int, match[1].split("."))) if match else None


def is_full_version(text: str) -> bool:
    """Whether the text is nothing but three or more dotted numbers, so that a folder of that name tells its version."""
    return _FULL.fullmatch(text) is not None


def point(numbers: Iterable[int], stage: Stage = RELEASE) -> Point:
    """The place of a version; trailing zeros do not count."""
    kept = list(numbers)
    while kept and kept[-1] == 0:
        kept.pop()
    return tuple(kept), stage


def prerelease_stage(identifiers: Iterable[int | str]) -> Stage:
    """The stage of a pre-release by semver's precedence: numbers before words, fewer before more."""
    return (-1, *((0, one, "") if isinstance(one, int) else (1, 0, one) for one in identifiers))


def after(place: Point) -> Point:
    """The next place: nothing lies between a version and it."""
    return place[0], (*place[1], ())


def version_point(version: str) -> Point | None:
    """The place of a version as programs print it: `3.13.0rc2`, `v20.0.0-nightly2023`, `1.24rc1`, `17.0.9+9`.

    A suffix that names no stage (`-tem`, `_392`) changes nothing.
    """
    match = _RELEASE.match(version)
    if match is None:
        return None
    stage, suffix = RELEASE, _PRERELEASE.match(version, match.end())
    if suffix:
        word = suffix[1].lower()
        stage = prerelease_stage((_FULL_NAME.get(word, word), int(suffix[2] or 0)))
    return point(map(int, match[1].split(".")), stage)


@dataclass(frozen=True, slots=True)
class Interval:
    """The versions from `low` (included) up to `high` (excluded); None is open."""

    low: Point = BOTTOM
    high: Point | None = None
    alone: str | None = None
    """The version, where it is the only one in here and a pre-release: npm's ranges accept it on a condition."""

    @property
    def empty(self) -> bool:
        """Whether no version is in it."""
        return self.high is not None and self.low >= self.high

    def __contains__(self, place: Point) -> bool:
        return self.low <= place and (self.high is None or place < self.high)

    def __and__(self, other: Interval) -> Interval:
        highs = [high for high in (self.high, other.high) if high is not None]
        return Interval(max(self.low, other.low), min(highs) if highs else None, self.alone or other.alone)


@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions: any of its intervals. `text` is how it was written."""

    text: str
    intervals: tuple[Interval, ...]
    accepts: Callable[[str], bool] | None = field(default=None, compare=False)
    """The library that reads this notation, asked for one version; None: the intervals tell."""

    def contains(self, version: str) -> bool:
        """Whether the version is in the range by the rules of its notation."""
        if self.accepts is not None:
            return self.accepts(version)
        place = version_point(version)
        return place is not None and any(place in interval for interval in self.intervals)

    def meets(self, other: Range) -> bool:
        """Whether one version can be in both."""
        return any(
            not (one & two).empty and other._takes(one) and self._takes(two)
            for one in self.intervals
            for two in other.intervals
        )

    def _takes(self, interval: Interval) -> bool:
        """npm: a pre-release by itself fits only a range that names one of the same numbers, or that is any version."""
        return interval.alone is None or Interval() in self.intervals or self.contains(interval.alone)


def union(text: str, ranges: Iterable[Range]) -> Range:
    """Any of these ranges: a matrix, a list of alternatives."""
    parts = tuple(ranges)
    return Range(
        text, tuple(interval for one in parts for interval in one.intervals),
        lambda version: any(one.contains(version) for one in parts),
    )


def intersection(text: str, ranges: Iterable[Range]) -> Range:
    """All of these ranges at once."""
    parts = tuple(ranges)
    whole: tuple[Interval, ...] = (Interval(),)
    for one in parts:
        whole = tuple(both for left in whole for right in one.intervals if not (both := left & right).empty)
    return Range(text, whole, lambda version: all(one.contains(version) for one in parts))


def prefix_range(text: str) -> Range | None:
    """`20` → 20.x, `3.11` → 3.11.x, `3.11.7` → that version alone; None where no number leads."""
    numbers = release_numbers(text)
    if numbers is None:
        return None
    if len(numbers) >= 3:
        return exact_range(text)
    return Range(text, (Interval(point(numbers), point(_next(numbers), BEFORE)),))


def exact_range(text: str) -> Range | None:
    """The version as written; missing parts are 0 (nodenv, rbenv, asdf words)."""
    place = version_point(text)
    return Range(text, (Interval(place, after(place)),)) if place else None


def minimum_range(text: str) -> Range | None:
    """That version or any later one (the lines of go.mod)."""
    place = version_point(text)
    return Range(text, (Interval(place),)) if place else None


def constraint_range(text: str) -> Range | None:
    """A constraint of devbox.toml's `[toolchains]`: `3.12`, `3.11.*`, `>=24`, `>=3.10,<3.13`, `*`; else None.

    A bare version is a prefix; everything else is a PEP 440 specifier set.
    """
    stripped = text.strip()
    if stripped in ("", "*"):
        return Range(text, (Interval(),))
    bare = stripped.removesuffix(".*")
    if _RELEASE.fullmatch(bare):
        found = prefix_range(bare)
        return Range(text, found.intervals) if found else None
    return pep440_range(stripped)


def pep440_range(text: str) -> Range | None:
    """A PEP 440 specifier set (spec/toolchains.md 3.3); None where it is malformed.

    A pre-release that runs is held against it as it is, as `contains(version, prereleases=True)` does.
    """
    # Deferred: packaging costs 9 ms and most projects write no such set where doctor looks.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    try:
        specifiers = SpecifierSet(text)
        clauses = [_clause(clause.operator, clause.version) for clause in specifiers]
    except (InvalidSpecifier, InvalidVersion, ValueError, OverflowError):
        return None
    intervals: tuple[Interval, ...] = (Interval(),)
    for wanted in clauses:
        intervals = tuple(both for one in intervals for two in wanted if not (both := one & two).empty)

    def accepts(version: str) -> bool:
        try:
            return specifiers.contains(version.rstrip("+"), prereleases=True)
        except InvalidVersion:
            return False

    return Range(text, intervals, accepts)


def _clause(operator: str, version: str) -> tuple[Interval, ...]:
    wildcard = version.endswith(".*")
    numbers, place = _pep440_point(version.removesuffix(".*"))
    line = Interval(point(numbers, BEFORE), point(_next(numbers), BEFORE))
    same = line if wildcard else Interval(place, after(place))
    table: dict[str, Callable[[], tuple[Interval, ...]]] = {
        "==": lambda: (same,),
        "===": lambda: (same,),
        "!=": lambda: (Interval(BOTTOM, same.low), Interval(same.high or BOTTOM)),
        ">=": lambda: (Interval(place),),
        # A release excludes its own post-releases, `<` its own pre-releases.
        ">": lambda: (Interval((place[0], BEYOND) if place[1] == RELEASE else after(place)),),
        "<": lambda: (Interval(BOTTOM, place if place[1] < RELEASE else (place[0], BEFORE)),),
        "<=": lambda: (Interval(BOTTOM, after(place)),),
        "~=": lambda: (Interval(place, point(_next(numbers[:-1]), BEFORE)),),
    }
    return table[operator]()


def _pep440_point(version: str) -> tuple[Numbers, Point]:
    from packaging.version import Version  # deferred with its module, see pep440_range

    parsed = Version(version)
    stage = RELEASE
    if parsed.pre is not None:
        word, number = parsed.pre
        stage = prerelease_stage((_FULL_NAME.get(word, word), number))
    elif parsed.post is not None:
        stage = (POST, parsed.post)
    elif parsed.dev is not None:
        stage = prerelease_stage((parsed.dev,))
    return parsed.release, point(parsed.release, stage)


def _next(numbers: Numbers) -> Numbers:
    return (*numbers[:-1], numbers[-1] + 1)
