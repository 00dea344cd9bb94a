"""A forecast while its build runs: each outcome settles what hung on it, and nothing is claimed that is not known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devbox.core.build import Step, StepKey, StepStatus
from devbox.core.buildplan import BuildPlan
from devbox.core.forecast import forecast
from devbox.core.resolving import UNSEEN, known, outcomes
from tests.core.forecast_plans import CONTEXT, Builder, Plan


def two_stages(script: str = "make") -> BuildPlan:
    """0 base, 1 the stage that runs, 2 another step, 3 a copy of what that stage made, 4 a step on it."""
    plan = Plan()
    base = plan.base()
    made = plan.run(base, script, stage="a")
    first = plan.run(base, "first")
    plan.run(plan.copy(first, of=made), "last")
    return plan.done()


def again(builder: Builder, plan: BuildPlan, shown: dict[int, str]) -> list[str]:
    given = builder.look(plan)
    found = forecast(plan, builder.book, {CONTEXT: "c1"}, known(given, shown))  # type: ignore[arg-type]
    return [verdict.word for verdict in found.verdicts]


def test_a_copy_that_was_found_settles_what_follows() -> None:
    builder = Builder()
    builder.build(two_stages())
    plan = two_stages("make all")
    assert builder.words(plan) == ["base", "miss", "hit", "depends", "depends"]
    assert again(builder, plan, {1: "ran", 2: "hit"}) == ["base", "miss", "hit", "depends", "depends"]
    assert again(builder, plan, {1: "ran", 2: "hit", 3: "hit"}) == ["base", "miss", "hit", "hit", "hit"]
    assert again(builder, plan, {1: "ran", 2: "hit", 3: "ran"}) == ["base", "miss", "hit", "miss", "miss"]


def test_a_step_that_runs_although_it_should_have_been_found_takes_the_rest_with_it() -> None:
    builder = Builder()
    builder.build(two_stages())
    assert again(builder, two_stages(), {2: "ran"}) == ["base", "hit", "miss", "miss", "miss"]


def test_a_hit_on_a_record_nobody_knows_leaves_what_follows_unknown() -> None:
    builder = Builder()
    builder.build(two_stages())
    plan = two_stages("make all")
    verdicts = known(builder.look(plan), {1: "hit"})
    assert (verdicts[1].word, verdicts[1].reason) == ("unknown", UNSEEN)
    assert again(builder, plan, {1: "hit"})[3:] == ["unknown", "unknown"]


def test_the_root_of_a_cascade_is_kept() -> None:
    builder = Builder()
    builder.build(two_stages())
    verdicts = known(builder.look(two_stages("make all")), {2: "ran", 3: "ran", 4: "ran"})
    assert [verdicts[number].after for number in (2, 3, 4)] == [None, 2, 2]


def test_a_step_at_work_came_from_no_cache_and_one_to_go_tells_nothing() -> None:
    plan = two_stages()
    steps = [
        Step(StepKey("a", 1), 9, "RUN make", StepStatus.RUNNING), Step(StepKey("s", 2), 9, "RUN first", StepStatus.HIT),
        Step(StepKey("s", 3), 9, "COPY", StepStatus.TO_GO), Step(StepKey("other", 3), 9, "RUN x", StepStatus.HIT),
    ]
    assert outcomes(plan, steps) == {1: "ran", 2: "hit"}


@given(st.dictionaries(st.integers(1, 4), st.sampled_from(["hit", "ran"])))
def test_no_combination_of_outcomes_raises(shown: dict[int, str]) -> None:
    builder = Builder()
    builder.build(two_stages())
    for plan in (two_stages(), two_stages("make all")):
        words = again(builder, plan, shown)
        assert all(words[number] == "miss" for number, outcome in shown.items() if outcome == "ran")
