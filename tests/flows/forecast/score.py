"""What a forecast said against what the builder did, step by step (issue C, Resolved means)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from devbox.core.build import BuildState, StepStatus
from devbox.core.build_forecast import BuildForecast
from devbox.core.stepname import stage_label

TRUTH = {StepStatus.HIT: "hit", StepStatus.MISS: "miss", StepStatus.FAILED: "miss"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One step of one build."""

    place: str
    said: str
    """`hit`, `miss`, `depends`, `unknown`, or `nothing` for a step that was not foreseen."""
    guess: str
    """What counts: the guess of `depends`."""
    truth: str
    instruction: str


@dataclass
class Score:
    """The confusion matrix of many builds."""

    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(said, truth)"""
    builds: int = 0
    right: int = 0
    """Builds of which each step was right."""
    guessed: int = 0
    """Steps that were right, guesses included."""

    def add(self, judged: Iterable[Judged]) -> None:
        """One build more."""
        steps = list(judged)
        self.builds += 1
        self.right += all(step.guess == step.truth for step in steps)
        for step in steps:
            self.matrix[step.said, step.truth] += 1
            self.guessed += step.guess == step.truth

    @property
    def steps(self) -> int:
        """All that were compared."""
        return sum(self.matrix.values())

    @property
    def wrong(self) -> int:
        """Verdicts that committed themselves and were not right."""
        return sum(count for (said, truth), count in self.matrix.items() if said in ("hit", "miss") and said != truth)

    def share(self, *said: str) -> float:
        """How many of all steps had one of these verdicts."""
        return sum(count for (word, _), count in self.matrix.items() if word in said) / max(self.steps, 1)

    def __str__(self) -> str:
        rows = [f"{said:>8} {truth:>5} {count:6}" for (said, truth), count in sorted(self.matrix.items())]
        steps, builds = self.guessed / max(self.steps, 1), self.right / max(self.builds, 1)
        rows.append(f"{self.steps} steps, {self.builds} builds: {self.wrong} wrong among committed, "
                    f"{self.share('depends'):.1%} depends, {self.share('unknown'):.1%} unknown, "
                    f"{steps:.1%} of steps and {builds:.1%} of builds exactly right")
        return "\n".join(rows)


def judge(foreseen: BuildForecast, state: BuildState) -> list[Judged]:
    """Every step that was a hit or ran; FROM, and steps that never started, are not compared (spec 1.3).

    Nor is, in a build that failed, a hit that nothing was done on: the builder had found its key, and never looked
    whether its result is still there.
    """
    said = {(step.stage, step.index): step for step in foreseen.steps}
    last_run: dict[str, int] = {}
    for step in state.steps:
        if step.status is StepStatus.MISS:
            last_run[step.key.stage] = max(last_run.get(step.key.stage, 0), step.key.index)
    found = []
    for step in state.steps:
        truth = TRUTH.get(step.status)
        if truth is None or step.is_base or step.twin is not None:
            continue
        if state.outcome != "ok" and truth == "hit" and step.key.index > last_run.get(step.key.stage, 0):
            continue
        expected = said.get((stage_label(step.key.stage), step.key.index))
        word = "nothing" if expected is None else "unknown" if expected.word == "base" else expected.word
        guess = word
        if expected is not None and word == "depends" and expected.p_hit is not None:
            guess = "hit" if expected.p_hit >= 0.5 else "miss"
        found.append(Judged(f"{step.key.stage or '0'} {step.key.index}", word, guess, truth, step.instruction))
    return found
