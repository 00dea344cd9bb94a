"""`.python-version` as pyenv reads it (spec/toolchains.md 3.1, "Grammar"), with its accidents.

Source of the rules: `libexec/pyenv-version-file-read` 2.6.30 and bash's `read -n`.
"""

from __future__ import annotations

from devbox.core.frozen import dataclass

NAME = ".python-version"
_PIECE = 1024
"""Characters that `read -n 1024` takes at a time: text beyond it is read as another line."""
_AS_BLANK = bytes.maketrans(b"\t\n\r", b"   ")


@dataclass(frozen=True, slots=True)
class Word:
    """One version word and its line."""

    text: str
    line: int


def parse(data: bytes, *, utf8: bool) -> tuple[Word, ...]:
    """The version words in order; whether a word with a `/` counts is the caller's to decide.

    `utf8` says whether the caller's locale is UTF-8, in which an invalid byte swallows the byte after it.
    """
    words: list[Word] = []
    for piece, line in _pieces(data.replace(b"\0", b""), utf8):
        first = piece.translate(_AS_BLANK).strip(b" ").split(b" ")[0]
        if first and not first.startswith(b"#"):
            words.append(Word(first.decode("utf-8", "surrogateescape"), line))
    return tuple(words)


def _pieces(data: bytes, utf8: bool) -> list[tuple[bytes, int]]:
    """What each `read` gets: up to the newline, or 1024 characters."""
    pieces: list[tuple[bytes, int]] = []
    start = position = count = 0
    line = 1
    while position < len(data):
        if data[position] == 0x0A:
            pieces.append((data[start:position], line))
            line += 1
            position += 1
            start, count = position, 0
            continue
        position += _character(data, position) if utf8 else 1
        count += 1
        if count == _PIECE:
            pieces.append((data[start:position], line))
            start, count = position, 0
    pieces.append((data[start:position], line))
    return pieces


def _character(data: bytes, position: int) -> int:
    """Bytes that bash takes as one character; a broken sequence includes the byte that breaks it."""
    if data[position] < 0xC2 or data[position] > 0xF4:
        return 1
    for length in range(2, 5):
        taken = data[position : position + length]
        if len(taken) < length:
            return len(taken)
        try:
            taken.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                return length
        else:
            return length
    return 4
