"""A JSON document, and the line on which each of its keys stands, comments allowed; `json` decides what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from devbox.core.frozen import dataclass

_TOKEN = re.compile(r'//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:[^"\\]++|\\.)*+"?|[{}\[\],]', re.DOTALL)
_TOKEN_LIMIT = 500_000
NESTING_LIMIT = 64


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """One document, an object at its top."""

    text: str
    content: Mapping[str, Any]

    def get(self, *path: str | int) -> Any:
        """The value at a path of keys and array numbers; None where there is none."""
        value: Any = self.content
        for part in path:
            if isinstance(part, str) and isinstance(value, dict):
                value = value.get(part)
            elif isinstance(part, int) and isinstance(value, list) and part < len(value):
                value = value[part]
            else:
                return None
        return value

    def line(self, *path: str | int) -> int | None:
        """The line of the key at that path."""
        return line_of(self.text, *path)


def line_of(text: str, *path: str | int) -> int | None:
    """The line, counted from 1, of the key at this path (an array's element by its number); None where it is not.

    Of a key that stands there twice it is the last one's, whose value counts.
    """
    here: list[str | int] = []
    found = None
    at_key = False
    for match in islice(_TOKEN.finditer(text), _TOKEN_LIMIT):
        token = match[0]
        if token in "{[":
            here.append("" if token == "{" else 0)
            at_key = token == "{"
        elif token in "}]":
            if here:
                here.pop()
            at_key = False
        elif token == ",":
            last = here[-1] if here else ""
            at_key = isinstance(last, str)
            if isinstance(last, int):
                here[-1] = last + 1
        elif at_key and token.startswith('"'):
            here[-1] = _decoded(token)
            at_key = False
            if len(here) == len(path) and tuple(here) == path:
                found = match.start()
    return None if found is None else text.count("\n", 0, found) + 1


def nesting(text: str) -> int:
    """How deep objects and arrays lie in each other: what to look at before a parser that recurses."""
    depth = deepest = 0
    for match in _TOKEN.finditer(text):
        if match[0] in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "}]":
            depth -= 1
    return deepest


def _decoded(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token
