"""Decodes the bytes of `docker buildx build --progress=rawjson` into typed messages and plain text lines.

Framing and schema: spec/buildkit.md 1.1, 1.2. Accepts bytes in any split, both framings, text anywhere, cut-off
objects and invalid UTF-8; never raises on input. What the messages mean is decided in `devbox.core.buildfold`.
"""

from __future__ import annotations

import json
import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from devbox.core.buildstream import BuildWarning, LogChunk, StreamMessage, Vertex, VertexStatus

OBJECT_LIMIT = 16 << 20
"""Bytes of one object; a larger one is dropped (a warning carries a whole Dockerfile, nothing is near this)."""
TEXT_LIMIT = 64 << 10
"""Bytes of one plain line; a longer one is cut into several."""

_KEYS = ("vertexes", "statuses", "logs", "warnings")
_OPENINGS = tuple(f'{{"{key}"'.encode() for key in _KEYS)
_BODY_END = re.compile(rb"\n(?! )")
"""Inside an indented object every line starts with a blank; the first that does not is its `}` or the cut."""


class RawJsonDecoder:
    """Feed it chunks; it gives back what they complete. `cut_off` tells whether the stream ended inside an object."""

    def __init__(self) -> None:
        self._buffer = b""
        self._searched = 0
        self.cut_off = False

    def feed(self, data: bytes) -> list[StreamMessage | str]:
        """The messages and text lines completed by this chunk, in order."""
        self._buffer += data
        return list(self._drain(final=False))

    def finish(self) -> list[StreamMessage | str]:
        """What is left at the end of the stream; an object that was never closed is dropped."""
        if self._buffer and not self._buffer.endswith(b"\n"):
            self._buffer += b"\n"
        items = list(self._drain(final=True))
        self._buffer = b""
        return items

    def _drain(self, final: bool) -> Iterator[StreamMessage | str]:
        buffer, position = self._buffer, 0
        while position < len(buffer):
            # Only the item left over from the last chunk was searched before, and it stands at the very start.
            searched = self._searched if position == 0 else position
            if buffer.startswith(b"{\n", position):
                end, whole = _object_end(buffer, position, max(position + 1, searched), final)
                if end is None:
                    break
                if whole:
                    yield from self._object(buffer[position:end])
                else:
                    self.cut_off = True
            else:
                end = buffer.find(b"\n", searched) + 1 or _overlong(buffer, position)
                if not end:
                    break
                yield from self._line(buffer[position:end])
            position = end
        self._buffer = buffer[position:]
        # Two bytes are searched again: a newline at the end says nothing before the byte after it is here.
        self._searched = max(len(self._buffer) - 2, 0)

    def _line(self, line: bytes) -> Iterator[StreamMessage | str]:
        if (line.startswith(b"{") and line.rstrip().endswith(b"}")) or line.startswith(_OPENINGS):
            yield from self._object(line)
        else:
            yield from _text_lines(line.rstrip(b"\r\n"))

    def _object(self, data: bytes) -> Iterator[StreamMessage | str]:
        message = _decode(data)
        if message is not None:
            yield message
        elif data.startswith(_OPENINGS):
            self.cut_off = True
        else:
            # Looks like an object and is none of ours: a CLI notice, kept as text.
            for line in data.rstrip(b"\r\n").split(b"\n"):
                yield from _text_lines(line)


def _object_end(buffer: bytes, start: int, search: int, final: bool) -> tuple[int | None, bool]:
    """Where the indented object at `start` ends, and whether it is whole; None while more is to come."""
    match = _BODY_END.search(buffer, search)
    after = match.end() if match else len(buffer)
    if buffer.startswith(b"}\n", after):
        return after + 2, True
    if after < len(buffer) and buffer[after:] != b"}":
        return after, False
    return (len(buffer), False) if final or len(buffer) - start > OBJECT_LIMIT else (None, False)


def _overlong(buffer: bytes, start: int) -> int:
    """Where to cut an item that exceeds its limit without a newline; 0 while it does not."""
    limit = OBJECT_LIMIT if buffer.startswith(b"{", start) else TEXT_LIMIT
    return start + limit if len(buffer) - start > limit else 0


def _decode(data: bytes) -> StreamMessage | None:
    try:
        value = json.loads(data.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    ours = isinstance(value, dict) and (not value or any(isinstance(value.get(key), list) for key in _KEYS))
    return _message(value) if ours else None


def _text_lines(line: bytes) -> Iterator[str]:
    for start in range(0, max(len(line), 1), TEXT_LIMIT):
        yield line[start : start + TEXT_LIMIT].decode("utf-8", "replace")


def _message(value: dict[str, Any]) -> StreamMessage:
    raw_logs, raw_statuses = _dicts(value, "logs"), _dicts(value, "statuses")
    vertexes = tuple(vertex for raw in _dicts(value, "vertexes") if (vertex := _vertex(raw)) is not None)
    statuses = tuple(status for raw in raw_statuses if (status := _status(raw)) is not None)
    logs = tuple(log for raw in raw_logs if (log := _log(raw)) is not None)
    warnings = tuple(_warning(raw) for raw in _dicts(value, "warnings"))
    times = [time for vertex in vertexes for time in (vertex.started, vertex.completed) if time is not None]
    for raw in (*raw_logs[-1:], *raw_statuses[-1:]):
        if (time := _time(raw.get("timestamp"))) is not None:
            times.append(time)
    return StreamMessage(vertexes, statuses, logs, warnings, max(times, default=None))


def _dicts(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = value.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _vertex(raw: dict[str, Any]) -> Vertex | None:
    digest = _text(raw.get("digest"))
    if not digest:
        return None
    inputs = raw.get("inputs")
    return Vertex(
        digest=digest,
        name=_text(raw.get("name")),
        inputs=tuple(item for item in inputs if isinstance(item, str)) if isinstance(inputs, list) else (),
        started=_time(raw.get("started")),
        completed=_time(raw.get("completed")),
        cached=raw.get("cached") is True,
        error=_text(raw.get("error")),
    )


def _status(raw: dict[str, Any]) -> VertexStatus | None:
    id = _text(raw.get("id"))
    if not id:
        return None
    total = _size(raw.get("total"))
    return VertexStatus(
        id=id,
        vertex=_text(raw.get("vertex")),
        name=_text(raw.get("name")),
        current=_size(raw.get("current")) or 0,
        total=total or None,
        completed=_time(raw.get("completed")) is not None,
    )


def _log(raw: dict[str, Any]) -> LogChunk | None:
    data = _base64(raw.get("data"))
    stream = raw.get("stream")
    return LogChunk(_text(raw.get("vertex")), stream if isinstance(stream, int) else 1, data) if data else None


def _warning(raw: dict[str, Any]) -> BuildWarning:
    line = None
    for span in _dicts(raw, "range")[:1]:
        start = span.get("start")
        if isinstance(start, dict):
            line = _size(start.get("line"))
    return BuildWarning(_text(raw.get("vertex")), _base64(raw.get("short")).decode("utf-8", "replace"), line)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    # A lone surrogate from a JSON escape could not be printed or stored later.
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else None


def _base64(value: object) -> bytes:
    try:
        return a2b_base64(value) if isinstance(value, str) else b""
    except (Base64Error, ValueError):
        return b""


def _time(value: object) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
