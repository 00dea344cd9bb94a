"""Requirements files as pip reads them: lines joined, comments cut, options known; nothing is fetched or expanded.

Rules: pip's `req_file.py` (continuations before comments, `COMMENT_RE`) and its documentation, "Requirements File
Format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from devbox.core.frozen import dataclass

_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_HASH = re.compile(r"\s--hash(?:=|\s+)(\S+)")
_SHORT = re.compile(r"(-[rce])(?!-)[\s=]*(.*)$")
"""`-rother.txt` is as good as `-r other.txt`."""
_OPTION = re.compile(r"(--[A-Za-z][A-Za-z-]*)(?:\s*=\s*|\s+|$)(.*)$")
_TRAILING_OPTION = re.compile(r"\s--[a-z][a-z-]*(?:=|\s).*$")
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PIN = re.compile(
    rf"({_NAME})(?:\[([A-Za-z0-9._, -]*)\])?\s*(==\s*[A-Za-z0-9.!+_-]+)\s*(?:;\s*(.+))?"
)
_ENV = re.compile(r"\$\{[A-Z0-9_]+\}")
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*:)|\.{0,2}/|.*\.(?:whl|zip|tar\.gz|tar\.bz2|tgz)$", re.IGNORECASE)
_AT = re.compile(rf"{_NAME}\s*(?:\[[^\]]*\])?\s*@\s")
_EGG = re.compile(rf"[#&]egg=({_NAME})")
LINE_LIMIT = 100_000
"""Lines of one file."""


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line that asks for something."""

    line: int
    name: str = ""
    """As written; empty for a URL or path that names no package."""
    specifier: str = ""
    marker: str = ""
    hashes: int = 0
    direct: bool = False
    """From a URL, a path or a checkout: no version can be compared."""
    include: str = ""
    """`-r FILE`"""
    constraints: str = ""
    """`-c FILE`"""
    problem: str = ""
    """Why pip would refuse the line."""


def requirement_lines(text: str) -> Iterator[Line]:
    """Every line that asks for a package or names another file, in order."""
    for number, line in _logical(text):
        if line.startswith("-"):
            option = _SHORT.match(line) or _OPTION.match(line)
            if option is not None and (found := _of_option(number, option[1], option[2].strip().strip("\"'"))):
                yield found
            continue
        yield _requirement(number, line)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Continuations joined, then comments cut, as pip does it: (first line's number, text)."""
    pieces: list[str] = []
    start = 1
    for number, raw in enumerate(text.splitlines()[:LINE_LIMIT], 1):
        comment = _COMMENT.match(raw) is not None
        piece = f" {raw}" if comment else raw  # so that a comment inside a continuation stays one
        if not pieces:
            start = number
        if raw.endswith("\\") and not comment:
            pieces.append(piece.strip("\\"))
            continue
        pieces.append(piece)
        joined = _COMMENT.sub("", "".join(pieces)).strip()
        pieces = []
        if joined:
            yield start, joined
    if pieces and (joined := _COMMENT.sub("", "".join(pieces)).strip()):
        yield start, joined


def _of_option(number: int, option: str, value: str) -> Line | None:
    if option in ("-r", "--requirement", "--requirements"):
        return Line(number, include=value)
    if option in ("-c", "--constraint", "--constraints"):
        return Line(number, constraints=value)
    if option in ("-e", "--editable"):
        return _direct(number, value)
    return None


def _direct(number: int, value: str, hashes: int = 0) -> Line:
    egg = _EGG.search(value)
    return Line(number, name=egg[1] if egg else "", direct=True, hashes=hashes)


def _requirement(number: int, line: str) -> Line:
    hashes = len(_HASH.findall(line))
    text = _TRAILING_OPTION.sub("", _HASH.sub("", line)).strip()
    pin = _PIN.fullmatch(text)
    if pin is not None:
        return Line(number, pin[1], pin[3].replace(" ", ""), pin[4] or "", hashes)
    if (_URL.match(text) and not _AT.match(text)) or _ENV.search(text):
        return _direct(number, text, hashes)
    # Deferred: packaging costs 15 ms; lines that pin a version never need it.
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        parsed = Requirement(text)
    except (InvalidRequirement, RecursionError):
        return Line(number, problem="not a requirement; expected NAME, a version set, and a marker after `;`")
    marker = str(parsed.marker) if parsed.marker else ""
    return Line(number, parsed.name, str(parsed.specifier), marker, hashes, direct=parsed.url is not None)
