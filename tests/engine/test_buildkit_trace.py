"""BuildKit's protobuf messages: everything that is in them, and nothing that could come over the wire raises."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from devbox.core.buildstream import BuildWarning, LogChunk, StreamMessage, Vertex, VertexStatus
from devbox.engine.buildkit_trace import decode_status, decode_trace

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
times = st.one_of(st.none(), st.integers(1, 1 << 33).map(float))
numbers = st.integers(0, (1 << 63) - 1)
vertexes = st.builds(Vertex, names, texts, st.tuples(names, names) | st.just(()), times, times, st.booleans(), texts)
statuses = st.builds(
    VertexStatus, names, texts, texts, numbers, st.none() | st.integers(1, (1 << 63) - 1), st.booleans()
)
logs = st.builds(LogChunk, texts, st.sampled_from([1, 2]), st.binary(min_size=1, max_size=50))
warnings = st.builds(BuildWarning, texts, names, st.none() | st.integers(1, 1000))


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | bytes | str | None) -> bytes:
    """One field as protobuf writes it; the default value is left out, as Go does."""
    if not value:
        return b""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def stamp(number: int, time: float | None) -> bytes:
    return b"" if time is None else field(number, field(1, int(time)))


def encoded(message: StreamMessage) -> bytes:
    """A `StatusResponse` (spec/buildkit.md 2.1)."""
    out = b""
    for v in message.vertexes:
        inputs = b"".join(field(2, each) for each in v.inputs)
        out += field(1, field(1, v.digest) + inputs + field(3, v.name) + field(4, int(v.cached))
                     + stamp(5, v.started) + stamp(6, v.completed) + field(7, v.error))
    for s in message.statuses:
        out += field(2, field(1, s.id) + field(2, s.vertex) + field(3, s.name) + field(4, s.current)
                     + field(5, s.total) + stamp(8, 9.0 if s.completed else None))
    for log in message.logs:
        out += field(3, field(1, log.vertex) + field(3, log.stream) + field(4, log.data))
    for w in message.warnings:
        out += field(4, field(1, w.vertex) + field(3, w.text)
                     + field(7, field(1, field(1, w.line)) if w.line else b""))
    return out


messages = st.builds(
    StreamMessage, *(st.lists(kind, max_size=3).map(tuple) for kind in (vertexes, statuses, logs, warnings))
)


@given(messages)
def test_everything_in_a_message_is_read(message: StreamMessage) -> None:
    found = decode_status(encoded(message))
    assert (found.vertexes, found.statuses, found.logs) == (message.vertexes, message.statuses, message.logs)
    assert found.warnings == message.warnings
    assert found.time == max(
        (time for v in message.vertexes for time in (v.started, v.completed) if time is not None), default=None
    )


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    decode_status(data)
    decode_trace(b64encode(data).decode())


@given(messages, st.integers(0, 400), st.integers(0, 255))
def test_a_message_that_was_cut_or_damaged_does_not_raise(message: StreamMessage, at: int, byte: int) -> None:
    data = encoded(message)
    whole = decode_status(data)
    cut = decode_status(data[:at])
    assert cut.vertexes == whole.vertexes[: len(cut.vertexes)]
    decode_status(data[:at] + bytes([byte]) + data[at + 1 :])


def test_times_have_nanoseconds_and_the_newest_is_the_messages() -> None:
    half = field(1, 100) + field(2, 500_000_000)
    vertex = field(1, "sha256:a") + field(5, half)
    log = field(1, "sha256:a") + field(2, field(1, 101)) + field(4, b"x")
    found = decode_status(field(1, vertex) + field(3, log))
    assert found.vertexes[0].started == 100.5
    assert found.time == 101.0


def test_unknown_fields_of_any_kind_are_passed_over() -> None:
    unknown = varint(15 << 3 | 1) + b"8 bytes!" + varint(14 << 3 | 5) + b"four" + field(13, b"group") + field(12, 7)
    assert decode_status(unknown + field(1, unknown + field(1, "d"))).vertexes == (Vertex("d", ""),)


def test_what_is_no_base64_is_no_message() -> None:
    assert decode_trace(None) is None
    assert decode_trace({"ID": "sha256:1"}) is None
    assert decode_trace("a") is None
    assert decode_trace("ä") is None
    assert decode_trace("") == StreamMessage()
