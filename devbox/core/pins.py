"""Pins against pins: sources that no version satisfies together (spec/toolchains.md 18).

Pure: every reader gives its pins with the range they mean under their own manager; a moving word (`lts/*`, `latest`)
has none and conflicts with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from devbox.core.findings import Conflict, Declared
from devbox.core.version import Range


@dataclass(frozen=True, slots=True)
class Pin:
    """One source's wish for one tool."""

    tool: str
    declared: Declared
    range: Range | None
    """None: not comparable without alias files or the network."""


def find_conflicts(pins: Iterable[Pin]) -> tuple[Conflict, ...]:
    """Pairs of pins, from different sources, of one tool, that exclude each other; in the order given.

    A list of versions in one file (pyenv, mise) is a wish for all of them: the first is what runs, so the first counts.
    """
    first: dict[tuple[str, str], Pin] = {}
    for pin in pins:
        first.setdefault((pin.tool, pin.declared.path), pin)
    return tuple(
        Conflict(one.tool, (one.declared, two.declared))
        for one, two in combinations(first.values(), 2)
        if one.tool == two.tool and one.range and two.range and not one.range.meets(two.range)
    )
