"""`.terraform-version` as tfenv reads it (spec/toolchains.md 12). Source: `read_version_file` of `lib/helpers.sh`."""

from __future__ import annotations

import re

from devbox.project.pins.python_version import Word

NAME = ".terraform-version"
_COMMENT = re.compile(r"#[^\udc80-\udcff]*\Z")
_ANY_COMMENT = re.compile(r"#.*\Z", re.DOTALL)
_BLANKS = " \t\n\v\f\r"


def parse(data: bytes, *, utf8: bool) -> Word | None:
    """The text that stays: comments cut, lines without content dropped, the rest joined by newlines; None for nothing.

    In a UTF-8 locale `sed` finds no comment that has a broken byte in it.
    """
    comment = _COMMENT if utf8 else _ANY_COMMENT
    kept: list[str] = []
    first = 0
    text = data.replace(b"\0", b"").decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.split("\n"), start=1):
        content = comment.sub("", line).rstrip(_BLANKS)
        if content.strip(_BLANKS):
            kept.append(content.replace("\r", ""))
            first = first or number
    return Word("\n".join(kept), first) if kept else None
