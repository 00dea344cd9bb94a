"""Dotenv files: `KEY=VALUE` lines as `docker run --env-file` and compose read them, without any expansion.

`export ` before a name, blank lines, `#` comments, single and double quotes. A value is plain text: `$` means nothing.
Values never appear in a message.
"""

from __future__ import annotations

import re

from devbox.core.errors import ConfigError
from devbox.core.project import Pairs
from devbox.project import notation
from devbox.project.toml_source import decode_utf8

_EXPORT = re.compile(r"export[ \t]+")
_ESCAPE = re.compile(r'\\(["\\$`])')


def parse_env_file(data: bytes, path: str) -> Pairs:
    """The variables of a dotenv file, in order; of a name written twice the later line counts.

    Raises ConfigError with the line of the first mistake.
    """
    pairs: dict[str, str] = {}
    for number, line in enumerate(decode_utf8(data, path).replace("\r\n", "\n").split("\n"), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            name, value = _pair(_EXPORT.sub("", text, count=1) if text.startswith("export") else text)
        except ValueError as error:
            raise ConfigError(f"not a line of an env file; {error}", path=path, line=number, column=1) from None
        pairs.pop(name, None)
        pairs[name] = value
    return tuple(pairs.items())


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError("expected NAME=VALUE")
    return notation.env_name(name.rstrip()), notation.env_value(_value(value.strip()))


def _value(text: str) -> str:
    if text[:1] in ("'", '"'):
        quote = text[0]
        match = re.match(r'"((?:[^"\\]|\\.)*+)"' if quote == '"' else r"'([^']*+)'", text)
        if match is None:
            raise ValueError("expected the closing quote on the same line")
        rest = text[match.end() :].strip()
        if rest and not rest.startswith("#"):
            raise ValueError("expected nothing after the closing quote")
        return _ESCAPE.sub(r"\1", match[1]) if quote == '"' else match[1]
    return re.split(r"(?:^|[ \t])#", text, maxsplit=1)[0].rstrip()
