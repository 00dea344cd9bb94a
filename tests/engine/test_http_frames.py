"""Frames and message lines survive any cutting by the network."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import EngineError
from devbox.engine.frames import chunks, is_multiplexed
from devbox.engine.json_lines import json_lines


def cut(data: bytes, points: list[int]) -> list[bytes]:
    edges = [0, *sorted(point % (len(data) + 1) for point in points), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


PIECES = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=8)
POINTS = st.lists(st.integers(min_value=0, max_value=500), max_size=12)


@given(PIECES, POINTS)
def test_frames_give_the_same_output_however_they_are_cut(frames: list[tuple[int, bytes]], points: list[int]) -> None:
    data = b"".join(bytes([kind, 0, 0, 0]) + len(body).to_bytes(4, "big") + body for kind, body in frames)
    found = list(chunks(cut(data, points), multiplexed=True))
    for kind, name in ((1, "stdout"), (2, "stderr")):
        assert b"".join(chunk.data for chunk in found if chunk.stream == name) == b"".join(
            body for frame, body in frames if frame == kind
        )


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_bytes_that_are_no_frames_never_crash(blocks: list[bytes]) -> None:
    try:
        total = sum(len(chunk.data) for chunk in chunks(blocks, multiplexed=True))
    except EngineError:
        return
    assert total <= sum(map(len, blocks))


def test_a_lying_length_is_refused() -> None:
    with pytest.raises(EngineError):
        list(chunks([b"\x01\0\0\0\xff\xff\xff\xff"], multiplexed=True))


def test_a_terminal_has_no_frames() -> None:
    assert [chunk.data for chunk in chunks([b"\x01\0\0\0", b"x"], multiplexed=False)] == [b"\x01\0\0\0", b"x"]
    assert not is_multiplexed("application/vnd.docker.raw-stream", tty=True)
    assert is_multiplexed("application/vnd.docker.raw-stream", tty=False)
    assert is_multiplexed("application/vnd.docker.multiplexed-stream", tty=True)


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers()), max_size=6), POINTS)
def test_messages_are_the_same_however_they_are_cut(messages: list[dict[str, int]], points: list[int]) -> None:
    data = b"".join(json.dumps(message).encode() + b"\r\n" for message in messages)
    assert list(json_lines(cut(data, points))) == messages


def test_a_message_cut_by_the_end_is_dropped_and_a_broken_one_is_an_error() -> None:
    assert list(json_lines([b'{"a": 1}\n{"b": '])) == [{"a": 1}]
    with pytest.raises(EngineError):
        list(json_lines([b"nonsense\n"]))
