"""Foreign text inside Markdown: shown as it is, and nothing more. Pure.

A word that Markdown or GitHub could read as more than a word (a mention, a link, HTML, emphasis, a table's border)
becomes a code span, where none of them work; everything passes `clean()`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from devbox.core.text import clean, clip_end

LONGEST = 600
"""Columns of one foreign text."""
_PLAIN = re.compile(r"[\w.,;:()/=+%?!'\"\u2019-]+")
_SPECIAL = re.compile(r"_|://|\bwww\.|^[0-9a-f]{7,}$|\bgh-\d|^[-+=]+$|^\d+[.)]$|:\w+:|!\(|\)\(", re.IGNORECASE)
"""Made of plain characters and still more than a word: emphasis, an address, a commit, an issue, a list, an emoji."""
_TICKS = re.compile(r"`+")
_QUOTED = re.compile(r"`([^`]+)`")


def code(text: str, *, longest: int = LONGEST, cell: bool = False) -> str:
    """The text as a code span, with `cell` one that also stands in a table; `-` where there is none."""
    shown = clip_end(clean(" ".join(text.split("\n"))), longest).strip()
    if not shown:
        return "-"
    ticks = max((len(run) for run in _TICKS.findall(shown)), default=0)
    fence = "`" * (ticks + 1)
    pad = " " if ticks else ""
    # A table's cell ends at `|` even inside code, unless a backslash stands before it; the backslash is not shown.
    return f"{fence}{pad}{_border(shown) if cell else shown}{pad}{fence}"


def prose(text: str, *, longest: int = LONGEST) -> str:
    """A sentence of ours with foreign words in it; what it has in backticks stays code."""
    shown = clip_end(clean(" ".join(text.split("\n"))), longest)
    parts: list[str] = []
    end = 0
    for quoted in _QUOTED.finditer(shown):
        parts += [_words(shown[end : quoted.start()]), code(quoted[1])]
        end = quoted.end()
    return "".join([*parts, _words(shown[end:])]).strip()


def table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The lines of a table, its cells already safe."""
    lines = (heading, tuple("---" for _ in heading), *rows)
    return [f"| {' | '.join(line)} |" for line in lines]


def _border(text: str) -> str:
    """Also the backslashes before a `|`: two of them would be one shown, and the border free again."""
    return re.sub(r"(\\*)\|", lambda match: match[1].replace("\\", "∖") + "\\|", text)


def _words(text: str) -> str:
    """Each word that is not plain as a code span."""
    pieces = re.split(r"( +)", text)
    return "".join(
        piece if not piece.strip() or (_PLAIN.fullmatch(piece) and not _SPECIAL.search(piece)) else _tick(piece)
        for piece in pieces
    )


def _tick(word: str) -> str:
    """Punctuation of the sentence stays outside the code."""
    bare = word.rstrip(",;:.")
    return f"{code(bare)}{word[len(bare):]}" if bare else code(word)
