"""The tour is not easily pleased: a rebuild counts only if the cache broke at the dependencies and nowhere else."""

from __future__ import annotations

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.flows.tour import TourResult, judge_rebuild

APT = "RUN apt-get update"
COPY = "COPY requirements.txt /tmp/requirements.txt"
PIP = "RUN pip install -r /tmp/requirements.txt"


def build(*steps: tuple[str, StepStatus, bool]) -> BuildState:
    return BuildState(
        steps=tuple(
            Step(StepKey("dev", index), len(steps), instruction, status, root=root)
            for index, (instruction, status, root) in enumerate(steps, 1)
        )
    )


AS_PROMISED = build((APT, StepStatus.HIT, False), (COPY, StepStatus.MISS, True), (PIP, StepStatus.MISS, False))
SIDECAR = build((APT, StepStatus.HIT, False))


def judged(box: BuildState | None, cache: BuildState = SIDECAR) -> TourResult:
    result = TourResult()
    judge_rebuild({"cache": cache} | ({"box": box} if box else {}), result)
    return result


def test_a_break_at_the_dependencies_is_what_was_promised() -> None:
    result = judged(AS_PROMISED)
    assert result.problems == ()
    assert result.broke_at is not None
    assert result.broke_at.instruction == COPY
    assert (result.hits, result.cascade) == (1, 1)


def test_a_break_above_the_dependencies_is_not() -> None:
    result = judged(build((APT, StepStatus.MISS, True), (COPY, StepStatus.MISS, False), (PIP, StepStatus.MISS, False)))
    assert any("dependency step" in problem for problem in result.problems)
    assert any("from the cache" in problem for problem in result.problems)


def test_a_second_break_in_the_sidecar_is_not() -> None:
    result = judged(AS_PROMISED, cache=build((APT, StepStatus.MISS, True)))
    assert any("dependency step" in problem for problem in result.problems)


def test_no_break_at_all_is_not() -> None:
    result = judged(build((APT, StepStatus.HIT, False), (COPY, StepStatus.HIT, False), (PIP, StepStatus.HIT, False)))
    assert result.broke_at is None
    assert len(result.problems) == 2, "no break, and nothing installed"


def test_dependencies_that_are_not_installed_again_are_not() -> None:
    result = judged(build((APT, StepStatus.HIT, False), (COPY, StepStatus.MISS, True), (PIP, StepStatus.HIT, False)))
    assert any("installed again" in problem for problem in result.problems)


def test_a_rebuild_that_never_built_the_box_is_not() -> None:
    assert judged(None).problems != ()
