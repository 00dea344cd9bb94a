"""Pins against pins: sources that no version satisfies together (spec/toolchains.md 18).

Pure: every reader gives its pins with the range they mean under their own manager; a moving word (`lts/*`, `latest`)
has none and conflicts with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from devbox.core.findings import Conflict, Declared
from devbox.core.frozen import dataclass
from devbox.core.version import Range


@dataclass(frozen=True, slots=True)
class Pin:
    """One source's wish for one tool."""

    tool: str
    declared: Declared
    range: Range | None
    """None: not comparable without alias files or the network."""
    place: str = ""
    """Where in its file, where one file says several things: `engines`, `volta`, `devEngines`."""
    apart: bool = False
    """Of a file that may say different things beside each other: build stages, jobs of a workflow."""


def find_conflicts(pins: Iterable[Pin]) -> tuple[Conflict, ...]:
    """Pairs of pins, from different sources, of one tool, that exclude each other; in the order given.

    A list of versions in one place (pyenv, mise) is a wish for all of them: the first is what runs, so it counts.
    What two managers read in one place is one wish, as the first of them takes it.
    """
    found: dict[tuple[str, str, str], Conflict] = {}
    for one, two in combinations(_wishes(pins), 2):
        if one.tool != two.tool or not one.range or not two.range or one.range.meets(two.range):
            continue
        sources = (one.declared, two.declared)
        if not (one.apart and two.apart and sources[0].path == sources[1].path):
            # Of many stages or jobs that contradict the same source, one pair says it.
            key = (one.tool, _named(one), _named(two))
            found.setdefault(key, Conflict(one.tool, sources))
    return tuple(found.values())


def _named(pin: Pin) -> str:
    return pin.declared.path if pin.apart else f"{pin.declared.path} {pin.place}"


def _wishes(pins: Iterable[Pin]) -> list[Pin]:
    first: dict[tuple[str, str, str, int | None], Pin] = {}
    seen: set[tuple[str, Declared]] = set()
    for pin in pins:
        key = (pin.tool, pin.declared.path, pin.place, pin.declared.line if pin.apart else None)
        if key not in first and (pin.tool, pin.declared) not in seen:
            first[key] = pin
        seen.add((pin.tool, pin.declared))
    return list(first.values())
