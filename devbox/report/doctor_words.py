"""Sums and subjects of the doctor report in words: the same in every format that people read. Pure."""

from __future__ import annotations

from devbox.core.findings import DoctorReport
from devbox.core.present import Glyphs, Tone


def summary_words(report: DoctorReport, glyphs: Glyphs) -> str:
    """One line that is enough alone: `✗ 1 error, 1 warning, 1 unknown, 12 ok`."""
    counts = report.summary()
    tone = Tone.ERROR if counts["error"] else Tone.WARN if counts["warn"] else Tone.OK
    words = [count(counts["error"], "error"), count(counts["warn"], "warning")]
    words += [f"{counts['unknown']} unknown"] if counts["unknown"] else []
    words += [count(counts["info"], "note")] if counts["info"] else []
    return f"{glyphs.of(tone)} {', '.join(words)}, {counts['ok']} ok"


def count(number: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
