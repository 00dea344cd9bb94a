"""`.ruby-version`, `.node-version` and `.java-version` as rbenv, nodenv and jenv read them (spec/toolchains.md 2).

One word of the file counts, there are no comments. Source of the rules: `version-file-read` of the three, and bash's
`read` with its accidents.
"""

from __future__ import annotations

import re

from devbox.project.pins.python_version import Word

_PIECE = 1024
"""Characters that `read -n 1024` takes."""
_WORD = re.compile(r"[^ \t\n\r]+")
_JENV_WORD = re.compile(r"(?:[^ \t\n\\]|\\.)+", re.DOTALL)


def parse(data: bytes) -> Word | None:
    """The first word of the whole file for rbenv and nodenv; a NUL byte ends the reading."""
    text = data.partition(b"\0")[0].decode("utf-8", "surrogateescape")[:_PIECE]
    found = _WORD.search(text)
    return Word(found[0], text.count("\n", 0, found.start()) + 1) if found else None


def parse_jenv(data: bytes) -> Word | None:
    """The first word of the first line that has one; one CR is removed, a backslash quotes, NUL bytes vanish."""
    text = data.replace(b"\0", b"").decode("utf-8", "surrogateescape")
    number = 1
    for line in re.split(r"(?<!\\)\n", text):
        found = _JENV_WORD.search(line.replace("\\\n", ""))
        word = re.sub(r"\\(.)", r"\1", found[0], flags=re.DOTALL).replace("\r", "", 1) if found else ""
        if word:
            return Word(word, number)
        number += line.count("\n") + 1
    return None
