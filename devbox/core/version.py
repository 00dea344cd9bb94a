"""Versions as numbers, and ranges of them: does a version fit a pin, and can two pins be met together.

Pure. Only the leading dotted ASCII digits of a version count here; what a suffix means is decided by each manager's own
rules (`core/toolchain`). PEP 440 sets are parsed by `packaging`, never by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_RELEASE = re.compile(r"[vV]?([0-9]{1,9}(?:\.[0-9]{1,9}){0,8})")
_FULL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){2,8}")

Numbers = tuple[int, ...]


def release_numbers(version: str) -> Numbers | None:
    """`v20.1.0-rc1` → (20, 1, 0); None where no number leads. ASCII digits only (security.md 3.6)."""
    match = _RELEASE.match(version)
    return tuple(map(int, match[1].split("."))) if match else None


def is_full_version(text: str) -> bool:
    """Whether the text is nothing but three or more dotted numbers, so that a folder of that name tells its version."""
    return _FULL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Interval:
    """The versions from `low` (included) up to `high` (excluded); None is open. Shorter tuples sort first."""

    low: Numbers = ()
    high: Numbers | None = None

    @property
    def empty(self) -> bool:
        """Whether no version is in it."""
        return self.high is not None and self.low >= self.high

    def __contains__(self, numbers: Numbers) -> bool:
        return self.low <= numbers and (self.high is None or numbers < self.high)

    def __and__(self, other: Interval) -> Interval:
        highs = [high for high in (self.high, other.high) if high is not None]
        return Interval(max(self.low, other.low), min(highs) if highs else None)


@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions: any of its intervals. `text` is how it was written."""

    text: str
    intervals: tuple[Interval, ...]

    def contains(self, version: str) -> bool:
        """Whether the version's leading numbers are in the range; a missing third part counts as 0."""
        numbers = release_numbers(version)
        if numbers is None:
            return False
        padded = numbers + (0,) * (3 - len(numbers))
        return any(padded in interval for interval in self.intervals)

    def meets(self, other: Range) -> bool:
        """Whether one version can be in both."""
        return any(not (one & two).empty for one in self.intervals for two in other.intervals)


def prefix_range(text: str) -> Range | None:
    """`20` → 20.x, `3.11` → 3.11.x, `3.11.7` → that version alone; None where no number leads."""
    numbers = release_numbers(text)
    return Range(text, (Interval(numbers, _next(numbers)),)) if numbers else None


def exact_range(text: str) -> Range | None:
    """The version as written; missing parts are 0 (nodenv, rbenv, asdf words)."""
    numbers = release_numbers(text)
    if not numbers:
        return None
    padded = numbers + (0,) * (3 - len(numbers))
    return Range(text, (Interval(padded, _next(padded)),))


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
    """A PEP 440 specifier set as intervals; None where it is malformed."""
    # Deferred: packaging costs 9 ms and most projects write no such set where doctor looks.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        clauses = [(clause.operator, clause.version) for clause in SpecifierSet(text)]
    except InvalidSpecifier:
        return None
    intervals: tuple[Interval, ...] = (Interval(),)
    for operator, version in clauses:
        wanted = _clause(operator, version)
        intervals = tuple(both for one in intervals for two in wanted if not (both := one & two).empty)
    return Range(text, intervals)


def _clause(operator: str, version: str) -> tuple[Interval, ...]:
    numbers = release_numbers(version) or (0,)
    full = numbers + (0,) * (3 - len(numbers))
    wildcard = version.endswith(".*")
    same = Interval(numbers, _next(numbers)) if wildcard else Interval(full, _next(full))
    after = same.high or ()
    table: dict[str, tuple[Interval, ...]] = {
        "==": (same,),
        "===": (same,),
        "!=": (Interval((), same.low), Interval(after)),
        ">=": (Interval(full),),
        ">": (Interval(_next(full)),),
        "<": (Interval((), full),),
        "<=": (Interval((), _next(full)),),
        "~=": (Interval(full, _next(numbers[:-1] or numbers)),),
    }
    return table.get(operator, (Interval(),))


def _next(numbers: Numbers) -> Numbers:
    return (*numbers[:-1], numbers[-1] + 1)
