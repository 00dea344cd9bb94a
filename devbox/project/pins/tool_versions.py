"""`.tool-versions` as mise and the two lines of asdf read it (spec/toolchains.md 2 and 6).

Source: mise's `config_file/tool_versions.rs`; `parse_asdf_version_file` of asdf 0.14.1; `internal/toolversions` of
asdf 0.20. The same bytes mean different things to the three.
"""

from __future__ import annotations

import re

from devbox.core.frozen import dataclass
from devbox.project.pins.mise_toml import Wish, tool_name

_BLANK = " \t"
_GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_COMMENT = re.compile(r"#[^\udc80-\udcff]*\Z")
_BROKEN = re.compile(r"[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """The versions of one plugin, in order: a list to fall back along."""

    words: tuple[str, ...]
    line: int


def parse_for_mise(text: str) -> dict[str, tuple[Wish, ...]]:
    """Tool → its versions; of several lines for a tool the last stays."""
    found: dict[str, tuple[Wish, ...]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        name, *versions = line.partition("#")[0].split() or [""]
        if name:
            found[tool_name(name.rstrip(":"))] = tuple(Wish(version, number) for version in versions)
    return found


def parse_for_bash(data: bytes, home: str) -> dict[str, Entry]:
    """Plugin → its versions for asdf up to 0.15: the name at the line's start, one space; the first line counts.

    `grep` keeps quiet about a file with a NUL byte and about a line that is not UTF-8. A path in front is expanded.
    """
    found: dict[str, Entry] = {}
    text = data.decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.split("\n") if "\0" not in text else (), start=1):
        content = "" if line.lstrip(_BLANK).startswith("#") else _COMMENT.sub("", line).rstrip(_BLANK)
        name, space, versions = content.partition(" ")
        if not name or not space or name in found or _BROKEN.search(content):
            continue
        if versions.startswith("path:~/"):
            versions = f"path:{home}/{versions.removeprefix('path:~/')}"
        words = tuple(word for word in versions.split(" ") if word)
        if words:
            found[name] = Entry(words, number)
    return found


def parse_for_go(data: bytes) -> dict[str, Entry]:
    """Plugin → its versions for asdf from 0.16: split at spaces alone, every piece trimmed; the first line counts."""
    found: dict[str, Entry] = {}
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), start=1):
        pieces = (piece.strip(_GO_SPACE) for piece in line.partition("#")[0].split(" "))
        name, *words = [piece for piece in pieces if piece] or [""]
        if words and name not in found:
            found[name] = Entry(tuple(words), number)
    return found


def parse_legacy(data: bytes, *, bash: bool) -> Entry | None:
    """Another manager's file that a plugin without a parser of its own takes as it is."""
    text = data.decode("utf-8", "surrogateescape")
    if not bash:
        words = tuple(word.strip(_GO_SPACE) for word in text.split(" "))
        return Entry(words, 1) if words != ("",) else None
    lines = text.replace("\0", "").rstrip("\n").split("\n")
    words = tuple(word for word in lines[0].split(" ") if word)
    if words:
        return Entry(words, 1)
    # The first line is blank: the shim's second try then takes the first word that it meets.
    number = next((number for number, line in enumerate(lines, start=1) if line.strip(" \t")), 0)
    return Entry((lines[number - 1].split()[0],), number) if number else None
