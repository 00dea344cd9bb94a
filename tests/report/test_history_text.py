"""Past builds as lines."""

from __future__ import annotations

import pytest

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.present import glyphs
from devbox.report.build_lines import Style
from devbox.report.history_text import why_lines
from devbox.store.ledger import BuildRecord

STYLE = Style(glyphs(False))


def why(outcome: str, *statuses: StepStatus) -> list[str]:
    steps = tuple(Step(StepKey("dev", n), len(statuses), f"RUN {n}", each) for n, each in enumerate(statuses, start=1))
    state = BuildState(steps=steps, outcome=outcome)  # type: ignore[arg-type]
    record = BuildRecord.of(state, project="p", service="box", started=0.0)
    return list(why_lines(record, record.steps, STYLE))[1:]


def test_a_build_of_hits_came_from_the_cache() -> None:
    assert why("ok", StepStatus.BASE, StepStatus.HIT) == ["  every step came from the cache"]
    assert why("ok", StepStatus.HIT, StepStatus.SKIPPED) == ["  every step came from the cache"], "one was not needed"


@pytest.mark.parametrize("outcome", ["cancelled", "interrupted", "failed"])
@pytest.mark.parametrize("last", [StepStatus.CANCELLED, StepStatus.TO_GO, StepStatus.INTERRUPTED, StepStatus.SKIPPED])
def test_a_build_that_was_left_does_not_claim_that_all_was_cached(outcome: str, last: StepStatus) -> None:
    assert why(outcome, StepStatus.BASE, StepStatus.HIT, last) == [
        f"  {outcome} before a step that had to run was done"
    ]


def test_a_build_that_ended_before_its_first_step_says_how() -> None:
    assert why("failed") == ["  failed before a step that had to run was done"]
