"""The decoder: both framings, any split, and everything that is not a message."""

from __future__ import annotations

import base64
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devbox.core.buildstream import LogChunk, StreamMessage, Vertex
from devbox.engine.rawjson import TEXT_LIMIT, RawJsonDecoder
from tests.core.build_streams import EXPECTED, recording

INDENTED = rb"""{
  "vertexes": [
    {
      "digest": "sha256:a",
      "name": "[1/1] RUN a \u0026\u0026 b"
    }
  ]
}
"""
COMPACT = b'{"vertexes":[{"digest":"sha256:a","name":"[1/1] RUN a \\u0026\\u0026 b"}]}\n'
MESSAGE = StreamMessage(vertexes=(Vertex("sha256:a", "[1/1] RUN a && b"),))


def decode(data: bytes, chunk: int = 1 << 20) -> list[StreamMessage | str]:
    decoder = RawJsonDecoder()
    items: list[StreamMessage | str] = []
    for start in range(0, len(data), chunk):
        items += decoder.feed(data[start : start + chunk])
    return items + decoder.finish()


@pytest.mark.parametrize("name", EXPECTED)
def test_recordings_hold_the_recorded_objects_and_text(name: str) -> None:
    items = decode(recording(name))
    messages = [item for item in items if not isinstance(item, str)]
    assert len(messages) == EXPECTED[name]["objects"]
    assert [item for item in items if isinstance(item, str)] == EXPECTED[name]["text_after"]
    assert len({v.digest for m in messages for v in m.vertexes}) == EXPECTED[name]["vertexes"]
    assert sum(len(log.data) for m in messages for log in m.logs) == sum(EXPECTED[name]["log_bytes"].values())


@pytest.mark.parametrize("framed", [INDENTED, COMPACT])
def test_text_before_between_and_after(framed: bytes) -> None:
    data = b"WARNING: before\r\n" + framed + b"between\n\n" + framed + b"ERROR: failed"
    assert decode(data) == ["WARNING: before", MESSAGE, "between", "", MESSAGE, "ERROR: failed"]


@pytest.mark.parametrize("framed", [INDENTED, COMPACT])
def test_object_cut_off_at_the_end_is_dropped_and_noted(framed: bytes) -> None:
    for length in range(len(b'{"vertexes"'), len(framed) - 2):
        decoder = RawJsonDecoder()
        assert decoder.feed(framed[:length]) + decoder.finish() == []
        assert decoder.cut_off


def test_object_cut_off_in_the_middle_does_not_swallow_what_follows() -> None:
    assert decode(INDENTED[:40] + b"\nERROR: killed\n" + INDENTED) == ["ERROR: killed", MESSAGE]


def test_foreign_json_is_text() -> None:
    assert decode(b'{"stream":"x"}\n[1]\n{"a":\n') == ['{"stream":"x"}', "[1]", '{"a":']


def test_log_bytes_survive_as_they_are() -> None:
    raw = b"\x1b[31mred\r\xff\xfe\x00"
    body = {"logs": [{"vertex": "v", "stream": 2, "data": base64.b64encode(raw).decode(), "timestamp": "x"}]}
    [message] = decode(json.dumps(body).encode() + b"\n")
    assert isinstance(message, StreamMessage)
    assert message.logs == (LogChunk("v", 2, raw),)


def test_invalid_utf8_becomes_replacement_characters() -> None:
    [message, text] = decode(b'{"vertexes":[{"digest":"d","name":"\xff\\ud800"}]}\n\xfftext\n')
    assert isinstance(message, StreamMessage)
    assert message.vertexes[0].name == "\ufffd?"
    assert text == "\ufffdtext"


def test_times_have_any_number_of_fraction_digits() -> None:
    stamps = ["2026-11-20T11:20:58Z", "2026-11-20T11:20:58.5Z", "2026-11-20T11:20:58.488374656Z", "nonsense"]
    body = {"vertexes": [{"digest": "d", "name": "n", "started": stamp} for stamp in stamps]}
    [message] = decode(json.dumps(body).encode() + b"\n")
    assert isinstance(message, StreamMessage)
    started = [vertex.started for vertex in message.vertexes]
    assert started[3] is None
    assert [round(value - 1795173658, 4) for value in started[:3] if value] == [0.0, 0.5, 0.4884]


def test_wrong_types_anywhere_are_passed_over() -> None:
    body = {
        "vertexes": [1, {}, {"digest": 5}, {"digest": "d", "name": 7, "inputs": "x", "started": 1, "cached": "yes"}],
        "statuses": [{"id": "s", "current": -1, "total": "x"}], "logs": [{"data": "?"}, {"data": 1}],
        "warnings": [{"range": [{"start": 5}]}],
    }
    [message] = decode(json.dumps(body).encode() + b"\n")
    assert isinstance(message, StreamMessage)
    assert message.vertexes == (Vertex("d", ""),)
    assert (message.statuses[0].current, message.statuses[0].total, message.logs) == (0, None, ())


@pytest.mark.parametrize(
    "data", [b'{"vertexes":' + b"[" * 100_000 + b"]}\n", b'{"vertexes":[' + b"9" * 10_000 + b"]}\n"]
)
def test_hostile_json_does_not_raise(data: bytes) -> None:
    assert all(isinstance(item, (str, StreamMessage)) for item in decode(data))


def test_endless_line_is_cut() -> None:
    assert [len(item) for item in decode(b"x" * (TEXT_LIMIT * 2 + 5), 1000) if isinstance(item, str)] == [
        TEXT_LIMIT, TEXT_LIMIT, 5,
    ]


def test_byte_by_byte_costs_no_square() -> None:
    body = COMPACT.replace(b"RUN", b"R" * 300_000)
    started = time.perf_counter()
    decoder = RawJsonDecoder()
    for start in range(0, len(body), 50):
        decoder.feed(body[start : start + 50])
    assert time.perf_counter() - started < 2


_PARTS = st.sampled_from([INDENTED, COMPACT, b"text\n", b"\xff\n", b"{\n", b"}\n", b"", b"{", b"\n"])


@settings(max_examples=100, deadline=None)
@given(st.lists(_PARTS, max_size=8), st.integers(1, 50))
def test_no_split_changes_the_items(parts: list[bytes], chunk: int) -> None:
    data = b"".join(parts)
    assert decode(data, chunk) == decode(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    assert all(isinstance(item, (str, StreamMessage)) for item in decode(b"{\n" + data + b"\n}\n", 7))
