"""Two past builds compared, and one held against what was foretold of it (product.md B3, B6). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from devbox.core.build import Step, StepStatus
from devbox.core.frozen import dataclass
from devbox.core.stepname import stage_label

Judgement = Literal["right", "wrong", "open"]
"""Of a forecast: what it committed itself to came true, or did not; or it did not commit itself."""

_RAN = (StepStatus.MISS, StepStatus.FAILED)


@dataclass(frozen=True, slots=True)
class StepPair:
    """A step in two builds; None where one of them did not have it."""

    before: Step | None
    after: Step | None

    @property
    def step(self) -> Step:
        """Whichever there is, the later one first."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def changed(self) -> bool:
        """Whether it came out differently."""
        return self.before is None or self.after is None or self.before.status is not self.after.status


def judgement(step: Step) -> Judgement | None:
    """How the forecast of a step did; None where there was none or the step never came to an end."""
    if step.forecast is None or step.status not in (StepStatus.HIT, *_RAN):
        return None
    if step.forecast in ("depends", "unknown"):
        return "open"
    return "right" if (step.forecast == "hit") is (step.status is StepStatus.HIT) else "wrong"


def compared(before: Sequence[Step], after: Sequence[Step]) -> tuple[StepPair, ...]:
    """Steps of two builds side by side: by their words within a stage, in the later build's order."""
    left = list(before)
    pairs = []
    for step in after:
        match = next((other for other in left if _same(step, other)), None)
        if match is not None:
            left.remove(match)
        pairs.append(StepPair(match, step))
    return (*pairs, *(StepPair(step, None) for step in left))


def selected(steps: Iterable[Step], words: str) -> tuple[Step, ...]:
    """The steps that somebody means by `dev 2/4`, `dev 2`, `dev:2`, `2`, or by a part of the instruction."""
    found = tuple(steps)
    parts = words.replace(":", " ").split()
    index = parts[-1].partition("/")[0] if parts else ""
    if index.isascii() and index.isdecimal() and len(index) < 6:
        stage = " ".join(parts[:-1])
        placed = tuple(
            step for step in found
            if step.key.index == int(index) and (not stage or stage in (step.key.stage, stage_label(step.key.stage)))
        )
        if placed or len(parts) == 1:
            return placed
    return tuple(step for step in found if words.lower() in step.instruction.lower())


def _same(one: Step, other: Step) -> bool:
    return (one.key.stage, one.key.platform) == (other.key.stage, other.key.platform) and (
        one.instruction == other.instruction)
