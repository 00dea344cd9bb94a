"""JSON messages one after another, as events, pulls and builds send them; cut anywhere by the network. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from devbox.core.errors import EngineError

_LONGEST = 16 << 20


def json_lines(blocks: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """The messages that are JSON objects, one per line; a line cut by the end of the stream is dropped.

    Raises EngineError for a line that is no JSON or longer than 16 MiB.
    """
    buffer = bytearray()
    for block in blocks:
        buffer += block
        *lines, rest = buffer.split(b"\n")
        buffer = bytearray(rest)
        if len(buffer) > _LONGEST:
            raise EngineError("the engine sent a message of more than 16 MiB")
        for line in lines:
            if (message := _decoded(line)) is not None:
                yield message
    if (message := _decoded(buffer, cut=True)) is not None:
        yield message


def _decoded(line: bytes | bytearray, *, cut: bool = False) -> Mapping[str, Any] | None:
    if not line.strip():
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        if cut:
            return None
        raise EngineError("the engine sent a message that is not JSON") from error
    return message if isinstance(message, dict) else None
