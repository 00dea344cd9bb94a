"""Poetry's notation of Python versions: caret, tilde, `||`, and PEP 440 between them (spec/toolchains.md 3.3).

Pure. Caret and tilde mean what npm's do, everything else is PEP 440; both are read by their libraries.
"""

from __future__ import annotations

import re

from devbox.core.npm_range import npm_range
from devbox.core.version import Range, intersection, pep440_range, union

_LENGTH_LIMIT = 512
_ALTERNATIVE = re.compile(r"\s*\|\|?\s*")
_PART = re.compile(r"(\^|~(?!=)|[<>=!~]=?=?)?\s*([^\s,^<>=!~|]+)")
_REST = re.compile(r"[\s,]*")


def poetry_range(text: str) -> Range | None:
    """`^3.10`, `~3.11`, `>=3.10,<3.13`, `3.11.*`, `^3.9 || 3.13.1`, `*`; None for what Poetry refuses."""
    if len(text) > _LENGTH_LIMIT:
        return None
    parts = [_alternative(one) for one in _ALTERNATIVE.split(text.strip())]
    if any(one is None for one in parts):
        return None
    return union(text, [one for one in parts if one])


def _alternative(text: str) -> Range | None:
    if text in ("*", ""):
        return pep440_range("")
    found: list[Range] = []
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        wanted = _part(match[1] or "", match[2]) if match else None
        if match is None or wanted is None:
            return None
        found.append(wanted)
        rest = _REST.match(text, match.end())
        at = rest.end() if rest else match.end()
    return intersection(text, found)


def _part(operator: str, version: str) -> Range | None:
    if operator in ("^", "~"):
        return npm_range(f"{operator}{version}")
    if version == "*":
        return pep440_range("")
    return pep440_range(f"{operator if operator not in ('', '=') else '=='}{version}")
