"""The Doctor screen as lines: pure functions from snapshot and width to what is painted (tui.md, 1 Doctor)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import replace

from rich.cells import cell_len

from devbox.core.findings import LAYERS, DoctorRow, Layer
from devbox.core.present import Tone, check_tone
from devbox.core.row_groups import Folded
from devbox.core.text import duration
from devbox.tui.doctor_state import TONES, DoctorView
from devbox.tui.lines import Line, Pen, Row, Span, fit, joined, line_width, wrapped

_COMMAND = re.compile(r"(`[^`]*`)")
Columns = tuple[tuple[str, int], ...]
_MARK = 4
"""Columns before the first cell: selection mark, glyph, and their blanks."""
_WORD = 11
_WORDS: dict[Layer, tuple[str, str]] = {
    "hardware": ("hardware", "hw"), "os": ("os", "os"), "os_version": ("os version", "release"),
    "system_packages": ("packages", "pkgs"), "runtime": ("runtime", "runtime"),
    "dependencies": ("dependencies", "deps"), "code": ("code", "code"), "configuration": ("configuration", "config"),
}


def doctor_rows(
    rows: tuple[DoctorRow, ...], pen: Pen, width: int, folded: tuple[Folded, ...] = (), opened: Container[str] = ()
) -> tuple[Row, ...]:
    """The table: a heading, one row per pin or check, and one per layer for what is ok; an opened one lists its own."""
    inside = tuple(
        replace(row, subject=f"  {row.subject}") for group in folded if group.key in opened for row in group.rows
    )
    columns = _columns((*rows, *inside), width)
    heading = (Span(" " * _MARK), *(pen.cell(name, size, "muted") for name, size in columns))
    lines = [Row(None, (heading,)), *(Row(row.key, (_row(row, columns, pen),)) for row in rows)]
    for group in folded:
        lines.append(Row(group.key, (_folded(group, columns, pen, width),)))
        if group.key in opened:
            mine = (row for row in inside if row.layer == group.layer)
            lines += (Row(row.key, (_row(row, columns, pen),)) for row in mine)
    return tuple(lines)


def _folded(group: Folded, columns: Columns, pen: Pen, width: int) -> Line:
    """`✓ hardware   architecture x86_64, memory 23.5 GiB`, through all columns but the first."""
    size = columns[0][1]
    tone = TONES[group.status]
    start = (Span("  "), pen.tone(tone), Span(" "), _cell(pen, _WORDS[group.layer][0], size, "muted"))
    return (*start, pen.cell(", ".join(group.words), max(width - _MARK - size, 0), "muted"))


def _columns(rows: tuple[DoctorRow, ...], width: int) -> Columns:
    """As wide as their content within bounds; a narrow terminal drops the origin."""
    wide = width >= 96
    columns = [
        ("subject", _size((row.subject for row in rows), 13, 24 if wide else 20)),
        ("pinned", _size((row.pinned for row in rows), 8, 20 if wide else 14)),
        ("found", _size((row.found for row in rows), 8, 24 if wide else 20)),
    ]
    if any(row.container for row in rows):
        columns.append(("container", _size((row.container or "" for row in rows), 9, 14)))
    columns = _shrunk(columns, width - _MARK - _WORD)
    left = width - _MARK - _WORD - sum(size for _, size in columns)
    if wide and left >= 12:
        return (*columns, ("", _WORD), ("from", left))
    return (*columns, ("", max(_WORD + left, 1)))


def _shrunk(columns: list[tuple[str, int]], room: int) -> list[tuple[str, int]]:
    """The same columns, the widest ones narrower until they fit."""
    sizes = [size for _, size in columns]
    while sum(sizes) > room and max(sizes) > 4:
        sizes[sizes.index(max(sizes))] -= 1
    return [(name, size) for (name, _), size in zip(columns, sizes, strict=True)]


def _size(texts: Iterable[str], least: int, most: int) -> int:
    return max(least, min(max((cell_len(text) for text in texts), default=0), most)) + 2


def _row(row: DoctorRow, columns: Columns, pen: Pen) -> Line:
    tone = TONES[row.status]
    quiet = "muted" if tone is Tone.RUNNING else ""
    spans = [Span("  "), pen.tone(tone), Span(" ")]
    for name, size in columns:
        if name == "subject":
            spans.append(_cell(pen, row.subject, size, "strong" if tone is Tone.ERROR else quiet))
        elif name == "from":
            spans.append(_cell(pen, row.origin, size, "muted", middle="/" in row.origin))
        elif name == "":
            spans.append(_cell(pen, row.word, size, tone.value))
        else:
            value = {"pinned": row.pinned, "found": row.found, "container": row.container or ""}[name]
            spans.append(_cell(pen, value or "-", size, quiet if value not in ("", "-", "*") else "muted"))
    return tuple(spans)


def _cell(pen: Pen, text: str, size: int, role: str, *, middle: bool = False) -> Span:
    """A cell with its gap to the next column."""
    inner = pen.cell(text, max(size - 2, 1), role, middle=middle)
    return Span(inner.text + "  ", role)


def layer_strip(view: DoctorView, pen: Pen, width: int) -> Line:
    """The eight layers, each with its glyph; they spin while nothing is known."""
    for short in (False, True):
        parts: list[Line] = []
        for layer in LAYERS:
            status = view.layers.get(layer)
            tone = check_tone(status) if status else Tone.RUNNING if view.scanning else Tone.TO_GO
            role = tone.value if tone in (Tone.WARN, Tone.ERROR) else "muted"
            parts.append((pen.tone(tone), Span(" "), pen.span(_WORDS[layer][short], role)))
        for gap in (3, 2):
            line = (Span("  "), *joined(parts, Span(" " * gap)))
            if line_width(line) <= width:
                return line
    return fit(line, width)


def doctor_title(row: DoctorRow | Folded | None, pen: Pen) -> Line:
    """Of the detail pane: `python · drift`."""
    if row is None:
        return ()
    if isinstance(row, Folded):
        return (Span(_WORDS[row.layer][0], "strong"), pen.dot(), pen.span(row.status, TONES[row.status].value))
    word = pen.span(row.word, TONES[row.status].value)
    return (Span(pen.clip(row.subject, 40), "strong"), pen.dot(), word)


def doctor_detail(row: DoctorRow | Folded | None, pen: Pen, width: int) -> tuple[Line, ...]:
    """What was found where, what is pinned where, and what to do."""
    if row is None:
        return ((pen.span("nothing selected", "muted"),),)
    if isinstance(row, Folded):
        words = f"{len(row.rows)} of this layer, compared with no pin; enter lists them"
        return ((pen.span(words, "muted"),), *wrapped((pen.span(", ".join(row.words)),), width))
    parts = [_found(row, pen)]
    if row.pinned not in ("", "-", "*"):
        where: Line = ()
        if row.declared_at is not None:
            line = f", line {row.declared_at.line}" if row.declared_at.line else ""
            where = (pen.span(f" in {row.declared_at.path}{line}", "muted"),)
        parts.append((pen.span("pinned ", "muted"), pen.span(row.pinned), *where))
    if row.container:
        parts.append((pen.span("in the box ", "muted"), pen.span(row.container)))
    facts = joined(parts, Span("    "))
    lines: list[Line] = []
    for part in [facts] if line_width(facts) <= width else parts:
        lines += wrapped(part, width, indent=2)
    if row.detail:
        lines += wrapped((pen.span(row.detail),), width)
    if row.hint:
        lines += hint_lines(row.hint, pen, width)
    return tuple(lines)


def _found(row: DoctorRow, pen: Pen) -> Line:
    if row.status == "checking":
        return (pen.tone(Tone.RUNNING), pen.span(" checking", "muted"))
    where = (pen.span(f" at {row.origin}" if "/" in row.origin else f"  {row.origin}", "muted"),) if row.origin else ()
    if row.found in ("", "-"):
        return (pen.span(row.word, TONES[row.status].value), *where)
    return (pen.span("found ", "muted"), pen.span(row.found), *where)


def hint_lines(hint: str, pen: Pen, width: int, *, indent: int = 0) -> tuple[Line, ...]:
    """A hint with the commands in backticks standing out."""
    words = tuple(pen.span(piece, "accent" if piece[0] == "`" else "") for piece in _COMMAND.split(hint) if piece)
    return wrapped((Span(" " * indent), pen.span("hint ", "muted"), *words), width, indent=indent + 5)


def _took(seconds: float | None) -> str:
    """Probes take milliseconds."""
    return f"{seconds * 1000:.0f} ms" if seconds is not None and seconds < 1 else duration(seconds)


def evidence_lines(row: DoctorRow, pen: Pen, width: int) -> tuple[Line, ...]:
    """How it was found out: the probe's argv, raw output and duration."""
    lines: list[Line] = [
        (pen.cell("check", 10, "muted"), pen.span(row.key)),
        (pen.cell("layer", 10, "muted"), pen.span(row.layer)),
        (pen.cell("took", 10, "muted"), pen.span(_took(row.seconds))),
        (),
    ]
    for part in row.evidence.split("\n") if row.evidence else ("no program was run for this row",):
        lines += wrapped((pen.span(part, "" if row.evidence else "muted"),), width)
    return tuple(lines)
