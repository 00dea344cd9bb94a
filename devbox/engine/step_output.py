"""What the messages of BuildKit hold of a step's output, whoever brought them: a block for each step at work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from devbox.core.build import StepKey
from devbox.core.buildfold import BuildFold
from devbox.core.buildstream import LogChunk, StreamMessage
from devbox.engine.builder import Output


class StepOutput:
    """Hands each message to the fold, and gives back the output in it."""

    def __init__(self, fold: BuildFold) -> None:
        self._fold = fold
        self._last_stream: dict[str, int] = {}
        """The stream of each vertex' last chunk, negative while its line is open."""

    def apply(self, items: Iterable[StreamMessage | str]) -> Iterator[Output]:
        """Fold the messages; the logs among them, joined while they belong to one step."""
        step: StepKey | None = None
        parts: list[bytes] = []
        for item in items:
            self._fold.apply(item)
            for chunk in item.logs if isinstance(item, StreamMessage) else ():
                key = self._fold.step_of(chunk.vertex)
                if parts and key != step:
                    yield Output(step, b"".join(parts))
                    parts.clear()
                step = key
                parts.append(self._own_line(chunk))
        if parts:
            yield Output(step, b"".join(parts))

    def _own_line(self, chunk: LogChunk) -> bytes:
        """stdout and stderr never share a line: the one that comes in between starts a new one."""
        last = self._last_stream.get(chunk.vertex, chunk.stream)
        open_line = last < 0
        self._last_stream[chunk.vertex] = chunk.stream if chunk.data.endswith(b"\n") else -chunk.stream
        return b"\n" + chunk.data if open_line and -last != chunk.stream else chunk.data
