"""The Build screen as lines: pure functions from snapshot and width to what is painted (tui.md, 3 Build)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from devbox.core.build import BuildState, Cause, Step, StepKey, StepStatus
from devbox.core.build_forecast import ForecastStep
from devbox.core.build_history import Judgement, judgement
from devbox.core.present import Tone, forecast_tone, forecast_word, stage_label, step_tone, step_word
from devbox.core.text import byte_size, duration
from devbox.tui.build_state import BuildRecord, costly_misses, counted, foreseen
from devbox.tui.lines import Line, Pen, Row, Span, fit, joined, line_width

_KINDS = {
    "file-changed": "changed", "file-added": "was added", "file-removed": "was removed",
    "mode-changed": "changed its mode", "owner-changed": "changed its owner",
    "instruction-changed": "the instruction changed", "arg-changed": "argument changed",
    "env-changed": "variable changed", "base-changed": "the base image changed",
    "parent-missed": "an earlier step ran", "ignore-changed": "the ignore file changed",
    "platform-changed": "the platform changed", "secret-changed": "a secret changed",
    "never-built": "never built on this builder", "cache-pruned": "the cache was pruned",
    "no-cache": "built without cache",
}
_OUTCOMES = {
    "running": ("running", "running"), "ok": ("built", "ok"), "failed": ("failed", "error"),
    "cancelled": ("cancelled", "cancelled"), "interrupted": ("interrupted", "cancelled"),
}
_JUDGED: tuple[tuple[Judgement, str, str], ...] = (
    ("right", "right", ""), ("wrong", "wrong", "error"), ("open", "left open", "muted"),
)
_LABEL = 11
_WORD = 11
_SECONDS = 8
_STAGE = 32
_BUILDER = 40


def build_header(record: BuildRecord, seconds: float, position: str, pen: Pen, width: int) -> Line:
    """`dev → target dev, 14 steps … running 00:41 builder`; a failure says where."""
    state = record.state
    target = f" {pen.glyphs.arrow} target {state.target}" if state.target else ""
    steps = f", {len(state.steps)} steps" if state.steps else ""
    head: Line = (
        Span(" "), pen.span(record.service, "strong"), pen.span(target), pen.span(steps, "muted"),
        pen.span(f"  {position}" if position else "", "muted"),
    )
    tail: list[Line] = [outcome_spans(state, pen), (pen.span(clock(seconds)),)]
    if state.phase and state.outcome == "running":
        tail.insert(0, (Span(pen.clip(state.phase, _BUILDER), "muted"),))
    if width >= 100 and state.builder:
        tail.append((Span(pen.clip(state.builder, _BUILDER), "muted"),))
    return pen.fill(head, width - 1, joined(tail, Span("  ")))


def outcome_spans(state: BuildState, pen: Pen) -> Line:
    """`✓ built`, `✗ failed in dev 2/4`, `running`."""
    word, role = _OUTCOMES[state.outcome]
    failed = next((step for step in state.steps if step.status is StepStatus.FAILED), None)
    if state.outcome == "failed" and failed is not None:
        word = f"failed in {pen.clip(label(failed), _STAGE)}"
    tone = {"ok": Tone.OK, "failed": Tone.ERROR, "running": Tone.RUNNING}.get(state.outcome, Tone.CANCELLED)
    return (pen.tone(tone), Span(" "), pen.span(word, role))


def clock(seconds: float) -> str:
    """`00:41`, `1:02:03`."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes:02d}:{rest:02d}"


def label(step: Step) -> str:
    """`dev 2/4`."""
    return stage_label(step.key.stage, step.key.index, step.of, step.key.platform)


def cache_lane(state: BuildState, selected: StepKey | None, pen: Pen, width: int) -> Line:
    """One cell per step, then the counts, then what the cache saved; scrolls with the selection when it must."""
    counts = count_spans(state, pen)
    tail: Line = ()
    if state.saved_seconds is not None:
        tail = (pen.span(f"saved about {duration(state.saved_seconds)}", "muted"),)
    room = max(width - line_width(counts) - line_width(tail) - 12, 8)
    steps = counted(state)
    at = next((number for number, step in enumerate(steps) if step.key == selected), 0)
    cells = lane_cells([_cell(step, pen) for step in steps], at, room, pen)
    head = (Span(" "), pen.span("cache ", "muted"), *cells, Span("   "), *counts)
    return pen.fill(head, width - 1, tail)


def _cell(step: Step, pen: Pen) -> Span:
    span = pen.tone(step_tone(step.status))
    return Span(span.text, "muted" if step.status is StepStatus.MISS and not step.root else span.role)


def lane_cells(cells: Sequence[Span], at: int, room: int, pen: Pen) -> Line:
    """The cells that fit, the selected one among them."""
    first = max(0, min(at - room // 2, len(cells) - room))
    shown = list(cells[first : first + room])
    if first:
        shown[0] = Span(pen.glyphs.ellipsis[:1], "muted")
    if first + room < len(cells):
        shown[-1] = Span(pen.glyphs.ellipsis[:1], "muted")
    return tuple(shown)


def count_spans(state: BuildState, pen: Pen) -> Line:
    """`9 hit · 1 miss · 1 running · 3 to go`, zero counts left out except hits and misses."""
    groups = (
        (state.hits, "hit", "hit"), (state.misses, "miss", "miss"),
        (state.count(StepStatus.RUNNING), "running", "running"), (state.count(StepStatus.TO_GO), "to go", "to-go"),
        (state.count(StepStatus.CANCELLED, StepStatus.INTERRUPTED), "cancelled", "cancelled"),
        (state.count(StepStatus.SKIPPED), "skipped", "to-go"),
    )
    parts: list[Line] = []
    for count, word, role in groups:
        if count or word in ("hit", "miss"):
            parts.append((pen.span(f"{count} {word}", role if count else "muted"),))
    return joined(parts, pen.dot())


def step_rows(record: BuildRecord, since: Callable[[int | None], str], pen: Pen, width: int) -> tuple[Row, ...]:
    """The steps grouped by stage; under a root miss, where and why the cache breaks. `since` names an earlier build."""
    rows: list[Row] = []
    for step in record.state.steps:
        lines: list[Line] = [_step_line(step, foreseen(record, step.key), pen, width)]
        if step.root and step.status in (StepStatus.MISS, StepStatus.FAILED, StepStatus.RUNNING):
            lines += break_lines(step.causes, "cache breaks here", since(step.since), pen, width)
        if judgement(step) == "wrong":
            words = f"the forecast was wrong: it said `{forecast_word(step.forecast or '')}`"
            lines.append(indented(pen, words, "error", width))
        if step.error and step.status is StepStatus.FAILED:
            lines.append(indented(pen, step.error.split("\n")[0], "error", width))
        lines += [_transfer_line(step, pen, width)] if step.transfers and step.status is StepStatus.RUNNING else []
        rows.append(Row(step.key, tuple(lines), marked=_LABEL - 2))
    if not rows:
        rows.append(Row(None, ((pen.span(f"  {record.state.phase or 'no steps yet'}", "muted"),),)))
    return tuple(rows)


def _step_line(step: Step, said: ForecastStep | None, pen: Pen, width: int) -> Line:
    quiet = _is_quiet(step)
    tone = pen.tone(step_tone(step.status))
    word, role = "" if step.status is StepStatus.BASE else step_word(step), "muted" if quiet else tone.role
    if step.status is StepStatus.TO_GO and said is not None:
        # Not yet true, so dim; it becomes what the builder says of it.
        tone, word = Span(pen.glyphs.of(forecast_tone(said.word))), forecast_word(said.word)
    did_not_run = step.status in (StepStatus.HIT, StepStatus.TO_GO, StepStatus.SKIPPED, StepStatus.BASE)
    ran_before = width >= 90 and did_not_run and step.past_seconds is not None
    seconds = step.past_seconds if ran_before else None if did_not_run else step.seconds
    tail = row_tail(word, role, seconds, pen, past=width >= 90, ran_before=ran_before, quiet=quiet)
    name = f"{step.key.platform} {step.key.stage}".strip()
    glyph = Span(tone.text, "muted" if quiet else tone.role)
    head = row_head(name, f"{step.key.index}/{step.of}", glyph, pen)
    room = max(width - line_width(head) - line_width(tail) - 1, 0)
    return (*head, pen.cell(step.instruction, room, "muted" if quiet else ""), Span(" "), *tail)


def row_head(stage: str, number: str, glyph: Span, pen: Pen) -> Line:
    """Stage, room for the mark, glyph, number: the first columns of each step."""
    name = pen.cell(stage, _LABEL - 4, "muted")
    return (Span(" "), name, Span("   "), glyph, Span(" "), pen.cell(number, 6, "muted"))


def row_tail(
    word: str, role: str, seconds: float | None, pen: Pen, *, past: bool, ran_before: bool, quiet: bool = False
) -> Line:
    """Word, seconds, and the mark of a duration from an earlier run; that is left out where there is no `past`."""
    shown = "" if seconds is None or (ran_before and not past) else duration(seconds)
    mark = f" {pen.glyphs.past}" if ran_before and shown else "  "
    return (pen.cell(word, _WORD, role), pen.cell(shown, _SECONDS, "muted" if quiet or ran_before else "", right=True),
            Span(mark + " ", "muted"))


def _is_quiet(step: Step) -> bool:
    """Cascade, and what never ran, stand back."""
    return (step.status is StepStatus.MISS and not step.root) or step.status in (
        StepStatus.TO_GO, StepStatus.SKIPPED, StepStatus.CANCELLED, StepStatus.INTERRUPTED, StepStatus.BASE,
    )


def break_lines(causes: Sequence[Cause], head: str, since: str, pen: Pen, width: int) -> list[Line]:
    """`cache breaks here · requirements.txt changed (content) since build 41`, further causes below it."""
    words = [cause_words(cause) for cause in causes]
    words = [f"{words[0]}{since}", *words[1:]] if words else ["cause unknown"]
    heads = [head, *[" " * len(head)] * (len(words) - 1)]
    return [
        indented(pen, f"{start} {pen.glyphs.separator} {cause}", "miss", width)
        for start, cause in zip(heads, words, strict=True)
    ]


def cause_words(cause: Cause) -> str:
    """`requirements.txt changed (content)`; the recorded cause with its evidence, nothing guessed."""
    words = _KINDS.get(cause.kind, cause.kind)
    if cause.path:
        about_a_file = cause.kind.startswith(("file", "mode", "owner"))
        words = f"{cause.path} {words}" if about_a_file else f"{words}: {cause.path}"
    return f"{words} ({cause.detail})" if cause.detail else words


def indented(pen: Pen, text: str, role: str, width: int) -> Line:
    """A line below a step."""
    return (Span(" " * _LABEL), Span(pen.clip(text, max(width - _LABEL - 1, 0)), role))


def _transfer_line(step: Step, pen: Pen, width: int) -> Line:
    moving = [transfer for transfer in step.transfers if not transfer.done] or list(step.transfers[-1:])
    words = f"{pen.glyphs.separator} ".join(
        f"{transfer.name} {amount(transfer.current, transfer.total)} " for transfer in moving[:2]
    )
    return indented(pen, words, "muted", width)


def amount(current: int, total: int | None) -> str:
    """`41.2 MiB / 120.0 MiB`, or what there is without a total."""
    return byte_size(current) if total is None else f"{byte_size(current)} / {byte_size(total)}"


def report_lines(record: BuildRecord, seconds: float, pen: Pen, width: int) -> tuple[Line, ...]:
    """After the end: total, misses by cost, what the builder warned of."""
    state = record.state
    lines: list[Line] = [
        (*outcome_spans(state, pen), pen.span(f" in {duration(seconds)}", ""), pen.dot(), *count_spans(state, pen)),
    ]
    if state.image:
        lines.append((pen.span("image  ", "muted"), pen.span(state.image.removeprefix("sha256:")[:12])))
    judged = [said for step in state.steps if (said := judgement(step)) is not None]
    if judged:
        counts = joined([(pen.span(f"{judged.count(word)} {said}", role),) for word, said, role in _JUDGED
                         if judged.count(word)], pen.dot())
        lines.append((pen.span("forecast  ", "muted"), *counts))
    if costly := costly_misses(state):
        lines += [(), (pen.span("where the time went", "muted"),)]
        for step in costly:
            lines.append(
                (pen.cell(duration(step.seconds), 9, "", right=True), Span("  "), pen.cell(label(step), 12, "muted"),
                 pen.span(step.instruction))
            )
    for limit in state.limits:
        lines += [(), (pen.span("note  ", "muted"), pen.span(limit))]
    for warning in state.warnings:
        lines.append((pen.tone(Tone.WARN), Span(" "), pen.span(warning)))
    return tuple(fit(line, width, pen.glyphs.ellipsis) for line in lines)
