"""One running `buildx build`: its messages as states and output, until it ends or is cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from devbox.core.buildfold import BuildFacts, BuildFold, Outcome
from devbox.core.errors import DevboxError
from devbox.engine.builder import BuildRequest, Output, Progress
from devbox.engine.buildx_command import BuildFiles, build_files
from devbox.engine.child import Child
from devbox.engine.step_output import StepOutput
from devbox.failpoint import failpoint

if TYPE_CHECKING:
    from devbox.engine.buildx import BuildxBuilder

BEAT = 0.1
"""Seconds between two states while messages arrive."""
IDLE_BEAT = 0.25
"""Seconds between two states while only time passes."""


class BuildxRun:
    """One build. Iterate it once; `close()` from any thread cancels it and returns when nothing runs any more."""

    def __init__(self, builder: BuildxBuilder, request: BuildRequest) -> None:
        self._builder = builder
        self._request = request
        self._lock = threading.RLock()  # reentrant: a signal handler may close while this thread is inside
        self._child: Child | None = None
        self._closed = False
        self._fold = BuildFold(
            BuildFacts(
                target=request.target or "", builder=builder.name, limits=builder.limits,
                stages=request.outline.stages, lines=request.outline.lines, hidden=request.hidden,
            )
        )
        self._output = StepOutput(self._fold)

    def __iter__(self) -> Generator[Progress | Output, None, None]:
        started = time.monotonic()
        with build_files(self._builder.files()) as files:
            child = self._start(files)
            if child is None:
                self._fold.end("cancelled")
            else:
                try:
                    yield from self._follow(child, started)
                    outcome = self._outcome(child.wait())
                finally:
                    child.close()
                failpoint("build.start.after")
                self._fold.end(outcome, _image_id(files) if outcome == "ok" else None)
                if outcome == "failed":
                    yield from self._room_checked(files, started)
        yield Progress(self._fold.snapshot(seconds=time.monotonic() - started))

    def close(self) -> None:
        """Cancel: INT to buildx and its group, KILL after five seconds."""
        with self._lock:
            self._closed = True
            child = self._child
        if child is not None:
            child.stop()

    def _start(self, files: BuildFiles) -> Child | None:
        with self._lock:
            if self._closed:
                return None
            self._child = self._builder.start(self._request, files)
            if self._closed:  # by a signal, meanwhile
                self._child.stop()
            return self._child

    def _follow(self, child: Child, started: float) -> Iterator[Progress | Output]:
        # Deferred: the decoder brings json and base64, 3 ms that no other command needs.
        from devbox.engine.rawjson import RawJsonDecoder

        decoder = RawJsonDecoder()
        heard = shown = time.monotonic()
        news = True
        while (data := child.read(BEAT)) != b"":
            now = time.monotonic()
            if data:
                yield from self._output.apply(decoder.feed(data))
                heard, news = now, True
            if now - shown >= (BEAT if news else IDLE_BEAT) and (news or self._fold.running):
                yield Progress(self._fold.snapshot(idle=now - heard, seconds=now - started))
                shown, news = now, False
        yield from self._output.apply(decoder.finish())

    def _room_checked(self, files: BuildFiles, started: float) -> Iterator[Progress]:
        """Nothing where there is room for buildx' own files, else the last state and ExhaustedError."""
        try:
            files.require_room()
        except DevboxError:
            yield Progress(self._fold.snapshot(seconds=time.monotonic() - started))
            raise

    def _outcome(self, code: int) -> Outcome:
        if code == 0:
            return "ok"
        if self._closed:
            return "cancelled"
        return "interrupted" if code < 0 or self._fold.left_open else "failed"


def _image_id(files: BuildFiles) -> str | None:
    with suppress(OSError, ValueError):
        return files.image_id.read_text(encoding="ascii").strip() or None
    return None
