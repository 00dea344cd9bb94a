"""Decodes what BuildKit tells over the engine's own API: `moby.buildkit.trace`, a protobuf `StatusResponse` each.

Field numbers: spec/buildkit.md 2.1, moby/buildkit `api/services/control/control.proto`. Takes any bytes and never
raises: a message ends where it makes no sense. What the values mean is decided in `core.buildfold`.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Sequence

from devbox.core.buildstream import BuildWarning, LogChunk, StreamMessage, Vertex, VertexStatus

_Fields = dict[int, list["int | bytes"]]
_WIDTH = {1: 8, 5: 4}
"""Bytes of the wire types of a fixed size, which no field of ours has."""


def decode_trace(aux: object) -> StreamMessage | None:
    """The message in a reply's `aux`, which is base64; None where it is none."""
    try:
        data = a2b_base64(aux) if isinstance(aux, str) else None
    except (Base64Error, ValueError):
        return None
    return None if data is None else decode_status(data)


def decode_status(data: bytes) -> StreamMessage:
    """A `StatusResponse`: vertexes, statuses, logs and warnings."""
    fields = _fields(data)
    raw_statuses, raw_logs = _messages(fields, 2), _messages(fields, 3)
    vertexes = tuple(_vertex(raw) for raw in _messages(fields, 1) if raw.get(1))
    statuses = tuple(_status(raw) for raw in raw_statuses if raw.get(1))
    logs = tuple(_log(raw) for raw in raw_logs if raw.get(4))
    warnings = tuple(_warning(raw) for raw in _messages(fields, 4))
    times = [time for vertex in vertexes for time in (vertex.started, vertex.completed) if time is not None]
    times += [time for raw, field in ((raw_logs, 2), (raw_statuses, 6)) if raw and (time := _time(raw[-1], field))]
    return StreamMessage(vertexes, statuses, logs, warnings, max(times, default=None))


def _vertex(raw: _Fields) -> Vertex:
    return Vertex(
        digest=_text(raw, 1), inputs=tuple(_decoded(item) for item in raw.get(2, ()) if isinstance(item, bytes)),
        name=_text(raw, 3), cached=bool(_number(raw, 4)), started=_time(raw, 5), completed=_time(raw, 6),
        error=_text(raw, 7),
    )


def _status(raw: _Fields) -> VertexStatus:
    return VertexStatus(
        id=_text(raw, 1), vertex=_text(raw, 2), name=_text(raw, 3), current=_number(raw, 4),
        total=_number(raw, 5) or None, completed=_time(raw, 8) is not None,
    )


def _log(raw: _Fields) -> LogChunk:
    return LogChunk(_text(raw, 1), _number(raw, 3) or 1, _bytes(raw, 4))


def _warning(raw: _Fields) -> BuildWarning:
    lines = [_number(start, 1) for span in _messages(raw, 7)[:1] for start in _messages(span, 1)[:1]]
    return BuildWarning(_text(raw, 1), _decoded(_bytes(raw, 3)), next(iter(lines), None) or None)


def _fields(data: bytes) -> _Fields:
    """The values of each field, in order, up to the first byte that makes no sense."""
    found: _Fields = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value, at = _varint(data, at) if tag & 7 in (0, 2) else (0, at + _WIDTH.get(tag & 7, len(data)))
        if tag & 7 == 0 and at <= len(data):
            found.setdefault(tag >> 3, []).append(value)
        elif tag & 7 == 2 and at + value <= len(data):
            found.setdefault(tag >> 3, []).append(data[at : at + value])
            at += value
        elif tag & 7 not in _WIDTH:
            break
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of at most 64 bits and where the next byte is: past the end for one that is cut or longer."""
    value = 0
    for count in range(10):
        if at + count >= len(data):
            break
        byte = data[at + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value & (1 << 64) - 1, at + count + 1
    return 0, len(data) + 1


def _messages(fields: _Fields, number: int) -> Sequence[_Fields]:
    return [_fields(item) for item in fields.get(number, ()) if isinstance(item, bytes)]


def _bytes(fields: _Fields, number: int) -> bytes:
    value = fields.get(number, (b"",))[-1]
    return value if isinstance(value, bytes) else b""


def _text(fields: _Fields, number: int) -> str:
    return _decoded(_bytes(fields, number))


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _number(fields: _Fields, number: int) -> int:
    """At least 0: the negative ones that an int64 may hold mean nothing here."""
    value = fields.get(number, (0,))[-1]
    return value if isinstance(value, int) and value < 1 << 63 else 0


def _time(fields: _Fields, number: int) -> float | None:
    """A `google.protobuf.Timestamp` as seconds since the epoch."""
    times = _messages(fields, number)
    return _number(times[-1], 1) + _number(times[-1], 2) / 1e9 if times else None
