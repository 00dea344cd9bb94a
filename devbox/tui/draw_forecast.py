"""The forecast of a build as lines, in the same columns as a build that runs (tui.md, 3 Build). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from devbox.core.build import StepKey
from devbox.core.build_forecast import BuildForecast, ForecastStep
from devbox.core.forecast import Word
from devbox.core.present import Tone, forecast_tone, forecast_word, stage_label
from devbox.core.stepname import shown_stage
from devbox.core.text import duration
from devbox.tui.build_state import BuildRecord
from devbox.tui.draw_build import break_lines, cause_words, indented, lane_cells, row_head, row_tail
from devbox.tui.lines import Line, Pen, Row, Span, fit, joined, line_width, wrapped

_SHOWN = 3
"""Causes, or unseen edits, that a screen names; the page of the step has all."""
_BUILDS = 16
"""Builds in the line of past ones."""

Age = Callable[[int], str]
"""How long ago the build of that number began, in words; empty where it is not known."""


def forecast_header(build: BuildForecast, position: str, pen: Pen, width: int) -> Line:
    """`dev → target dev, 14 steps … forecast  about 34s`."""
    named = build.target and not build.target.isdecimal()
    target = f" {pen.glyphs.arrow} target {build.target}" if named else ""
    steps = f", {len(build.steps)} steps" if build.steps else ""
    head = (
        Span(" "), pen.span(build.service, "strong"), pen.span(target), pen.span(steps, "muted"),
        pen.span(f"  {position}" if position else "", "muted"),
    )
    return pen.fill(head, width - 1, (Span("forecast", "muted"), Span("  "), *_expected(build, pen)))


def _expected(build: BuildForecast, pen: Pen) -> Line:
    if build.reason or not build.steps:
        return (pen.span("unknown", "unknown"),)
    if all(step.word in ("hit", "base") for step in build.steps):
        return (pen.tone(Tone.OK), Span(" nothing will run"))
    if build.seconds is None:
        return (pen.span("time not known", "muted"),)
    return (pen.span(f"about {duration(build.seconds)}"),)


def forecast_lane(build: BuildForecast, selected: StepKey | None, pen: Pen, width: int) -> Line:
    """One cell per step, then the counts, then what the cache will save."""
    counts = forecast_counts(build, pen)
    saved = [step.past_seconds for step in build.steps if step.word == "hit" and step.past_seconds is not None]
    tail: Line = (pen.span(f"saves about {duration(sum(saved))}", "muted"),) if saved else ()
    steps = [step for step in build.steps if step.word != "base"]
    at = next((number for number, step in enumerate(steps) if forecast_key(step) == selected), 0)
    cells = [Span(pen.glyphs.of(forecast_tone(step.word)), "miss" if step.root else "muted") for step in steps]
    room = max(width - line_width(counts) - line_width(tail) - 12, 8)
    head = (Span(" "), pen.span("cache ", "muted"), *lane_cells(cells, at, room, pen), Span("   "), *counts)
    return pen.fill(head, width - 1, tail if line_width(head) + line_width(tail) + 3 < width else ())


def forecast_counts(build: BuildForecast, pen: Pen) -> Line:
    """`9 will hit · 1 will run · 2 depend`; zero counts left out except the first two."""
    groups: tuple[tuple[Word, str, str], ...] = (
        ("hit", "will hit", "hit"), ("miss", "will run", "miss"), ("depends", "depend", "depends"),
        ("unknown", "unknown", "unknown"),
    )
    parts: list[Line] = []
    for word, said, role in groups:
        count = build.count(word)
        if count or word in ("hit", "miss"):
            parts.append((pen.span(f"{count} {said}", role if count else "muted"),))
    return joined(parts, pen.dot())


def forecast_rows(build: BuildForecast, age: Age, pen: Pen, width: int) -> tuple[Row, ...]:
    """The steps; under each place where the cache will break, why."""
    rows: list[Row] = []
    if build.reason:
        rows.append(_note(f"no forecast: {build.reason}", "", pen, width))
    told = build.reason
    for step in build.steps:
        lines: list[Line] = [_step_line(step, stage_of(build, step), pen, width)]
        if step.root:
            lines += cause_lines(step, age, pen, width)
        if step.word == "unknown" and step.reason not in (None, told):
            told = step.reason
            lines.append(indented(pen, step.reason or "", "muted", width))
        rows.append(Row(forecast_key(step), tuple(lines), marked=9))
    for path in build.unseen[:_SHOWN]:
        name = pen.clip(path, max(width // 2, 12), middle=True)
        words = f"BuildKit will not see the edit of {name}: size and time are as before; `touch` it"
        rows.append(_note(words, "warn", pen, width))
    return tuple(rows) or (_note("no steps", "muted", pen, width),)


def forecast_key(step: ForecastStep) -> StepKey:
    """What identifies the row: equal for the same step of the build that follows, where its stage has a name."""
    return StepKey(step.stage, step.index)


def cause_lines(step: ForecastStep, age: Age, pen: Pen, width: int) -> list[Line]:
    """`cache will break here · requirements.txt changed (content) since build 41, 12 min ago`."""
    lines = break_lines(step.causes[:_SHOWN], "cache will break here", since_words(step.build, age), pen, width)
    more = len(step.causes) - _SHOWN
    return [*lines, indented(pen, f"and {more} more", "muted", width)] if more > 0 else lines


def since_words(build: int | None, age: Age) -> str:
    """` since build 41, 12 min ago`; empty without a build."""
    if build is None:
        return ""
    ago = age(build)
    return f" since build {build}" + (f", {ago}" if ago else "")


def ago(seconds: float) -> str:
    """`just now`, `12 min ago`, `3 h ago`, `5 d ago`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds) // size} {unit} ago"
    return "just now"


def _note(words: str, role: str, pen: Pen, width: int) -> Row:
    mark = pen.tone(Tone.WARN) if role == "warn" else Span(" ")
    first, *rest = wrapped((pen.span(words, role),), width - 4)
    return Row(None, ((Span(" "), mark, Span(" "), *first), *((Span("   "), *line) for line in rest)))


def stage_of(build: BuildForecast, step: ForecastStep) -> str:
    """The stage as a build prints it: nothing for the only one that has no name."""
    return shown_stage(step.stage, (other.stage for other in build.steps))


def _step_line(step: ForecastStep, stage: str, pen: Pen, width: int) -> Line:
    quiet = step.word == "base" or (step.word == "miss" and not step.root)
    word = forecast_word(step.word)
    if step.word == "depends" and step.p_hit is not None:
        word = f"{word} {step.p_hit:.0%}"
    tail = row_tail(word, "miss" if step.root else "muted", step.past_seconds, pen, past=width >= 90, ran_before=True)
    glyph = Span(pen.glyphs.of(forecast_tone(step.word)), "miss" if step.root else "muted")
    head = row_head(stage, f"{step.index}/{step.of}", glyph, pen)
    room = max(width - line_width(head) - line_width(tail) - 1, 0)
    return (*head, pen.cell(step.instruction, room, "muted" if quiet else ""), Span(" "), *tail)


def forecast_details(build: BuildForecast, step: ForecastStep | None, age: Age, pen: Pen, width: int) -> list[Line]:
    """All that is known of one step."""
    if step is None:
        return []
    place = stage_label(stage_of(build, step), step.index, step.of)
    head = (pen.tone(forecast_tone(step.word)), Span(" "), pen.span(place, "strong"), Span("  "),
            pen.span(forecast_word(step.word)), pen.span(f"  {build.dockerfile}:{step.line}", "muted"))
    lines = [fit(head, width, pen.glyphs.ellipsis), *wrapped((pen.span(step.instruction),), width)]
    if step.word == "miss" and not step.root:
        lines += wrapped((pen.span("follows the step above where the cache breaks", "muted"),), width)
    for cause in step.causes:
        lines += wrapped((pen.span(cause_words(cause), "miss" if step.root else "muted"),), width)
    if step.build is not None and step.causes:
        lines.append((pen.span(since_words(step.build, age).strip(), "muted"),))
    if step.word == "depends":
        words = "what an earlier step writes decides; it is known when that has run"
        lines += wrapped((pen.span(words, "muted"),), width)
    if step.reason:
        lines += wrapped((pen.span(step.reason, "muted"),), width)
    if step.past_seconds is not None:
        lines.append((pen.span(f"took {duration(step.past_seconds)} when it ran", "muted"),))
    return lines


def plan_build_lines(build: BuildForecast, pen: Pen, width: int) -> list[Line]:
    """For the plan of `up`: what a build will run and why, in a few lines."""
    head = (pen.span(f"{build.service} builds: "), *forecast_counts(build, pen), *(
        (pen.dot(), pen.span(f"about {duration(build.seconds)}")) if build.seconds else ()))
    if build.reason:
        head = (pen.span(f"{build.service} builds: "), pen.span(f"no forecast, {build.reason}", "muted"))
    lines = list(wrapped(head, width, indent=4))
    for step in build.steps:
        if step.root:
            place = stage_label(stage_of(build, step), step.index, step.of)
            lines.append(fit((Span("  "), Span(pen.glyphs.of(Tone.MISS), "miss"), Span(" "), pen.span(place, "muted"),
                              Span(" "), pen.span(step.instruction)), width, pen.glyphs.ellipsis))
            for cause in step.causes[:_SHOWN]:
                lines += wrapped((Span("    "), pen.span(cause_words(cause), "miss")), width, indent=4)
    return lines


def trend_line(builds: Sequence[BuildRecord], pen: Pen, width: int) -> Line:
    """Time and share of hits of the last builds, oldest first; empty with fewer than two."""
    shown = [record.state for record in builds if record.state.outcome == "ok" and record.state.steps][-_BUILDS:]
    if len(shown) < 2:
        return ()
    times = [state.seconds for state in shown]
    hits = [state.hits / max(state.hits + state.misses, 1) for state in shown]
    line = (
        Span(" "), pen.span("trend ", "muted"), pen.span(_levels(times, max(times), pen), "miss"),
        pen.span(f" {duration(times[-1])}   "), pen.span("hits ", "muted"), pen.span(_levels(hits, 1.0, pen), "hit"),
        pen.span(f" {hits[-1]:.0%}   "), pen.span(f"last {len(shown)} builds", "muted"),
    )
    return fit(line, width - 1, pen.glyphs.ellipsis)


def _levels(values: Sequence[float], most: float, pen: Pen) -> str:
    levels = pen.glyphs.levels
    return "".join(levels[round(value / most * (len(levels) - 1)) if most > 0 else 0] for value in values)
