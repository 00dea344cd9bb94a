"""Two builds compared, a build held against its forecast, and which step somebody means."""

from __future__ import annotations

import pytest

from devbox.core.build import Step, StepKey, StepStatus
from devbox.core.build_history import compared, judgement, selected

HIT, MISS, FAILED = StepStatus.HIT, StepStatus.MISS, StepStatus.FAILED


def step(index: int, words: str, status: StepStatus = HIT, *, stage: str = "dev", forecast: str | None = None) -> Step:
    return Step(StepKey(stage, index), 4, words, status, 1.0, forecast=forecast)


@pytest.mark.parametrize(("forecast", "status", "said"), [
    ("hit", HIT, "right"), ("miss", MISS, "right"), ("miss", FAILED, "right"), ("hit", MISS, "wrong"),
    ("miss", HIT, "wrong"), ("depends", HIT, "open"), ("unknown", MISS, "open"), (None, HIT, None),
    ("hit", StepStatus.SKIPPED, None), ("miss", StepStatus.CANCELLED, None),
])
def test_a_forecast_is_judged_only_by_what_came_to_an_end(
    forecast: str | None, status: StepStatus, said: str | None
) -> None:
    assert judgement(step(2, "RUN x", status, forecast=forecast)) == said


def test_steps_are_paired_by_their_words_and_new_and_gone_ones_stand_alone() -> None:
    before = (step(2, "RUN a"), step(3, "RUN b"), step(4, "RUN c"))
    after = (step(2, "RUN a"), step(3, "RUN new", MISS), step(4, "RUN c", MISS))
    pairs = compared(before, after)
    assert [(pair.step.instruction, pair.changed) for pair in pairs] == [
        ("RUN a", False), ("RUN new", True), ("RUN c", True), ("RUN b", True),
    ]
    assert pairs[1].before is None
    assert pairs[3].after is None


def test_equal_instructions_of_one_stage_are_paired_one_to_one() -> None:
    twice = (step(2, "RUN a"), step(3, "RUN a", MISS))
    assert [pair.changed for pair in compared(twice, twice)] == [False, False]


@pytest.mark.parametrize("words", ["dev 3/4", "dev 3", "dev:3", "3", "pip install", "PIP"])
def test_a_step_is_meant_by_place_or_words(words: str) -> None:
    steps = (step(2, "COPY x /x"), step(3, "RUN pip install -r x"), step(2, "RUN other", stage="stage-1"))
    assert [found.instruction for found in selected(steps, words)] == ["RUN pip install -r x"]


def test_a_nameless_stage_is_meant_by_its_number() -> None:
    steps = (step(2, "RUN a", stage="stage-1"), step(2, "RUN b", stage="dev"))
    assert [found.instruction for found in selected(steps, "1 2/4")] == ["RUN a"]


def test_nothing_is_meant_by_a_place_that_is_not_there() -> None:
    assert selected((step(2, "RUN a"),), "dev 9") == ()
