"""Build events as contract.md's JSON lines."""

from __future__ import annotations

import json

import pytest

from devbox.core.build import BuildState, Cause, Step, StepKey, StepStatus
from devbox.core.buildfold import BuildFold
from devbox.core.events import BuildChanged, BuildLog, BuildStarted, Note, OperationChanged, PlanMade
from devbox.core.plan import Operation
from devbox.engine.rawjson import RawJsonDecoder
from devbox.report.events_json import EventsJson
from tests.core.build_streams import EXPECTED, outcome_of, recording

STATES = {"running", "hit", "miss", "failed", "cancelled", "skipped", "interrupted"}


def replay(name: str) -> list[dict[str, object]]:
    decoder, fold, events = RawJsonDecoder(), BuildFold(), EventsJson()
    found = list(events.objects(BuildStarted("box")))
    for message in decoder.feed(recording(name)):
        fold.apply(message)
        for log in getattr(message, "logs", ()):
            found += events.objects(BuildLog("box", fold.step_of(log.vertex), log.data))
        found += events.objects(BuildChanged("box", fold.snapshot()))
    fold.end(outcome_of(name))
    return found + list(events.objects(BuildChanged("box", fold.snapshot())))


@pytest.mark.parametrize("name", [name for name in EXPECTED if not name.startswith("logs")])
def test_every_state_is_one_the_contract_names_and_only_changes_are_said(name: str) -> None:
    steps = [event for event in replay(name) if event["event"] == "step"]
    assert {event["state"] for event in steps} <= STATES
    said: dict[object, tuple[object, object]] = {}
    for event in steps:
        key, news = (event["stage"], event.get("platform"), event["index"]), (event["state"], event["root"])
        assert said.get(key) != news
        said[key] = news
    assert not any(str(event["instruction"]).startswith("FROM ") for event in steps)


def test_last_state_of_each_step_is_the_recorded_one() -> None:
    last = {(event["stage"], event["index"]): event for event in replay("failed") if event["event"] == "step"}
    assert [(key, event["state"], event["root"]) for key, event in sorted(last.items())] == [
        (("0", 2), "hit", False), (("0", 3), "miss", True), (("0", 4), "failed", False), (("0", 5), "skipped", False),
    ]


def test_stage_without_a_name_is_its_number() -> None:
    assert {event["stage"] for event in replay("content_hit") if event["event"] == "step"} == {"b", "1"}


def test_build_ends_with_its_counts() -> None:
    last = replay("partly_cached")[-1]
    assert (last["event"], last["state"], last["hits"], last["misses"]) == ("build", "ok", 2, 2)


def test_log_lines_are_whole_clean_and_name_their_step() -> None:
    events = EventsJson()
    key = StepKey("stage-1", 3)
    first = list(events.objects(BuildLog("box", key, b"\x1b[31mred\x1b[0m \x1b]52;c;x\x07half")))
    second = list(events.objects(BuildLog("box", key, b" line\nrest")))
    assert first == []
    assert second == [{"event": "log", "stage": "1", "index": 3, "text": "red half line", "service": "box"}]
    assert [event["text"] for event in events.flush()] == ["rest"]


def test_causes_and_operations_have_the_contracts_shape() -> None:
    cause = Cause("file-changed", "a", "content")
    step = Step(StepKey("dev", 2), 4, "RUN x", StepStatus.MISS, 1.23456, True, None, (cause,))
    [event] = EventsJson().objects(BuildChanged("box", BuildState(steps=(step,))))
    assert event == {
        "event": "step", "stage": "dev", "index": 2, "of": 4, "instruction": "RUN x", "state": "miss", "seconds": 1.235,
        "root": True, "causes": [{"kind": "file-changed", "path": "a", "detail": "content"}], "service": "box",
    }
    operation = Operation("create-container", "box", "not there")
    [event] = EventsJson().objects(OperationChanged(operation, "started"))
    assert {key: event[key] for key in ("event", "kind", "resource", "cause", "state")} == {
        "event": "operation", "kind": "create-container", "resource": "box", "cause": "not there", "state": "started",
    }
    [event] = EventsJson().objects(PlanMade((operation,)))
    assert event["operations"] == [{"kind": "create-container", "resource": "box", "cause": "not there"}]


def test_second_build_of_a_service_starts_afresh() -> None:
    step = Step(StepKey("dev", 2), 4, "RUN x", StepStatus.HIT, 0.0)
    events = EventsJson()
    state = BuildState(steps=(step,), outcome="ok")
    assert len(list(events.objects(BuildChanged("box", state)))) == 2
    assert len(list(events.objects(BuildChanged("box", state)))) == 2


def test_hostile_text_becomes_plain_json() -> None:
    hostile = "\x1b]0;title\x07\x9b31m\u202e\ud800"
    step = Step(StepKey("dev", 2), 4, f"RUN {hostile}", StepStatus.FAILED, None)
    for event in (BuildChanged("box", BuildState(steps=(step,))), Note(hostile)):
        for item in EventsJson().objects(event):
            text = json.dumps(item, ensure_ascii=True, allow_nan=False)
            assert "u001b" not in text
            assert "u202e" not in text
