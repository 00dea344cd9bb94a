"""The fallback builder: the engine's own, older one, where there is no buildx (spec/buildkit.md 2.2).

Sends the context as tar, reads JSON messages; `devbox.core.classicfold` says what they mean.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, Protocol

from devbox.core.buildfold import BuildFacts, Outcome
from devbox.core.classicfold import ClassicFold
from devbox.core.errors import BuildError, Cancelled, DevboxError, UsageError
from devbox.engine.builder import BuildRequest, Output, Progress
from devbox.engine.port import Engine, Refused
from devbox.engine.stream import Stream

BEAT = 0.1
"""Seconds between two states."""
LIMITS = (
    "the classic builder cannot show which file broke the cache",
    "every instruction counts as a step, also those that make no layer",
    "no RUN --mount, no build secrets, no heredocs, no parallel stages",
)
_QUEUE = 1_000
"""Messages read ahead; beyond them the engine waits."""


class Packed(Protocol):
    """A context as tar."""

    @property
    def dockerfile(self) -> str:
        """The Dockerfile's name in it."""

    @property
    def blocks(self) -> Iterator[bytes]:
        """The tar."""


Pack = Callable[[BuildRequest], Packed]
"""Makes the tar of a request's context; the ignore file is applied there."""


class ClassicBuilder:
    """Builds through the engine's API, without BuildKit."""

    def __init__(
        self, engine: Engine, pack: Pack, *, env: Mapping[str, str] | None = None, because: str | None = None
    ) -> None:
        """`env` is the caller's environment; `because` says why it is used although nobody asked for it."""
        self._engine = engine
        self._env = env or {}
        self._pack = pack
        self._because = because

    @property
    def name(self) -> str:
        """For people."""
        return "classic builder"

    @property
    def limits(self) -> tuple[str, ...]:
        """Why it is used, and what it cannot show or do."""
        return (*((self._because,) if self._because else ()), *LIMITS)

    @property
    def mounts(self) -> bool:
        """It is not BuildKit."""
        return False

    def build(self, request: BuildRequest) -> ClassicRun:
        """A build that starts when it is iterated. Raises BuildError, UsageError for what this builder cannot do."""
        if request.secrets or request.extra_contexts:
            raise BuildError(
                "the classic builder has no build secrets", hint="install buildx: `apt-get install docker-buildx`"
            )
        if request.no_cache_filter:
            raise UsageError("--no-cache-filter needs BuildKit", hint="`devbox rebuild --no-cache` runs every step")
        return ClassicRun(self, request)

    def start(
        self, request: BuildRequest, blocks: Callable[[Iterator[bytes]], Iterator[bytes]]
    ) -> Stream[Mapping[str, Any]]:
        """Pack the context, send it through `blocks`, and return the messages. Raises EngineError, ConfigError."""
        packed = self._pack(request)
        args = (*request.args, *((name, self._env[name]) for name in request.args_from_env if name in self._env))
        return self._engine.classic_build(
            blocks(packed.blocks), dockerfile=packed.dockerfile, tags=(request.tag,), target=request.target,
            args=args, labels=request.labels, no_cache=request.no_cache, pull=request.pull,
        )


class ClassicRun:
    """One build. Sending and reading block, so a thread does both; `close()` from any thread ends it."""

    def __init__(self, builder: ClassicBuilder, request: BuildRequest) -> None:
        self._builder = builder
        self._request = request
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._stream: Stream[Mapping[str, Any]] | None = None
        self._queue: queue.Queue[Mapping[str, Any] | BaseException | None] = queue.Queue(_QUEUE)
        self._fold = ClassicFold(
            BuildFacts(
                target=request.target or "", builder=builder.name, limits=builder.limits,
                instructions=request.outline.instructions,
            )
        )

    def __iter__(self) -> Generator[Progress | Output, None, None]:
        started = time.monotonic()
        reader = threading.Thread(target=self._read, name="classic-build", daemon=True)
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
            if isinstance(item, BaseException):
                self._ended(item, now)
                return
            if item and (output := self._fold.apply(item, now)) is not None:
                yield Output(*output)
            if now - shown >= BEAT:
                yield Progress(self._fold.snapshot(now, now - started))
                shown = now
        self._fold.end(self._outcome(), time.monotonic())

    def _next(self) -> Mapping[str, Any] | BaseException | None:
        """The next message, an empty one when a beat passed without, None at the end."""
        try:
            return self._queue.get(timeout=BEAT)
        except queue.Empty:
            return {}

    def _ended(self, error: BaseException, now: float) -> None:
        if self._closed.is_set():
            self._fold.end("cancelled", now)
        elif isinstance(error, Refused):
            # A Dockerfile that can't be parsed is refused before the first message.
            self._fold.apply({"error": error.detail or error.summary}, now)
            self._fold.end("failed", now)
        elif self._fold.begun:
            self._fold.note(f"ERROR: {error}")
            self._fold.end("interrupted", now)
        else:
            raise error

    def _outcome(self) -> Outcome:
        if self._closed.is_set():
            return "cancelled"
        return "failed" if self._fold.failed else "ok" if self._fold.image else "interrupted"

    def _read(self) -> None:
        """In its own thread: send the context, then hand over messages until the end."""
        end: BaseException | None = None
        try:
            stream = self._builder.start(self._request, self._until_closed)
            with self._lock:
                self._stream = stream
            for message in stream if not self._closed.is_set() else ():
                self._hand_over(message)
        except (DevboxError, Cancelled, OSError) as error:
            end = error
        finally:
            if self._stream is not None:
                self._stream.close()
        self._hand_over(end)

    def _hand_over(self, item: Mapping[str, Any] | BaseException | None) -> None:
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

    def _until_closed(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            if self._closed.is_set():
                raise Cancelled
            yield block

