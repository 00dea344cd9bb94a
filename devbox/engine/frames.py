"""The engine's multiplexed output: frames of stdout and stderr with an 8-byte header, cut anywhere by the network.

Pure: bytes in, chunks out. A tty has no frames; its bytes are all stdout.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Literal

from devbox.core.errors import EngineError
from devbox.engine.port import Chunk

_HEADER = struct.Struct(">BxxxL")
_LARGEST = 64 << 20
"""No engine sends larger frames; a larger length means that these are no frames."""


def chunks(blocks: Iterable[bytes], *, multiplexed: bool) -> Iterator[Chunk]:
    """Output in order. Frames are passed on piecewise, so that a huge one is never held whole; a cut one ends quietly.

    Raises EngineError when the bytes are not frames.
    """
    if not multiplexed:
        for block in blocks:
            yield Chunk("stdout", block)
        return
    buffer = bytearray()
    stream: Literal["stdout", "stderr"] = "stdout"
    left = 0
    for block in blocks:
        buffer += block
        while buffer:
            if left:
                data = bytes(buffer[:left])
                del buffer[:left]
                left -= len(data)
                yield Chunk(stream, data)
            elif len(buffer) >= _HEADER.size:
                kind, left = _HEADER.unpack_from(buffer)
                del buffer[: _HEADER.size]
                if kind > 2 or left > _LARGEST:
                    raise EngineError("the engine sent output that is not in its own format")
                stream = "stderr" if kind == 2 else "stdout"
            else:
                break


def is_multiplexed(content_type: str, tty: bool) -> bool:
    """Whether a reply has frames: newer engines say so in its type, older ones leave it to whether there is a tty."""
    if "multiplexed-stream" in content_type:
        return True
    return not tty
