"""npm ranges: `^20.5.0`, `18 || 20`, `>=18 <21`, as npm's own `semver` reads them (spec/toolchains.md 4.5 and 18).

Pure. `nodesemver` is a port of an older `semver`; what it does differently from 7.8 is corrected here and nowhere else,
and a test holds both against recorded answers of npm's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from devbox.core.version import (
    BEFORE,
    BEYOND,
    BOTTOM,
    RELEASE,
    Interval,
    Point,
    Range,
    after,
    point,
    prerelease_stage,
)

_LENGTH_LIMIT = 1024
"""Characters of a range; the port's patterns are slow on long runs of blanks and digits."""
_NUMBER_LIMIT = 2**53 - 1
"""JavaScript's largest safe integer; npm refuses anything above."""
_BUILD = re.compile(r"\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*")
_HOLE = re.compile(r"(?<![0-9A-Za-z.+^~-])(?<!~>)(?:[xX*]\.[0-9]|(?:[0-9]+|[xX*])\.[xX*]\.[0-9])")
"""A number behind an x: newer versions refuse it."""
_PYTHON_STYLE = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+)((?:a|b|rc)[0-9]*)")
_PARTIAL = re.compile(r"v?([0-9]+(?:\.[0-9]+)?)(?![0-9.])(.*)", re.DOTALL)
_BAD_NUMBER = re.compile(r"[0-9]{16,}")


def npm_range(text: str) -> Range | None:
    """The range, or None where npm says that it is none (`latest`, `lts/*`, `>=18,<21`)."""
    sets = _comparator_sets(text)
    if sets is None:
        return None
    intervals = tuple(whole for comparators in sets if not (whole := _interval(comparators)).empty)
    return Range(text, intervals, lambda version: _accepts(sets, version))


def newest(versions: Sequence[str], wanted: Range) -> str | None:
    """The highest of these full versions that the range accepts, by semver's precedence."""
    fitting = [version for version in versions if wanted.contains(version)]
    return max(fitting, key=lambda version: _place(_semver(version)), default=None)


def _comparator_sets(text: str) -> list[list[Any]] | None:
    """For each alternative the comparators that must all hold; None where the range is malformed."""
    # Deferred: nodesemver costs 25 ms (it compiles every pattern), and many projects have no npm range.
    import nodesemver

    plain = _BUILD.sub("", " ".join(text.split()))
    if len(plain) > _LENGTH_LIMIT or not plain.isascii():
        return None
    sets: list[list[Any]] = []
    for alternative in plain.split("||"):
        if _HOLE.search(alternative) or any(int(digits) > _NUMBER_LIMIT for digits in _BAD_NUMBER.findall(alternative)):
            return None
        try:
            (comparators,) = nodesemver.make_range(alternative.strip(), False).set
        except ValueError:
            return None
        for comparator in comparators:
            if comparator.operator == "<" and _is_made(comparator, alternative):
                comparator.semver.prerelease = [0]
        sets.append(comparators)
    return sets


def _is_made(comparator: Any, alternative: str) -> bool:
    """Whether this `<1.2.3` comes from a partial, caret or tilde, not from the text: then it is `<1.2.3-0`."""
    bound = comparator.semver
    if not hasattr(bound, "prerelease") or bound.prerelease:
        return False
    written = rf"<[v\s]*{bound.major}\.{bound.minor}\.{bound.patch}(?![0-9A-Za-z.-])"
    return re.search(written, alternative) is None


def _interval(comparators: Sequence[Any]) -> Interval:
    whole = Interval()
    for comparator in comparators:
        bound = comparator.semver
        if not hasattr(bound, "major"):  # any version
            continue
        place = _place(bound)
        if comparator.operator == "<" and not place[0]:  # npm: nothing is below 0.0.0
            return Interval(BOTTOM, BOTTOM)
        lone = bound.version if bound.prerelease else None
        whole &= {
            "<": Interval(BOTTOM, (place[0], BEFORE) if bound.prerelease == [0] else place),
            "<=": Interval(BOTTOM, after(place)),
            ">": Interval((place[0], BEYOND) if place[1] == RELEASE else after(place)),
            ">=": Interval(place if place[0] or bound.prerelease else BOTTOM),
        }.get(comparator.operator or "", Interval(place, after(place), lone))
    return whole


def _place(version: Any) -> Point:
    numbers = (version.major, version.minor, version.patch)
    return point(numbers, prerelease_stage(version.prerelease) if version.prerelease else RELEASE)


def _accepts(sets: Sequence[Sequence[Any]], text: str) -> bool:
    version = _semver(text)
    if version is None:
        return False
    import nodesemver

    return any(nodesemver.test_set(comparators, version) for comparators in sets)


def _semver(text: str) -> Any:
    """A version that runs as semver: `v20.1.0`, Python's `3.13.0rc2`, Go's `1.24`; None where it is none."""
    import nodesemver

    plain = _PYTHON_STYLE.sub(r"\1-\2", text.strip())
    partial = _PARTIAL.fullmatch(plain)
    if partial:
        plain = f"{partial[1]}{'.0' * (2 - partial[1].count('.'))}{partial[2]}"
    try:
        return nodesemver.make_semver(plain, False) if len(plain) <= 256 else None
    except ValueError:
        return None
