"""JSON that people write comments in (devcontainer.json, global.json), bounded before `json` reads it.

Comments and, where the reader takes them, trailing commas become blanks, so that every place stays where it was; what
the rest means `json` decides. Content of a broken file is never quoted.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from devbox.core.errors import ConfigError
from devbox.project.json_positions import NESTING_LIMIT, JsonDocument, nesting
from devbox.project.toml_source import decode_utf8

_TOKEN = re.compile(
    r'"(?:[^"\\\n]++|\\.)*+"?|//[^\n]*|/\*(?:[\s\S]*?\*/|[\s\S]*+)'
    r"|,(?=(?:\s|//[^\n]*\n|/\*[\s\S]*?\*/)*+[\]}])"
)


def parse_jsonc(data: bytes, path: str, *, trailing_commas: bool = True) -> JsonDocument:
    """The document; a byte order mark is accepted.

    Raises ConfigError with the place for everything that is no JSON object in UTF-8, and for nesting past the limit.
    """
    text = decode_utf8(data, path)
    try:
        plain = _TOKEN.sub(lambda match: _blank(match[0], trailing_commas), text)
    except ValueError:
        raise ConfigError(
            "a comment is not closed; expected `*/`", path=path, line=text.count("\n") + 1, column=1
        ) from None
    if nesting(plain) > NESTING_LIMIT:
        raise ConfigError(f"nested too deeply; expected at most {NESTING_LIMIT} levels", path=path, line=1, column=1)
    try:
        content = json.loads(plain, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ConfigError(
            "not valid JSON; expected an object", path=path, line=error.lineno, column=error.colno
        ) from None
    except (ValueError, RecursionError):
        raise ConfigError("not valid JSON: a number or constant out of range", path=path, line=1, column=1) from None
    if not isinstance(content, dict):
        raise ConfigError("not a JSON object", path=path, line=1, column=1)
    return JsonDocument(plain, content)


def _blank(token: str, trailing_commas: bool) -> str:
    if token.startswith('"'):
        return token
    if token == ",":
        return " " if trailing_commas else token
    if token.startswith("/*") and not token.endswith("*/"):
        raise ValueError("not closed")
    return re.sub(r"[^\n]", " ", token)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)
