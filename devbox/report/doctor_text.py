"""The doctor report as text: layers, then lines grouped by how bad they are, then one line of sums. Pure.

Every foreign word passes `clean()` here, so that none can begin a line of its own; lines pass it again when printed.
"""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.check_list import CHECKS
from devbox.core.findings import LAYERS, DoctorReport, DoctorRow, Finding
from devbox.core.present import Glyphs, Tone, check_tone
from devbox.core.rows import rows
from devbox.core.text import cell_width, clean, clip_end

_TONES = {"error": Tone.ERROR, "warn": Tone.WARN, "unknown": Tone.UNKNOWN, "ok": Tone.OK, "checking": Tone.RUNNING}
_WIDEST = 32
"""Columns of one cell."""


def doctor_text(report: DoctorReport, glyphs: Glyphs, *, verbose: bool = False) -> str:
    """The whole report."""
    lines = [_layers(report, glyphs), ""]
    table = rows(report)
    cells = [_cells(row, glyphs) for row in table]
    widths = [max(map(cell_width, column)) for column in zip(*cells, strict=True)]
    for row, words in zip(table, cells, strict=True):
        padded = "  ".join(word + " " * (width - cell_width(word)) for word, width in zip(words, widths, strict=True))
        lines.append(f"{glyphs.of(_TONES[row.status])} {padded}  {clean(row.origin)}".rstrip())
        lines += _below(row, verbose)
    notes = [finding for finding in report.findings if finding.severity == "info"]
    if notes:
        lines += ["", *(_note(finding, glyphs, verbose) for finding in notes)]
    return "\n".join([*lines, "", summary_line(report, glyphs)])


def check_list() -> str:
    """Every check that there is, for `--list-checks`."""
    width = max(len(check.id) for check in CHECKS)
    layer = max(len(check.layer) for check in CHECKS)
    return "\n".join(f"{check.id:<{width}}  {check.layer:<{layer}}  {check.title}" for check in CHECKS)


def summary_line(report: DoctorReport, glyphs: Glyphs) -> str:
    """One line that is enough alone: `✗ 1 error, 1 warning, 1 unknown, 12 ok`."""
    counts = report.summary()
    tone = Tone.ERROR if counts["error"] else Tone.WARN if counts["warn"] else Tone.OK
    words = [_count(counts["error"], "error"), _count(counts["warn"], "warning")]
    words += [f"{counts['unknown']} unknown"] if counts["unknown"] else []
    return f"{glyphs.of(tone)} {', '.join(words)}, {counts['ok']} ok"


def _layers(report: DoctorReport, glyphs: Glyphs) -> str:
    return "  ".join(f"{glyphs.of(check_tone(report.layers[layer]))} {layer.replace('_', ' ')}" for layer in LAYERS)


def _cells(row: DoctorRow, glyphs: Glyphs) -> tuple[str, ...]:
    words = (row.subject, row.pinned, row.found, row.word)
    return tuple(clip_end(clean(word), _WIDEST, glyphs.ellipsis) for word in words)


def _below(row: DoctorRow, verbose: bool) -> Iterator[str]:
    """What a person needs next: the sentence and the hint of what is wrong; with `-v` also what was seen."""
    if row.detail and (row.status != "ok" or verbose):
        yield f"    {clean(row.detail)}"
    if row.hint:
        yield f"    hint: {clean(row.hint)}"
    if verbose and row.evidence:
        took = f" ({row.seconds * 1000:.0f} ms)" if row.seconds is not None else ""
        yield from (f"    | {clean(line)}" for line in f"{row.evidence}{took}".split("\n"))


def _note(finding: Finding, glyphs: Glyphs, verbose: bool) -> str:
    hint = f" (hint: {clean(finding.hint)})" if verbose and finding.hint else ""
    return f"{glyphs.of(Tone.TO_GO)} {clean(finding.message)}{hint}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
