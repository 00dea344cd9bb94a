"""Which pieces of a log fill a window: decodes, cleans and wraps only what is asked for. Knows no widget.

With wrapping one line is several rows, and positions still count lines, so nothing outside the window is ever measured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.text import Text

from devbox.core.text import clean
from devbox.tui.lines import Span
from devbox.tui.log_store import LogStore

_BETWEEN = rb"(?:\x1b\[[0-9;]*m)*"
"""Colour changes inside a word do not hide it from a search."""
_SHOWN_CHARACTERS = 10_000


def search_pattern(query: str) -> re.Pattern[bytes]:
    """What `query` means in a log: that text, in any case and any colour."""
    characters = (re.escape(character.encode()) for character in query)
    return re.compile(_BETWEEN.join(characters), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One row on screen: part of line `number`, from its character `start` on."""

    number: int
    start: int
    text: Text


class LogLines:
    """A log as rows of text; line numbers are those of the store."""

    def __init__(self, store: LogStore, *, ascii_only: bool = False) -> None:
        self.store = store
        self.widest = 0
        """Columns of the widest line seen so far."""
        self._ascii_only = ascii_only

    def text(self, number: int) -> Text:
        """Line `number`, cleaned, with its colours."""
        shown = clean(self.store.line(number), colour=True, limit=_SHOWN_CHARACTERS)
        if self._ascii_only:
            shown = shown.encode("ascii", "backslashreplace").decode("ascii")
        return Text.from_ansi(shown) if "\x1b" in shown else Text(shown)

    def pieces(self, number: int, width: int | None) -> list[Piece]:
        """The rows of one line, wrapped to `width` columns unless that is None."""
        text = self.text(number)
        columns = text.cell_len
        self.widest = max(self.widest, columns)
        if width is None or columns <= width:
            return [Piece(number, 0, text)]
        cuts = _cuts(text.plain, width)
        return [Piece(number, at, part) for at, part in zip([0, *cuts], text.divide(cuts), strict=True)]

    def last_top(self, width: int | None, height: int) -> int:
        """The first line of the window that ends with the last line."""
        if width is None:
            return max(len(self.store) - height, self.store.dropped)
        rows, number = 0, len(self.store)
        while number > self.store.dropped and rows < height:
            number -= 1
            rows += len(self.pieces(number, width))
        return number

    def window(self, top: int, width: int | None, height: int) -> list[Piece]:
        """The rows of a window whose first line is `top`; from the last top on it ends with the last row."""
        at_end = width is not None and top >= self.last_top(width, height)
        rows: list[Piece] = []
        number = top
        while number < len(self.store) and (at_end or len(rows) < height):
            rows += self.pieces(number, width)
            number += 1
        return rows[-height:] if at_end else rows[:height]


def _cuts(plain: str, width: int) -> list[int]:
    """Where to cut so that every row fits, wide characters included."""
    if plain.isascii():
        return list(range(width, len(plain), width))
    cuts: list[int] = []
    used = 0
    for index, character in enumerate(plain):
        size = Span(character).width
        if used + size > width and used:
            cuts.append(index)
            used = 0
        used += size
    return cuts
