"""The default builder: BuildKit through `buildx build --progress=rawjson`.

Runs one program per build and turns what it says into states and logs. What the messages mean is decided in
`devbox.core.buildfold`; how buildx is called in `buildx_command`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from devbox.core.buildfold import BuildFacts, BuildFold, Outcome
from devbox.core.errors import BuildError
from devbox.engine.builder import Builder, BuildRequest, Output, Progress
from devbox.engine.buildx_command import BuildFiles, arguments, build_files, environment
from devbox.engine.buildx_program import BuildxProgram
from devbox.engine.child import Child
from devbox.engine.port import Endpoint, EngineInfo
from devbox.engine.step_output import StepOutput
from devbox.failpoint import failpoint

BEAT = 0.1
"""Seconds between two states while messages arrive."""
IDLE_BEAT = 0.25
"""Seconds between two states while only time passes."""


class BuildxBuilder:
    """Builds on one engine with one buildx."""

    def __init__(
        self, program: BuildxProgram, endpoint: Endpoint, *, env: Mapping[str, str], home: Path, scratch: Path,
        project: Path | None = None, quick: Callable[[EngineInfo], Builder | None] | None = None,
    ) -> None:
        """`env` is the caller's environment (logins, secrets), `scratch` a private folder for files of a build,
        `project` the folder whose programs are never run, `quick` what to use instead for small contexts."""
        self._program = program
        self._endpoint = endpoint
        self._env = env
        self._home = home
        self._scratch = scratch
        self._project = project
        self._quick = quick

    @property
    def name(self) -> str:
        """For people."""
        return f"buildx {self._program.version} (docker)"

    @property
    def limits(self) -> tuple[str, ...]:
        """It shows everything."""
        return ()

    @property
    def mounts(self) -> bool:
        """It is BuildKit."""
        return True

    @property
    def session(self) -> bool:
        """It keeps one open while it builds."""
        return True

    def quick(self, info: EngineInfo) -> Builder | None:
        """The engine's API, where that may be used."""
        return self._quick(info) if self._quick is not None else None

    def build(self, request: BuildRequest) -> BuildxRun:
        """A build that starts when it is iterated."""
        return BuildxRun(self, request)

    def start(self, request: BuildRequest, files: BuildFiles) -> Child:
        """Start buildx. Raises BuildError where that is impossible."""
        argv = arguments(self._program.path, request, self._endpoint, files)
        env = environment(request, self._endpoint, self._env, self._home, files, self._project)
        failpoint("build.start.before")
        try:
            return Child(argv, env)
        except OSError as error:
            raise BuildError(f"cannot run {self._program.path}: {error.strerror}") from error

    def files(self) -> Path:
        """Where files of builds live."""
        return self._scratch


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
