"""Why a build failed, from recorded streams and from made-up ends."""

from __future__ import annotations

import pytest

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.buildfailure import build_failure, last_lines, log_key, without_added_lines
from devbox.core.errors import BuildError
from tests.core.build_streams import fold, outcome_of, recording


def failure(name: str, output: bytes = b"") -> BuildError:
    return build_failure(fold(recording(name), outcome_of(name)), "box", "Dockerfile", output=output)


def test_failing_run_has_step_code_and_line() -> None:
    error = failure("failed", b"about to fail\nE: boom\n")
    assert error.summary == 'build of box failed in 4/5 RUN echo about to fail && echo "E: boom" >&2 && exit 42'
    assert (error.detail or "").startswith("about to fail\nE: boom\nprocess ")
    assert (error.detail or "").endswith("exit code: 42")
    assert error.where == "Dockerfile:4"


def test_failure_in_one_stage_is_not_blamed_on_the_cancelled_other() -> None:
    error = failure("failed_parallel")
    assert "in bad 3/3 RUN sleep 0.5" in error.summary
    assert error.line == 6
    assert log_key(fold(recording("failed_parallel"), "failed")) == StepKey("bad", 3)


def test_parse_error_has_no_step_and_a_line() -> None:
    error = failure("parse_error")
    assert error.summary == (
        "build of box failed: dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)"
    )
    assert error.line == 2


def test_missing_file_is_the_copys_failure() -> None:
    error = failure("missing_file")
    assert "in 2/3 COPY seed nothere.txt /s/" in error.summary
    assert '"/nothere.txt": not found' in (error.detail or "")


def test_missing_base_names_the_image() -> None:
    error = failure("missing_base")
    assert error.summary == "base image localhost:5055/nosuch:1 of box can't be had"
    assert (error.detail, error.line) == ("localhost:5055/nosuch:1: not found", 1)


def test_killed_builder_is_a_build_that_was_cut_off() -> None:
    assert failure("killed").summary == "the build of box was cut off"


def test_older_engines_place_parse_errors_in_words_only() -> None:
    state = BuildState(text=("ERROR: dockerfile parse error line 9: unknown instruction: X",), outcome="failed")
    assert build_failure(state, "box", "Dockerfile").line == 9


def test_silent_builder_still_gives_a_sentence() -> None:
    error = build_failure(BuildState(outcome="failed"), "box", "Dockerfile")
    assert error.summary == "build of box failed: the builder gave no reason"


def test_last_lines_are_the_newest_and_cannot_act() -> None:
    lines = last_lines(b"".join(b"line %d\n" % n for n in range(100)) + b"\x1b[2J\x1b]0;x\x07end")
    assert (len(lines), lines[-1], lines[-2]) == (20, "end", "line 99")


def test_hostile_instruction_stays_one_clean_line() -> None:
    step = Step(StepKey("a", 2), 2, "RUN \x1b[31mx\n" + "y" * 500, StepStatus.FAILED, 1.0, error="e\x1b[2J")
    error = build_failure(BuildState(steps=(step,), outcome="failed"), "box", "Dockerfile")
    assert "\x1b" not in error.summary + (error.detail or "")
    assert "\n" not in error.summary
    assert len(error.summary) < 140


EXCERPT = (
    "Dockerfile:4", "----", "   2 |     ARG OURS=1", "   3 |     COPY a b", "   4 | >>> RUN x", "   5 |     ", "----",
    "ERROR: failed to solve: x",
)


def test_excerpt_counts_lines_as_the_user_does() -> None:
    assert without_added_lines(EXCERPT, (2,)) == (
        "Dockerfile:3", "----", "   2 |     COPY a b", "   3 | >>> RUN x", "   4 |     ", "----",
        "ERROR: failed to solve: x",
    )
    state = BuildState(text=EXCERPT, outcome="failed")
    assert build_failure(state, "box", "Dockerfile", added=(2,)).line == 3


@pytest.mark.parametrize("instruction", ["FROM --platform=linux/amd64 nosuch:1 AS x", "FROM nosuch:1"])
def test_base_that_fails_while_it_is_pulled_is_named_too(instruction: str) -> None:
    step = Step(StepKey("", 1), 2, instruction, StepStatus.FAILED, 1.0, error="denied")
    error = build_failure(BuildState(steps=(step,), outcome="failed"), "box", "Dockerfile")
    assert error.summary == "base image nosuch:1 of box can't be had"
