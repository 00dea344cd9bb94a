"""The fold over recorded streams: statuses, names, breaks of the cache, and that chunking changes nothing."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.buildfold import BuildFacts, BuildFold
from devbox.core.buildstream import LogChunk, StreamMessage, Vertex, VertexStatus
from devbox.engine.rawjson import RawJsonDecoder
from tests.core.build_streams import EXPECTED, fold, outcome_of, recording

WORDS = {
    "RUN": StepStatus.MISS, "CACHED": StepStatus.HIT, "ERROR": StepStatus.FAILED, "CANCELED": StepStatus.CANCELLED,
    "NOTRUN": StepStatus.SKIPPED, "OPEN": StepStatus.INTERRUPTED,
}


def own_steps(state: BuildState) -> tuple[Step, ...]:
    """Steps that BuildKit named itself; twins are our addition and not in the recorded truth."""
    return tuple(step for step in state.steps if step.twin is None)


def truth(name: str) -> dict[tuple[str, int, str], list[dict[str, Any]]]:
    """Recorded steps by stage, number and instruction; the halves of a `COPY --link` belong together."""
    steps: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
    for step in EXPECTED[name]["steps"]:
        steps.setdefault((step["stage"], step["index"], step["text"].removeprefix("LINK ")), []).append(step)
    return steps


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "multiplatform"])
def test_every_recording_folds_to_its_recorded_truth(name: str) -> None:
    state = fold(recording(name), outcome_of(name))
    expected = truth(name)
    assert sorted((s.key.stage, s.key.index, s.instruction) for s in own_steps(state)) == sorted(expected)
    for step in own_steps(state):
        [recorded] = expected[step.key.stage, step.key.index, step.instruction]
        assert step.of == recorded["total"]
        if step.instruction.startswith("FROM "):
            assert step.status is StepStatus.BASE
        else:
            assert step.status is WORDS[recorded["status"]], step
        if recorded["status"] != "OPEN":  # the recording counts closed intervals only
            assert (step.seconds or 0.0) == pytest.approx(recorded["seconds"], abs=2e-4)
    lines = {f"[{s.key.stage + ' ' if s.key.stage else ''}{s.key.index}/{s.of}]": s.log_lines for s in state.steps}
    for label, count in EXPECTED[name]["log_lines"].items():
        place = label.split("] ")[0].replace("[ ", "[").replace("  ", " ") + "]"
        if name != "logs_binary":  # the recording counts carriage returns as lines too
            assert lines[place] == count
    assert list(state.text) == EXPECTED[name]["text_after"]
    assert len(state.warnings) == EXPECTED[name]["warnings"]


def test_platforms_are_kept_apart_and_the_halves_of_a_link_are_one_step() -> None:
    state = fold(recording("multiplatform"))
    copies = {s.key.platform: s for s in state.steps if s.instruction.startswith("COPY --link")}
    assert set(copies) == {"linux/amd64", "linux/386"}
    assert copies["linux/386"].status is StepStatus.MISS
    assert copies["linux/amd64"].status is StepStatus.HIT
    assert [s.key for s in state.steps if s.instruction.startswith("RUN echo building for 386")] == [
        StepKey("tool", 3, "linux/amd64->386")
    ]
    stages = [s.key.stage for s in state.steps]
    assert stages == sorted(stages, key=["tool", "stage-1"].index), "a stage comes before those that copy from it"


def test_edit_in_the_middle_breaks_the_cache_once() -> None:
    state = fold(recording("partly_cached"))
    assert [(s.key.index, s.root, s.after) for s in state.steps] == [
        (1, False, None), (2, False, None), (3, False, None), (4, True, None), (5, False, StepKey("", 4)),
    ]
    assert (state.hits, state.misses) == (2, 2)


def test_hit_after_a_rerun_stage_ends_the_cascade() -> None:
    state = fold(recording("content_hit"))
    by_key = {s.key: s for s in state.steps}
    assert by_key[StepKey("b", 2)].root
    assert by_key[StepKey("b", 3)].after == StepKey("b", 2)
    assert by_key[StepKey("stage-1", 2)].status is StepStatus.HIT
    assert by_key[StepKey("stage-1", 3)].after is None


def test_cascade_through_parallel_stages_names_its_one_root() -> None:
    state = fold(recording("parallel"), facts=BuildFacts(stages=("base", "unused", "a", "b", "c", "final")))
    root = StepKey("base", 3)
    assert [s.key for s in state.steps if s.root] == [root]
    assert {s.after for s in state.steps if s.status is StepStatus.MISS and not s.root} == {root}
    assert list(dict.fromkeys(s.key.stage for s in state.steps)) == ["base", "a", "b", "c", "final"]


def test_step_shown_under_another_stage_gets_its_twins_status() -> None:
    state = fold(recording("failed_parallel"), "failed")
    twin = state.step(StepKey("slow", 2))
    assert twin is not None
    assert (twin.twin, twin.status) == (StepKey("bad", 2), StepStatus.MISS)
    assert state.step(StepKey("slow", 3)).status is StepStatus.CANCELLED  # type: ignore[union-attr]


@pytest.mark.parametrize("printed", ["[2/2] RUN x", "[stage-0 2/2] RUN x", "[dev 2/2] RUN x"])
def test_only_stage_keeps_its_own_name_however_it_is_printed(printed: str) -> None:
    found = BuildFold(BuildFacts(stages=("dev",), lines=((StepKey("dev", 2), "RUN", 7),)))
    found.apply(StreamMessage((vertex("a", printed, ran=True),), time=13.0))
    [step] = found.snapshot().steps
    assert (step.key, step.line) == (StepKey("dev", 2), 7)


def test_from_that_an_older_engine_numbers_one_short_is_one_of_all() -> None:
    state = state_of(vertex("f", "[dev 1/4] FROM x", ran=True), vertex("a", "[dev 2/5] RUN x", "f", ran=True))
    assert [step.of for step in state.steps] == [5, 5]


def test_vertex_error_is_no_failed_step() -> None:
    assert all(s.error is None for s in fold(recording("cache_import_missing")).steps)


def test_pull_shows_bytes_of_layers() -> None:
    [layer] = [t for s in fold(recording("pull")).steps for t in s.transfers if t.total]
    assert (layer.current, layer.total, layer.done) == (203796480, 203796480, True)


def test_context_transfer_is_outside_the_steps() -> None:
    assert ("transferring context", True) in [(t.name, t.done) for t in fold(recording("ok")).transfers]


def test_closed_build_has_cancelled_steps_not_interrupted_ones() -> None:
    statuses = [s.status for s in fold(recording("killed"), "cancelled").steps]
    assert statuses[2:] == [StepStatus.CANCELLED, StepStatus.SKIPPED]


def vertex(digest: str, name: str, *inputs: str, ran: bool | None = None, hit: bool = False, error: str = "") -> Vertex:
    started = None if ran is None and not hit else 10.0
    completed = None if not (ran or hit) else 12.5
    return Vertex(digest, name, inputs, started, completed, hit, error)


def state_of(*vertexes: Vertex, ended: bool = True) -> BuildState:
    state = BuildFold()
    state.apply(StreamMessage(vertexes, time=13.0))
    if ended:
        state.end("ok")
    return state.snapshot()


def test_step_shared_with_another_build_takes_the_furthest_state() -> None:
    state = state_of(
        vertex("f", "[1/3] FROM x", ran=True), vertex("a", "[2/3] RUN x", "f"),
        vertex("b", "[2/3] RUN x", "f", ran=True),
        vertex("c", "[3/3] RUN y", "a", ran=True),
    )
    assert [s.status for s in state.steps] == [StepStatus.BASE, StepStatus.MISS, StepStatus.MISS]
    assert state.steps[2].after == StepKey("", 2)


def test_download_of_an_add_is_no_miss_when_the_copy_hits() -> None:
    state = state_of(
        vertex("f", "[1/2] FROM x", ran=True), vertex("u", "[2/2] ADD https://x/y /y", ran=True),
        vertex("c", "[2/2] ADD https://x/y /y", "f", "u", hit=True),
    )
    assert [s.status for s in state.steps] == [StepStatus.BASE, StepStatus.HIT]


def test_failed_download_of_an_add_fails_the_step() -> None:
    state = state_of(
        vertex("u", "[2/2] ADD https://x/y /y", ran=True, error="not found"),
        vertex("c", "[2/2] ADD https://x/y /y", "f", "u"),
    )
    assert (state.steps[0].status, state.steps[0].error) == (StepStatus.FAILED, "not found")


def test_breaks_in_two_branches_are_two_roots() -> None:
    state = state_of(
        vertex("f", "[a 1/2] FROM x"), vertex("g", "[b 1/2] FROM y"), vertex("h", "[i 1/1] RUN hit", "f", hit=True),
        vertex("a", "[a 2/2] RUN a", "f", ran=True), vertex("b", "[b 2/2] RUN b", "g", ran=True),
        vertex("c", "[c 1/1] COPY --from=a", "h", "a", "b", ran=True),
    )
    assert [s.key.stage for s in state.steps if s.root] == ["a", "b"]


def test_running_seconds_go_on_between_messages() -> None:
    fold_ = BuildFold()
    fold_.apply(StreamMessage((vertex("a", "[1/1] RUN x", "f", ran=False),), time=11.0))
    assert fold_.running
    assert fold_.snapshot(idle=2.0).steps[0].seconds == pytest.approx(3.0)


def test_source_seconds_are_summed_and_step_seconds_are_the_last_interval() -> None:
    fold_ = BuildFold()
    for started, completed in ((1.0, 2.0), (5.0, 8.0)):
        fold_.apply(StreamMessage((
            Vertex("f", "[1/2] FROM x", (), started, completed), Vertex("r", "[2/2] RUN x", ("f",), started, completed),
        )))
    assert [s.seconds for s in fold_.snapshot().steps] == [4.0, 3.0]


def test_phase_says_what_happens_outside_steps() -> None:
    state = state_of(vertex("e", "exporting to image", ran=False), ended=False)
    assert state.phase == "exporting to image"


def test_state_stays_bounded_whatever_the_engine_sends() -> None:
    fold_ = BuildFold()
    for number in range(20_000):
        fold_.apply(StreamMessage((vertex(f"d{number}", f"[internal] {number}"),), time=1.0))
        fold_.apply(StreamMessage(statuses=(VertexStatus(f"s{number}", "d0"),)))
        fold_.apply(f"line {number}")
    state = fold_.snapshot()
    assert len(state.text) <= 1_000
    assert state.text[-1] == "line 19999"


def test_log_lines_keep_up_with_twenty_thousand_a_second() -> None:
    data = recording("logs20k")
    started = time.perf_counter()
    state = fold(data, chunk=1 << 16)
    assert state.steps[-1].log_lines == 20_000
    assert time.perf_counter() - started < 1.0


def test_a_thousand_steps_are_drawn_ten_times_a_second() -> None:
    chain = [vertex(f"d{n}", f"[{n}/1000] RUN {n}", f"d{n - 1}", ran=True) for n in range(1, 1001)]
    fold_ = BuildFold()
    fold_.apply(StreamMessage(tuple(chain), time=1.0))
    started = time.perf_counter()
    state = fold_.snapshot()
    assert time.perf_counter() - started < 0.5
    assert state.steps[-1].after == StepKey("", 1)


SMALL = [name for name in EXPECTED if not name.startswith("logs")]


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(SMALL), chunk=st.integers(1, 400))
def test_chunking_never_changes_the_end(name: str, chunk: int) -> None:
    assert fold(recording(name), chunk=chunk) == fold(recording(name))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(SMALL), share=st.floats(0, 1))
def test_truncated_stream_still_folds(name: str, share: float) -> None:
    data = recording(name)
    state = fold(data[: int(len(data) * share)], "interrupted")
    assert all(step.status is not StepStatus.RUNNING for step in state.steps)


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(SMALL), data=st.data())
def test_repeated_messages_change_no_status(name: str, data: st.DataObject) -> None:
    decoder = RawJsonDecoder()
    messages = [m for m in decoder.feed(recording(name)) if not isinstance(m, str)]
    once, twice = BuildFold(), BuildFold()
    for message in messages:
        once.apply(message)
        for _ in range(data.draw(st.integers(1, 2))):
            twice.apply(message)
    once.end("ok")
    twice.end("ok")
    first, second = once.snapshot().steps, twice.snapshot().steps
    assert [(s.key, s.status, s.seconds, s.root) for s in first] == [
        (s.key, s.status, s.seconds, s.root) for s in second
    ]


_DIGESTS = st.sampled_from(["a", "b", "c", "d", ""])
_NAMES = st.sampled_from(["[1/3] FROM x", "[2/3] RUN y", "[s 2/3] RUN y", "[internal] load build context", "exporting"])
_TIMES = st.none() | st.floats(0, 100)
_VERTEXES = st.builds(
    Vertex, _DIGESTS, _NAMES, st.lists(_DIGESTS, max_size=3).map(tuple), _TIMES, _TIMES, st.booleans(),
    st.sampled_from(["", "boom", "context canceled"]),
)
_LOGS = st.builds(LogChunk, _DIGESTS, st.integers(1, 2), st.binary(max_size=20))


_MESSAGES = st.builds(StreamMessage, st.lists(_VERTEXES, max_size=4).map(tuple), logs=st.tuples(_LOGS))


@settings(max_examples=200, deadline=None)
@given(st.lists(_MESSAGES, max_size=12))
def test_no_sequence_of_messages_raises(messages: list[StreamMessage]) -> None:
    fold_ = BuildFold()
    for message in messages:
        fold_.apply(message)
        fold_.snapshot(idle=1.0)
    fold_.end("interrupted")
    assert not any(step.status is StepStatus.RUNNING for step in fold_.snapshot().steps)


def test_one_line_framing_folds_to_the_same_state() -> None:
    data = recording("parallel")
    decoder = RawJsonDecoder()
    objects = [json.loads(part + b"}") for part in data.split(b"\n}\n") if part.strip()]
    assert len(objects) == len([m for m in decoder.feed(data) if not isinstance(m, str)])
    compact = b"".join(json.dumps(item).encode() + b"\n" for item in objects)
    assert fold(compact) == fold(data)
