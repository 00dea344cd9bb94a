"""The forecast of one service's build as every face shows it: `devbox plan`, the screens, JSON (contract.md, plan).

One value, made once from the verdicts; pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from devbox.core.build import Cause
from devbox.core.errors import DevboxError
from devbox.core.forecast import Forecast, Verdict, Word
from devbox.core.frozen import dataclass
from devbox.core.present import stage_label
from devbox.core.stepname import shown_stage

if TYPE_CHECKING:
    from devbox.core.causes import Explanation


@dataclass(frozen=True, slots=True)
class ForecastStep:
    """One step, before it is built."""

    stage: str
    index: int
    of: int
    line: int
    instruction: str
    word: Word
    p_hit: float | None
    root: bool
    """A miss whose own inputs are hits: the cache will break here."""
    seconds: float | None
    """What it will take: 0 for a hit, the median of its past runs otherwise, None where none is known."""
    past_seconds: float | None
    """What it takes when it runs, whatever becomes of it now."""
    causes: tuple[Cause, ...] = ()
    build: int | None = None
    """The past build whose state is the nearest."""
    reason: str | None = None
    """Why it is unknown."""
    absent: tuple[str, ...] = ()
    """Sources that are not in the build context: the build will fail here."""


@dataclass(frozen=True, slots=True)
class BuildForecast:
    """One build, before it starts."""

    service: str
    target: str
    dockerfile: str
    steps: tuple[ForecastStep, ...] = ()
    reason: str | None = None
    """Why no forecast is possible."""
    unseen: tuple[str, ...] = ()
    """Edited files that the builder will not notice (B4b)."""
    seconds: float | None = None
    """The longest chain of steps that will run; None where one of them is not known."""

    def place(self, step: ForecastStep) -> str:
        """Where a step stands, as BuildKit says it while it builds: `dev 2/4`, `stage-1 2/4`, `2/4`."""
        stage = shown_stage(step.stage, (other.stage for other in self.steps))
        return stage_label(stage, step.index, step.of)

    def count(self, word: Word) -> int:
        """How many steps are so."""
        return sum(step.word == word for step in self.steps)


@dataclass(frozen=True, slots=True)
class LiveForecast:
    """What the next builds would do, as of now, for a screen that stays open."""

    builds: tuple[BuildForecast, ...] = ()
    edits: int = 0
    """How often a change of files has changed it since somebody began to look."""
    watching: str = ""
    """How changes are noticed; empty while that is not known yet."""
    error: DevboxError | None = None
    """Why there is none."""


def summarize(
    given: Forecast, *, service: str, dockerfile: str, explanations: Mapping[int, Explanation],
    seconds: Mapping[int, float], unseen: tuple[str, ...], line: Callable[[int], int],
) -> BuildForecast:
    """The value behind all faces. `line` gives the project's own line of one in the Dockerfile as it is built."""
    steps = []
    for number, vertex in enumerate(given.plan.vertices):
        verdict = given.verdicts[number]
        if vertex.key is None or vertex.half:
            continue
        real = given.plan.real(number)
        why = explanations.get(real)
        steps.append(ForecastStep(
            vertex.key.stage, vertex.key.index, vertex.of, line(vertex.line), " ".join(vertex.text.split()),
            verdict.word, _chance(verdict), verdict.word == "miss" and given.breaks_at(real) == real,
            _expected(verdict, seconds.get(real)), seconds.get(real), why.causes if why else (),
            why.build if why else None, verdict.reason, why.absent if why else (),
        ))
    steps.sort(key=lambda step: step.line)
    return BuildForecast(
        service, given.plan.target, dockerfile, tuple(steps), given.plan.unknown, unseen, _longest(given, seconds)
    )


def _chance(verdict: Verdict) -> float | None:
    if verdict.word == "hit":
        return 1.0
    if verdict.word == "miss":
        return 0.0
    return None if verdict.p_hit is None else round(verdict.p_hit, 2)


def _expected(verdict: Verdict, past: float | None) -> float | None:
    if verdict.word in ("hit", "base"):
        return 0.0
    return past


def _longest(given: Forecast, seconds: Mapping[int, float]) -> float | None:
    """Seconds along the longest chain, as stages run beside each other."""
    ends: list[float | None] = []
    for number, vertex in enumerate(given.plan.vertices):
        if vertex.twin is not None:
            ends.append(ends[vertex.twin])
            continue
        verdict = given.verdicts[number]
        runs = verdict.word == "miss" or (verdict.word == "depends" and (verdict.p_hit or 0) < 0.5)
        own = seconds.get(number) if runs else 0.0
        before = [ends[one.vertex] for one in vertex.inputs if one.vertex is not None]
        known = [end for end in before if end is not None]
        if verdict.word == "unknown" or own is None or len(known) < len(before):
            ends.append(None)
        else:
            ends.append(max(known, default=0.0) + own)
    return ends[-1] if ends else None
