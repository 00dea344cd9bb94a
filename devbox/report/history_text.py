"""Past builds as lines: a table of many, one explained, two compared. Everything from outside is cleaned here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from devbox.core.build import Step, StepStatus
from devbox.core.build_history import compared, judgement
from devbox.core.text import cell_width, clean, clip_end, duration
from devbox.report.build_lines import BREAK, Style, step_place
from devbox.report.forecast_text import causes_text

_COLUMNS = 110
_RAN = (StepStatus.MISS, StepStatus.FAILED)


class PastBuild(Protocol):
    """What is shown of a build; the ledger's record is one."""

    @property
    def id(self) -> int: ...
    @property
    def service(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def started(self) -> float: ...
    @property
    def seconds(self) -> float: ...
    @property
    def outcome(self) -> str: ...
    @property
    def steps(self) -> tuple[Step, ...]: ...
    @property
    def saved(self) -> float | None: ...
    @property
    def hits(self) -> int: ...
    @property
    def misses(self) -> int: ...


def history_lines(builds: Sequence[PastBuild]) -> Iterator[str]:
    """A table, the newest build first."""
    head = ("build", "when", "service", "outcome", "hit", "miss", "time", "saved")
    rows = [head, *(_row(build) for build in builds)]
    widths = [max(cell_width(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        cells = (text + " " * (width - cell_width(text)) for text, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def build_head(build: PastBuild) -> str:
    """`build 41 of box, 12:03:10: built in 4.2s, 9 hit, 1 miss, saved about 1m 58s`."""
    saved = f", saved about {duration(build.saved)}" if build.saved else ""
    joint = "built in" if build.outcome == "ok" else f"{clean(build.outcome)} after"
    return (
        f"build {build.id} of {clean(build.service)}, {_when(build.started)}: {joint} {duration(build.seconds)}, "
        f"{build.hits} hit, {build.misses} miss{saved}"
    )


def why_lines(build: PastBuild, steps: Sequence[Step], style: Style) -> Iterator[str]:
    """The misses among these steps with their causes, and how the forecast did."""
    yield build_head(build)
    misses = [step for step in steps if step.status in _RAN]
    if not misses:
        yield f"  {_nothing_ran(build, steps)}"
    for step in misses:
        yield f"  {_instruction(step, style)}"
        yield f"      {_why(step)}"
    yield from _forecast(build, style)


def compared_lines(before: PastBuild, after: PastBuild, style: Style) -> Iterator[str]:
    """Two builds: the steps that came out differently, and the time between them."""
    yield build_head(before)
    yield build_head(after)
    pairs = [pair for pair in compared(before.steps, after.steps) if pair.changed]
    if not pairs:
        yield "  the same steps, with the same outcome"
    for pair in pairs:
        yield f"  {_instruction(pair.step, style)}  {_side(pair.before)} {style.glyphs.arrow} {_side(pair.after)}"
        if pair.after is not None and pair.after.root and pair.after.causes:
            yield f"      {causes_text(pair.after.causes)}"


def _row(build: PastBuild) -> tuple[str, ...]:
    return (
        str(build.id), _when(build.started), clean(build.service), clean(build.outcome), str(build.hits),
        str(build.misses), duration(build.seconds), duration(build.saved) if build.saved else "-",
    )


def _when(started: float) -> str:
    try:
        return f"{datetime.fromtimestamp(started):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, OSError, ValueError):
        return "at an unknown time"


def _instruction(step: Step, style: Style) -> str:
    text = " ".join(clean(step.instruction).split())
    return f"{step_place(step)}  {clip_end(text, _COLUMNS - 30, style.glyphs.ellipsis)}"


def _why(step: Step) -> str:
    since = f" since build {step.since}" if step.since else ""
    if step.root:
        return f"{BREAK}: {causes_text(step.causes) or 'the cause is unknown'}{since}"
    return f"after miss: {causes_text(step.causes)}" if step.causes else "after miss"


def _nothing_ran(build: PastBuild, steps: Sequence[Step]) -> str:
    cached = steps and all(step.status in (StepStatus.HIT, StepStatus.BASE) for step in steps)
    if cached or build.outcome == "ok":
        return "every step came from the cache"
    return f"{clean(build.outcome)} before a step that had to run was done"


def _forecast(build: PastBuild, style: Style) -> Iterator[str]:
    judged = [(step, said) for step in build.steps if (said := judgement(step)) is not None]
    if not judged:
        return
    words = [f"{sum(said == word for _, said in judged)} {word}" for word in ("right", "wrong", "open")
             if any(said == word for _, said in judged)]
    yield f"  forecast: {', '.join(words)}"
    for step, said in judged:
        if said == "wrong":
            outcome = "a hit" if step.status is StepStatus.HIT else "a miss"
            yield f"      wrong: {_instruction(step, style)} was foretold as {step.forecast} and was {outcome}"


def _side(step: Step | None) -> str:
    if step is None:
        return "not there"
    seconds = f" {duration(step.seconds)}" if step.status in _RAN and step.seconds is not None else ""
    return f"{step.status.value}{seconds}"
