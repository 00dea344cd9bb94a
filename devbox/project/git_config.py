"""git's configuration and attributes as data: only the keys that doctor asks for, no includes followed."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r'\s*\[\s*([A-Za-z0-9.-]+)(?:\s+"(?:[^"\\]|\\.)*")?\s*\]\s*(.*)')
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?")


def settings(data: bytes, section: str, key: str) -> Iterator[str]:
    """Every value of `section.key`, in order; a key without a value is `true`. Subsections are not told apart."""
    inside = False
    for line in data.decode("utf-8", "replace").removeprefix("\ufeff").splitlines():
        header = _SECTION.match(line)
        if header:
            inside, line = header[1].lower() == section, header[2]
        match = _KEY.match(line) if inside else None
        if match and match[1].lower() == key:
            yield _value(match[2]) if match[2] is not None else "true"


def filters_lfs(attributes: bytes) -> bool:
    """Whether a .gitattributes gives files to Git LFS."""
    return any(b"filter=lfs" in words[1:] for words in _lines(attributes))


def settles_line_endings(attributes: bytes) -> bool:
    """Whether a .gitattributes gives every file LF, or no conversion, whatever core.autocrlf says."""
    return any(words[0] == b"*" and (b"eol=lf" in words or b"-text" in words) for words in _lines(attributes))


def _lines(attributes: bytes) -> Iterator[list[bytes]]:
    for line in attributes.splitlines():
        words = line.split()
        if words and not words[0].startswith(b"#"):
            yield words


def _value(text: str) -> str:
    if text.startswith('"'):
        return text[1:].partition('"')[0]
    return re.split(r"\s*[#;]", text, maxsplit=1)[0].strip()
