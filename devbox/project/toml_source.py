"""From the bytes of a TOML file to values that remember where they were written.

Bounded before it parses (security.md 3.3), so that no file can make tomllib slow or deep; every way in which a file
is not TOML is one ConfigError with its place, and never quotes the file. Knows nothing of devbox's own keys.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from devbox.core.errors import ConfigError
from devbox.core.facts import Origin
from devbox.core.frozen import dataclass
from devbox.project.toml_positions import BASIC, BASIC_BLOCK, LITERAL, LITERAL_BLOCK, KeyPath, Position, positions

NESTING_LIMIT = 64
"""Levels of arrays, inline tables and dotted keys."""

Value = Any
"""What tomllib makes of a scalar: str, int, float, bool, or a date or time."""


@dataclass(frozen=True, slots=True)
class Node:
    """A TOML value and where it was written."""

    value: Value | dict[str, Node] | tuple[Node, ...]
    origin: Origin

    @property
    def table(self) -> dict[str, Node] | None:
        """Its keys, if it is a table."""
        return self.value if isinstance(self.value, dict) else None

    @property
    def array(self) -> tuple[Node, ...] | None:
        """Its items, if it is an array."""
        return self.value if isinstance(self.value, tuple) else None


def parse_toml(data: bytes, path: str) -> Node:
    """The document's root table; `path` is what origins and errors name.

    Raises ConfigError for anything that is not TOML 1.0 in UTF-8 (a byte order mark is accepted, as editors on
    Windows write one), and for nesting past `NESTING_LIMIT`.
    """
    text = decode_utf8(data, path).replace("\r\n", "\n")
    unclosed = _bound(text, path)
    try:
        document = tomllib.loads(text)
        places = positions(text)
    except tomllib.TOMLDecodeError as error:
        _refuse_conflict_markers(text, path)
        place, reason = _place(error, text), _reason(error)
        if unclosed is not None and unclosed <= place:
            place, reason = unclosed, "a string is not closed"
        raise ConfigError(
            f"not valid TOML: {reason}", path=path, line=place[0], column=place[1],
            hint="every string value needs quotes, every table a header of its own",
        ) from None
    except (ValueError, OverflowError, RecursionError):
        # A number of thousands of digits: tomllib lets the error of the conversion through, without a place.
        number = _LONG_NUMBER.search(text)
        line, column = _end(text[: number.start()]) if number else (1, 1)
        raise ConfigError(
            "not valid TOML: a number is out of range; expected at most 64 bits", path=path, line=line, column=column
        ) from None
    return _located(document, (), places, path)


def decode_utf8(data: bytes, path: str) -> str:
    """The text of a file; raises ConfigError with the place of the first byte that is not UTF-8, or of a NUL."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        line, column = _end(before)
        raise ConfigError(
            "not UTF-8 text; expected a file saved as UTF-8", path=path, line=line, column=column
        ) from None
    if "\0" in text:
        line, column = _end(text[: text.index("\0")])
        raise ConfigError("a NUL byte; expected a text file", path=path, line=line, column=column)
    return text


def _end(text: str) -> Position:
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1


_LONG_NUMBER = re.compile(r"[+-]?[0-9][0-9_]{999,}", re.ASCII)
_MARKER = re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE)


def _refuse_conflict_markers(text: str, path: str) -> None:
    """Say what tomllib can only call an invalid statement."""
    match = _MARKER.search(text)
    if match is not None:
        line, column = _end(text[: match.start()])
        raise ConfigError(
            "an unresolved merge conflict; expected the file as it is after the merge", path=path, line=line,
            column=column, hint="`git status` shows the files in conflict",
        )


_TOKEN = re.compile("|".join((BASIC_BLOCK, LITERAL_BLOCK, BASIC, LITERAL, r"#[^\n]*", r"[\[\]{}.=,\n\"']")))
_OPEN, _CLOSE = frozenset("[{"), frozenset("]}")


def _bound(text: str, path: str) -> Position | None:
    """Refuse what would be deep or slow: tomllib recurses per bracket, and needs quadratic time for a dotted key.

    Agrees with tomllib up to tomllib's first error, which is as far as tomllib reads. Returns where a string starts
    that never ends.
    """
    depth = dots = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in _OPEN:
            depth, dots = depth + 1, 0
        elif token in _CLOSE:
            depth, dots = max(depth - 1, 0), 0
        elif token == ".":
            dots += 1
        elif token in ("\n", "=", ","):
            dots = 0
        elif token in ("'", '"'):  # tomllib stops here
            return _end(text[: match.start()])
        if depth + dots > NESTING_LIMIT:
            line, column = _end(text[: match.start()])
            raise ConfigError(
                f"nested too deeply; expected at most {NESTING_LIMIT} levels", path=path, line=line, column=column
            )
    return None


_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = ("Cannot declare", "Cannot mutate", "Cannot overwrite", "Duplicate inline", "Cannot redefine")


def _place(error: tomllib.TOMLDecodeError, text: str) -> Position:
    """Where tomllib stopped: attributes from Python 3.14 on, before that only in the message."""
    line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
    if isinstance(line, int) and isinstance(column, int):
        return line, column
    match = _AT.search(str(error))
    return (int(match[1]), int(match[2])) if match and match[1] else _end(text)


def _reason(error: tomllib.TOMLDecodeError) -> str:
    """tomllib's words without the place; those that would quote a key of the file are replaced."""
    words = _AT.sub("", str(getattr(error, "msg", error)))
    return "a key or table is defined twice" if words.startswith(_TWICE) else words[:1].lower() + words[1:]


def _located(value: Any, at: KeyPath, places: Mapping[KeyPath, Position], path: str) -> Node:
    line, column = places.get(at, (1, 1))
    if isinstance(value, dict):
        value = {key: _located(item, (*at, key), places, path) for key, item in value.items()}
    elif isinstance(value, list):
        value = tuple(_located(item, (*at, index), places, path) for index, item in enumerate(value))
    return Node(value, Origin(path, line, column))
