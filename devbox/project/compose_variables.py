"""Which variables a compose file interpolates, and what happens where one is not set (compose-spec, "Interpolation").

`$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?error}`, `${NAME?error}`, `${NAME:+other}`,
`${NAME+other}`, nested in one another; `$$` is a dollar. Only the text is scanned, line by line, comments left out:
neither YAML nor the interpolation itself is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from devbox.core.settings_checks import Fallback, Use

NESTING_LIMIT = 32
USE_LIMIT = 2000
"""Uses of one file."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_OPERATOR = re.compile(r":?[-?+]")
_FALLBACKS: dict[str, Fallback] = {"-": "default", "?": "error", "+": "optional"}


def variables(data: bytes, path: str) -> tuple[Use, ...]:
    """Every use, in order; at most `USE_LIMIT`. Never raises: what is no valid interpolation is passed over."""
    found: list[Use] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        for use in _uses(_without_comment(line), number, 0):
            found.append(replace(use, path=path))
            if len(found) >= USE_LIMIT:
                return tuple(found)
    return tuple(found)


def _uses(text: str, line: int, depth: int) -> Iterator[Use]:
    place = text.find("$")
    while place >= 0:
        rest = place + 1
        if text.startswith("$", rest):  # an escaped dollar
            rest += 1
        elif text.startswith("{", rest):
            end = _closing(text, rest)
            if end is None:
                return
            yield from _braced(text[rest + 1 : end], line, depth)
            rest = end + 1
        else:
            match = _NAME.match(text, rest)
            if match:
                yield Use(match[0], line, "empty")
                rest = match.end()
        place = text.find("$", rest)


def _braced(inner: str, line: int, depth: int) -> Iterator[Use]:
    match = _NAME.match(inner)
    if match is None or depth >= NESTING_LIMIT:
        return
    operator = _OPERATOR.match(inner, match.end())
    if operator is None:
        if match.end() == len(inner):
            yield Use(match[0], line, "empty")
        return
    word = operator[0]
    yield Use(match[0], line, _FALLBACKS[word[-1]], empty_counts=word.startswith(":"))
    if word.endswith("-"):
        nested = _uses(inner[operator.end() :], line, depth + 1)
        yield from (replace(use, unless=(match[0], *use.unless)) for use in nested)


def _closing(text: str, opening: int) -> int | None:
    """The brace that ends the one at `opening`."""
    depth = 0
    for index in range(opening, len(text)):
        if text[index] == "{" and (index == opening or text[index - 1] == "$"):
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if depth == 0:
                return index
    return None


def _without_comment(line: str) -> str:
    """The line up to a `#` that begins a comment: at its start or after a blank, outside quotes."""
    quote = ""
    for index, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and (index == 0 or line[index - 1] in " \t[{,:-"):
            quote = character
        elif character == "#" and (index == 0 or line[index - 1] in " \t"):
            return line[:index]
    return line
