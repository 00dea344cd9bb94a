"""The classic builder's messages as a build state (spec/buildkit.md 2.2)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from devbox.core.build import BuildState, StepKey, StepStatus
from devbox.core.buildfold import BuildFacts, Outcome
from devbox.core.classicfold import ClassicFold

RUNNING = " ---> Running in 0123456789ab\n"
REMOVED = "Removing intermediate container 0123456789ab\n"
LAYER = " ---> ba9876543210\n"


def said(*texts: str) -> list[dict[str, Any]]:
    return [{"stream": text} for text in texts]


def fold(
    messages: list[dict[str, Any]], outcome: Outcome = "ok", lines: tuple[int, ...] = ()
) -> tuple[BuildState, bytes]:
    found = ClassicFold(BuildFacts(instructions=lines))
    output = [found.apply(message, float(number)) for number, message in enumerate(messages)]
    found.end(outcome, float(len(messages)))
    return found.snapshot(99.0, 5.0), b"".join(each[1] for each in output if each)


def test_steps_hits_breaks_and_output() -> None:
    state, output = fold([
        *said("Step 1/4 : FROM x", "\n", LAYER), *said("Step 2/4 : ENV A=1", "\n", " ---> Using cache\n", LAYER),
        *said("Step 3/4 : RUN a", "\n", RUNNING, "hel", "lo\n", REMOVED, LAYER),
        *said("Step 4/4 : COPY a b", "\n", LAYER), {"aux": {"ID": "sha256:1"}}, *said("Successfully built ba98\n"),
    ], lines=(1, 2, 5, 9))
    assert [(s.status, s.root, s.after, s.line) for s in state.steps] == [
        (StepStatus.BASE, False, None, 1), (StepStatus.HIT, False, None, 2), (StepStatus.MISS, True, None, 5),
        (StepStatus.MISS, False, StepKey("", 3), 9),
    ]
    assert output.startswith(b"hello\n")
    assert (state.image, state.outcome, state.steps[2].log_lines) == ("sha256:1", "ok", 1)
    assert state.steps[2].seconds == 7.0


def test_step_that_prints_the_builders_words_is_still_a_miss() -> None:
    state, output = fold(said("Step 1/1 : RUN a", "\n", RUNNING, " ---> Using cache\n", "Step 9/9 : RUN fake"))
    assert [s.status for s in state.steps] == [StepStatus.MISS]
    assert output == b" ---> Using cache\nStep 9/9 : RUN fake"


def test_error_fails_the_step_at_work() -> None:
    error = {"errorDetail": {"code": 7, "message": "m"}, "error": "returned a non-zero code: 7"}
    state, _ = fold([*said("Step 1/2 : FROM x", LAYER, "Step 2/2 : RUN a", RUNNING), error], "failed")
    assert (state.steps[1].status, state.steps[1].error) == (StepStatus.FAILED, "returned a non-zero code: 7")
    assert state.text == ("ERROR: returned a non-zero code: 7",)


def test_stage_starts_clean_unless_it_stands_on_one_that_ran() -> None:
    state, _ = fold(said(
        "Step 1/6 : FROM x AS a", "Step 2/6 : RUN a", RUNNING, "Step 3/6 : FROM x", "Step 4/6 : RUN b", RUNNING,
        "Step 5/6 : FROM a", "Step 6/6 : RUN c", RUNNING,
    ))
    assert [(s.root, s.after) for s in state.steps] == [
        (False, None), (True, None), (False, None), (True, None), (False, None), (False, StepKey("", 2)),
    ]


def test_cancelled_build_has_a_cancelled_step() -> None:
    state, _ = fold(said("Step 1/2 : FROM x", "Step 2/2 : RUN a", RUNNING), "cancelled")
    assert state.steps[1].status is StepStatus.CANCELLED


def test_pull_of_the_base_shows_its_bytes() -> None:
    layer = {"status": "Downloading", "id": "abc", "progressDetail": {"current": 5, "total": 10}}
    state, _ = fold([*said("Step 1/1 : FROM x"), layer])
    assert [(t.name, t.current, t.total) for t in state.steps[0].transfers] == [("downloading abc", 5, 10)]


def test_warning_is_a_warning() -> None:
    state, output = fold(said("Step 1/1 : FROM x", "[Warning] One or more build-args [A] were not consumed\n"))
    assert state.warnings == ("One or more build-args [A] were not consumed",)
    assert output == b""


_WORDS = st.sampled_from(["Step 1/2 : FROM x", "Step 2/2 : RUN", " ---> Using cache\n"])
_TEXTS = st.one_of(st.text(max_size=20), _WORDS)
_VALUES = st.one_of(_TEXTS, st.none(), st.integers(), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))
_KEYS = st.sampled_from(["stream", "error", "aux", "status", "id", "progressDetail"])


@given(st.lists(st.dictionaries(_KEYS, _VALUES, max_size=3), max_size=10))
def test_no_messages_raise(messages: list[dict[str, Any]]) -> None:
    state, _ = fold(messages, "interrupted")
    assert not any(step.status is StepStatus.RUNNING for step in state.steps)
