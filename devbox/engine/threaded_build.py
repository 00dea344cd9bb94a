"""A build over the engine's API: sending the context and reading messages block, so a thread does both.

What the messages mean is the `Fold`'s; how they are asked for is the `Start`'s.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any, Protocol

from devbox.core.build import BuildState
from devbox.core.buildfold import Outcome
from devbox.core.errors import Cancelled, DevboxError
from devbox.engine.builder import Output, Progress
from devbox.engine.port import Refused
from devbox.engine.stream import Stream

BEAT = 0.1
"""Seconds between two states."""
_QUEUE = 1_000
"""Messages read ahead; beyond them the engine waits."""

Message = Mapping[str, Any]
Blocks = Iterator[bytes]
Start = Callable[[Callable[[Blocks], Blocks]], Stream[Message]]
"""Packs the context, sends it through the function it is given, and returns the messages.
Raises EngineError, ConfigError."""


class Fold(Protocol):
    """What the messages of one kind of builder come to."""

    @property
    def begun(self) -> bool:
        """Whether the builder has said anything of its work."""

    @property
    def outcome(self) -> Outcome:
        """How the build ended by what was said: `interrupted` where its end was not."""

    def apply(self, message: Message, now: float) -> Iterable[Output]:
        """Take in one message, which came at `now`; the output in it."""

    def note(self, line: str) -> None:
        """A line of narration that is no message of the builder."""

    def end(self, outcome: Outcome, now: float) -> None:
        """The stream is over."""

    def snapshot(self, now: float, seconds: float) -> BuildState:
        """The state now; `seconds` is the wall time of the build."""


class ThreadedRun:
    """One build. Iterate it once; `close()` from any thread ends it."""

    def __init__(self, fold: Fold, start: Start, cancel: Callable[[], None] | None = None) -> None:
        """`cancel`, if given, tells the engine that the build was closed; the reading thread calls it."""
        self._fold = fold
        self._start = start
        self._cancel = cancel
        self._lock = threading.RLock()  # reentrant: a signal handler may close while this thread is inside
        self._closed = threading.Event()
        self._stream: Stream[Message] | None = None
        self._queue: queue.Queue[Message | Exception | None] = queue.Queue(_QUEUE)

    def __iter__(self) -> Generator[Progress | Output, None, None]:
        started = time.monotonic()
        reader = threading.Thread(target=self._read, name="build", daemon=True)
        reader.start()
        try:
            yield from self._follow(started)
        finally:
            self.close()
            reader.join(timeout=5)
        now = time.monotonic()
        yield Progress(self._fold.snapshot(now, now - started))

    def close(self) -> None:
        """Close the connection: the engine then kills the running step."""
        self._closed.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.close()

    def _follow(self, started: float) -> Iterator[Progress | Output]:
        shown = 0.0
        while (item := self._next()) is not None:
            now = time.monotonic()
            if isinstance(item, Exception):
                self._ended(item, now)
                return
            if item:
                yield from self._fold.apply(item, now)
            if now - shown >= BEAT:
                yield Progress(self._fold.snapshot(now, now - started))
                shown = now
        self._fold.end("cancelled" if self._closed.is_set() else self._fold.outcome, time.monotonic())

    def _next(self) -> Message | Exception | None:
        """The next message, an empty one when a beat passed without, None at the end."""
        try:
            return self._queue.get(timeout=BEAT)
        except queue.Empty:
            return {}

    def _ended(self, error: Exception, now: float) -> None:
        if self._closed.is_set():
            self._fold.end("cancelled", now)
        elif isinstance(error, Refused):
            # A Dockerfile that can't be parsed is refused before the first message.
            for _ in self._fold.apply({"error": error.detail or error.summary}, now):
                pass
            self._fold.end("failed", now)
        elif self._fold.begun and isinstance(error, (DevboxError, OSError)):
            self._fold.note(f"ERROR: {error}")
            self._fold.end("interrupted", now)
        else:
            raise error

    def _read(self) -> None:
        """In its own thread: send the context, then hand over messages until the end."""
        end: Exception | None = None
        try:
            stream = self._start(self._until_closed)
            with self._lock:
                self._stream = stream
            for message in stream if not self._closed.is_set() else ():
                self._hand_over(message)
        except Exception as error:  # whatever it is, the other thread waits for it
            end = error
        finally:
            if self._stream is not None:
                self._stream.close()
            if self._closed.is_set() and self._cancel is not None:
                self._cancel()
        self._hand_over(end)

    def _hand_over(self, item: Message | Exception | None) -> None:
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=BEAT)
                return
            except queue.Full:
                continue
        # Closed: whoever still listens needs the end and nothing else.
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    def _until_closed(self, blocks: Blocks) -> Blocks:
        for block in blocks:
            if self._closed.is_set():
                raise Cancelled
            yield block
