"""The doctor report as text: the layers, then lines grouped by how bad they are, then one line of sums. Pure.

What is wrong, unknown or pinned has a line each; what is ok and compared with nothing is one line a layer, `-v` opens
it. Every foreign word passes `clean()` here, so that none can begin a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from devbox.core.check_list import CHECKS
from devbox.core.findings import LAYERS, DoctorReport, DoctorRow, Finding
from devbox.core.present import Glyphs, Tone, check_tone, severity_tone
from devbox.core.row_groups import Folded, fold
from devbox.core.rows import rows
from devbox.core.text import cell_width, clean, clip_end, clip_middle
from devbox.report.doctor_words import count, summary_words

if TYPE_CHECKING:
    from devbox.core.doctor_diff import Difference

_TONES = {"error": Tone.ERROR, "warn": Tone.WARN, "unknown": Tone.UNKNOWN, "ok": Tone.OK, "checking": Tone.RUNNING}
_WIDEST = 32
"""Columns of one cell."""
_NARROWEST = 6
_GAP = "  "
_WORD = re.compile(r"`[^`]*`\S*|\S+")
"""A word, or a command in backticks: it is pasted, so it is never broken."""


def doctor_text(
    report: DoctorReport, glyphs: Glyphs, *, verbose: bool = False, quiet: bool = False, width: int | None = None
) -> str:
    """The whole report, with `quiet` its errors and the line of sums; `width` columns where a terminal has them, else
    lines as long as they are."""
    if quiet:
        wrong = [row for row in rows(report) if row.status == "error"]
        return "\n".join([*_table(wrong, glyphs, False, width), summary_words(report, glyphs)])
    lines = [*_layers(report, glyphs, width), ""]
    table = rows(report)
    alone, folded = (table, ()) if verbose else fold(table)
    lines += _table(alone, glyphs, verbose, width)
    lines += ["", *_silent(report, glyphs, width)] if verbose else ["", *_quiet(report, alone, folded, glyphs, width)]
    notes = [finding for finding in report.findings if finding.severity == "info"]
    if notes:
        lines += ["", *(line for finding in notes for line in _note(finding, glyphs, verbose, width))]
    return "\n".join([*lines, "", summary_words(report, glyphs)])


def against_text(differences: Sequence[Difference], glyphs: Glyphs, width: int | None = None) -> str:
    """What `--against` found: one line a difference, worst first."""
    cells = [("", "here", "there"), *((one.subject, one.here, one.there) for one in differences)]
    fitted, sizes = _fitted(cells, glyphs, None if width is None else width - 2)
    lines = []
    for number, words in enumerate(fitted):
        glyph = " " if number == 0 else _severity_glyph(differences[number - 1].severity, glyphs)
        path = differences[number - 1].path if number else None
        lines.append(f"{glyph} {_padded(words, sizes)}{_GAP}{clean(path or '')}".rstrip())
    if width is not None:
        lines = [clip_end(line, width, glyphs.ellipsis) for line in lines]
    return "\n".join([*(lines if differences else ()), against_words(differences, glyphs)])


def against_words(differences: Sequence[Difference], glyphs: Glyphs) -> str:
    """The line of sums: `✗ 3 differences, 1 that matters`."""
    matter = sum(one.severity == "error" for one in differences)
    if not differences:
        return f"{glyphs.of(Tone.OK)} no difference"
    tone = Tone.ERROR if matter else Tone.OK
    verb = "matters" if matter == 1 else "matter"
    return f"{glyphs.of(tone)} {count(len(differences), 'difference')}, {matter or 'none'} that {verb}"


def check_list() -> str:
    """Every check that there is, for `--list-checks`: by layer, with what other tools call it."""
    width = max(len(check.id) for check in CHECKS)
    lines: list[str] = []
    for layer in LAYERS:
        here = [check for check in CHECKS if check.layer == layer]
        if here:
            lines += [*([""] if lines else []), layer.replace("_", " ")]
        for check in here:
            known = f" ({', '.join(check.aliases)})" if check.aliases else ""
            lines.append(f"  {check.id:<{width}}  {check.title}{known}")
    return "\n".join(lines)


def _layers(report: DoctorReport, glyphs: Glyphs, width: int | None) -> list[str]:
    """The strip, a layer that was not asked for with a neutral sign; where a terminal is too narrow, two lines."""
    asked = {check.layer for check in report.checks}
    tones = {layer: check_tone(report.layers[layer]) if layer in asked else Tone.TO_GO for layer in LAYERS}
    parts = [f"{glyphs.of(tone)} {layer.replace('_', ' ')}" for layer, tone in tones.items()]
    line = _GAP.join(parts)
    if width is None or cell_width(line) <= width:
        return [line]
    sizes = [max(map(cell_width, (parts[at], parts[at + 4]))) for at in range(4)]
    return [_padded(parts[start : start + 4], sizes).rstrip() for start in (0, 4)]


def _table(table: Sequence[DoctorRow], glyphs: Glyphs, verbose: bool, width: int | None) -> Iterator[str]:
    box, several = any(row.container for row in table), any(row.project for row in table)
    cells = [_cells(row, box, several) for row in table]
    fitted, sizes = _fitted(cells, glyphs, None if width is None else width - 2)
    room = None if width is None else width - 2 - sum(sizes) - len(_GAP) * len(sizes)
    for row, words in zip(table, fitted, strict=True):
        origin = clean(row.origin)
        if room is not None:
            origin = clip_middle(origin, room, glyphs.ellipsis) if room >= _NARROWEST else ""
        yield f"{glyphs.of(_TONES[row.status])} {_padded(words, sizes)}{_GAP}{origin}".rstrip()
        yield from _below(row, verbose, width, placed=origin == clean(row.origin))


def _cells(row: DoctorRow, box: bool, several: bool) -> tuple[str, ...]:
    return (
        row.subject, *([row.project or "."] if several else []), row.pinned, row.found,
        *([row.container or "-"] if box else []), row.word,
    )


def _fitted(
    cells: Sequence[tuple[str, ...]], glyphs: Glyphs, width: int | None
) -> tuple[list[tuple[str, ...]], list[int]]:
    """Clean cells and the sizes of their columns: the widest give way until they fit, with room for a place beside."""
    shown = [tuple(clip_end(clean(word), _WIDEST, glyphs.ellipsis) for word in line) for line in cells]
    sizes = [max(map(cell_width, column)) for column in zip(*shown, strict=True)]
    if width is not None:
        room = width - len(_GAP) * len(sizes)
        while sum(sizes) > room and max(sizes, default=0) > _NARROWEST:
            sizes[sizes.index(max(sizes))] -= 1
    fitted = [
        tuple(clip_end(word, size, glyphs.ellipsis) for word, size in zip(line, sizes, strict=True)) for line in shown
    ]
    return fitted, sizes


def _padded(words: Iterable[str], sizes: Iterable[int]) -> str:
    return _GAP.join(word + " " * (size - cell_width(word)) for word, size in zip(words, sizes, strict=True))


def _quiet(
    report: DoctorReport, alone: Sequence[DoctorRow], folded: Sequence[Folded], glyphs: Glyphs, width: int | None
) -> Iterator[str]:
    """`✓ hardware   8 ok  architecture x86_64, disk 100.0 GiB`: a layer's checks that are ok and have no line above."""
    above = {row.key for row in alone}
    words = {group.layer: ", ".join(group.words) for group in folded}
    counts = {
        layer: sum(check.layer == layer and check.status == "ok" and check.id not in above for check in report.checks)
        for layer in LAYERS
    }
    widest, digits = max(len(layer) for layer in LAYERS), len(str(max(counts.values())))
    for layer, number in counts.items():
        if number or layer in words:
            name = layer.replace("_", " ")
            said = clean(words.get(layer, ""))
            line = f"{glyphs.of(Tone.OK)} {name:<{widest}}{_GAP}{number:>{digits}} ok{_GAP}{said}"
            yield line.rstrip() if width is None else clip_end(line.rstrip(), width, glyphs.ellipsis)


def _silent(report: DoctorReport, glyphs: Glyphs, width: int | None) -> Iterator[str]:
    """The checks that are ok and have no line of their own."""
    for layer in LAYERS:
        silent = [check for check in report.checks if check.status == "ok" and not check.subject]
        ids = [check.id for check in silent if check.layer == layer]
        if ids:
            yield from _wrapped(f"{glyphs.of(Tone.OK)} {layer.replace('_', ' ')}: {', '.join(ids)}", "", width)


def _below(row: DoctorRow, verbose: bool, width: int | None, *, placed: bool) -> Iterator[str]:
    """What a person needs next: the sentence and the hint of what is wrong; with `-v` also what was seen.

    Where the row had no room for its place (`placed`), the sentence says it.
    """
    if row.detail and (row.status != "ok" or verbose):
        told = row.detail if placed or row.finding is None else _with_place(row.finding)
        yield from _wrapped(clean(told), "    ", width)
    if row.hint:
        yield from _wrapped(f"hint: {clean(row.hint)}", "    ", width)
    if verbose and row.finding:
        yield f"    id: {_id(row.finding)}"
    if verbose and row.evidence:
        took = f" ({row.seconds * 1000:.0f} ms)" if row.seconds is not None else ""
        yield from (f"    | {clean(line)}" for line in f"{row.evidence}{took}".split("\n"))


def _note(finding: Finding, glyphs: Glyphs, verbose: bool, width: int | None) -> Iterator[str]:
    first, *rest = _wrapped(clean(_with_place(finding)), "  ", width)
    yield f"{glyphs.of(Tone.TO_GO)} {first.lstrip()}"
    yield from rest
    if verbose:
        yield from _wrapped(f"hint: {clean(finding.hint)}", "    ", width) if finding.hint else ()
        yield f"    id: {_id(finding)}"


def _with_place(finding: Finding) -> str:
    """The message, after its file and line where it does not say them itself."""
    place = str(finding.origin or "")
    return finding.message if not place or place in finding.message else f"{place}: {finding.message}"


def _id(finding: Finding) -> str:
    return clean(f"{finding.id} at {finding.origin}" if finding.origin else finding.id)


def _wrapped(text: str, indent: str, width: int | None) -> list[str]:
    """The text broken at blanks, never inside backticks."""
    if width is None or cell_width(indent + text) <= width:
        return [indent + text]
    lines = [""]
    for word in _WORD.findall(text):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_width(indent + longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [indent + line for line in lines]


def _severity_glyph(severity: str, glyphs: Glyphs) -> str:
    return glyphs.of(Tone.TO_GO if severity == "info" else severity_tone(severity))
