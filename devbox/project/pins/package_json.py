"""`package.json` as bounded data with lines; what its keys mean is for each reader to say (spec/toolchains.md 4.3-4.5).

Nothing of it is ever run; scripts are not looked at.
"""

from __future__ import annotations

import json
from typing import NoReturn

from devbox.core.frozen import dataclass
from devbox.project.json_positions import NESTING_LIMIT, JsonDocument, nesting

NAME = "package.json"


PackageJson = JsonDocument


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why there is no document. The content of a broken file is never quoted."""

    problem: str
    line: int | None = None


def read(data: bytes, *, bom: bool = False) -> PackageJson | Unreadable:
    """The document; never raises. `NaN` is no JSON, as for the managers' own parsers; nor is a byte order mark, except
    (with `bom`) for npm."""
    try:
        text = data.decode("utf-8-sig" if bom else "utf-8")
    except UnicodeDecodeError as error:
        return Unreadable("it is not UTF-8", data.count(b"\n", 0, error.start) + 1)
    if nesting(text) > NESTING_LIMIT:
        return Unreadable(f"it is nested deeper than {NESTING_LIMIT}")
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return Unreadable("it is not JSON", error.lineno)
    except (ValueError, RecursionError):
        return Unreadable("it is not JSON that can be read")
    if not isinstance(content, dict):
        return Unreadable("it is not a JSON object", 1)
    return PackageJson(text, content)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)
