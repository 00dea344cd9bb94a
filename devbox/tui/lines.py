"""What is drawn: lines of spans, each a piece of text and the role that colours it. Pure; knows no widget.

Every string passes `clean()` here, whether or not the caller thinks it is safe, so nothing that reaches a widget can
act on the terminal or be read as markup (security.md 4).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from devbox.core.present import Glyphs, Tone, glyphs
from devbox.core.text import clean, clip_end, clip_middle


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one role (`ok`, `muted`, … see styles/themes.toml); the empty role is the foreground."""

    text: str
    role: str = ""

    @property
    def width(self) -> int:
        """Terminal columns."""
        return cell_len(self.text)


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a list: what identifies it and its lines; with `key` None it is a heading or note."""

    key: Hashable | None
    lines: tuple[Line, ...]
    marked: int = 0
    """Column of the selection mark `▸` in the first line."""


@lru_cache(maxsize=4096)
def _said(text: str | bytes, ascii_only: bool) -> str:
    shown = clean(text)
    if ascii_only and not shown.isascii():
        shown = "".join(_FOLD.get(character, character) for character in shown)
        shown = shown.encode("ascii", "backslashreplace").decode("ascii")
    return shown


_WORD = re.compile(r" *[^ ]+ *| +")
_FOLD = {"…": "...", "→": "->", "·": "-", "’": "'", "“": '"', "”": '"', "–": "-", "×": "x", "↑": "up", "↓": "down"}


@dataclass(frozen=True, slots=True)
class Pen:
    """How to write on this terminal: which glyphs, and which frame the spinner shows."""

    glyphs: Glyphs
    ascii_only: bool = False
    tick: int = 0

    def said(self, text: str | bytes) -> str:
        """Text made safe and, in ASCII mode, spelt out."""
        return _said(text, self.ascii_only)

    def span(self, text: str | bytes, role: str = "") -> Span:
        """A piece of text."""
        return Span(self.said(text), role)

    def tone(self, tone: Tone) -> Span:
        """The glyph of a state; a running one spins."""
        glyph = self.glyphs.spin(self.tick) if tone is Tone.RUNNING else self.glyphs.of(tone)
        return Span(glyph, tone.value)

    def dot(self) -> Span:
        """The separator between facts on one line."""
        return Span(f" {self.glyphs.separator} ", "muted")

    def clip(self, text: str | bytes, width: int, *, middle: bool = False) -> str:
        """Safe text of at most `width` columns: cut at the end, or in the middle for paths."""
        cut = clip_middle if middle else clip_end
        ellipsis = self.glyphs.ellipsis if width > len(self.glyphs.ellipsis) else ""
        shown = cut(self.said(text), max(width, 0), ellipsis)
        # Rich's width tables, by which Textual lays out, know more characters than Python's.
        return shown if cell_len(shown) <= max(width, 0) else set_cell_size(shown, max(width, 0))

    def cell(
        self, text: str | bytes, width: int, role: str = "", *, right: bool = False, middle: bool = False
    ) -> Span:
        """Safe text in a column of exactly `width`."""
        shown = self.clip(text, width, middle=middle)
        gap = " " * max(width - cell_len(shown), 0)
        return Span(gap + shown if right else shown + gap, role)

    def fill(self, line: Iterable[Span], width: int, tail: Sequence[Span] = ()) -> Line:
        """`line`, then blanks, then `tail` at the right edge; the line gives way where both do not fit."""
        end = tuple(tail)
        room = max(width - line_width(end), 0)
        start = fit(line, room)
        return (*start, Span(" " * (room - line_width(start))), *end)


def pen_for(ascii_only: bool) -> Pen:
    """The pen of this terminal."""
    return Pen(glyphs(ascii_only), ascii_only)


def line_width(line: Iterable[Span]) -> int:
    """Terminal columns."""
    return sum(span.width for span in line)


def fit(line: Iterable[Span], width: int, ellipsis: str = "") -> Line:
    """The line cut to `width` columns."""
    kept: list[Span] = []
    left = width
    for span in line:
        size = span.width
        if size <= left:
            kept.append(span)
            left -= size
            continue
        if cut := clip_end(span.text, left, ellipsis):
            kept.append(replace(span, text=cut))
        break
    return tuple(kept)


def joined(parts: Iterable[Line], between: Span) -> Line:
    """Several short lines as one."""
    spans: list[Span] = []
    for part in parts:
        if spans and part:
            spans.append(between)
        spans += part
    return tuple(spans)


def wrapped(line: Iterable[Span], width: int, indent: int = 0) -> tuple[Line, ...]:
    """The line broken at blanks to `width` columns; words longer than a line are cut hard."""
    rows: list[Line] = []
    current: list[Span] = []
    used = 0
    for word in _words(line):
        size = word.width
        if used and used + len(word.text.rstrip()) > width:
            rows.append(tuple(current))
            current, used = ([Span(" " * indent)] if indent else []), indent
        while used + size > width and cell_len(word.text.rstrip()) > width - used:
            head = clip_end(word.text, max(width - used, 2), "")
            rows.append((*current, replace(word, text=head)))
            word = replace(word, text=word.text[len(head) :])
            size = word.width
            current, used = ([Span(" " * indent)] if indent else []), indent
        current.append(word)
        used += size
    if current or not rows:
        rows.append(tuple(current))
    return tuple(rows)


def _words(line: Iterable[Span]) -> Iterable[Span]:
    for span in line:
        for word in _WORD.findall(span.text):
            yield Span(word, span.role)


def plain(line: Iterable[Span]) -> str:
    """The text alone."""
    return "".join(span.text for span in line)
