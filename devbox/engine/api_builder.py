"""BuildKit through the engine's own API: no docker CLI, no buildx, no session (spec/buildkit.md 2.1).

The context goes as tar: in the request's body, or from a loopback address where the engine's image store takes no body.
It shares the cache with buildx on the same engine, except for steps that take the root of the context: of a tar that
has a header, of buildx' copy it has none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from secrets import token_hex

from devbox.core.build import BuildState
from devbox.core.buildfold import BuildFacts, BuildFold, Outcome
from devbox.core.errors import BuildError, UsageError
from devbox.engine import payload
from devbox.engine.build_call import BuildCall, cancel_build
from devbox.engine.builder import BuildRequest, Output, Pack
from devbox.engine.buildkit_trace import decode_trace
from devbox.engine.context_server import ContextServer
from devbox.engine.http_client import HttpClient
from devbox.engine.port import Endpoint, EngineInfo
from devbox.engine.replies import items, table, text
from devbox.engine.step_output import StepOutput
from devbox.engine.stream import Stream
from devbox.engine.threaded_build import Blocks, Message, ThreadedRun
from devbox.failpoint import failpoint

LIMITS = (
    "the engine's API takes no build secrets, no named contexts and no host CA",
    "it cannot log in: a base image that needs it must be on the engine already",
)
_INSTALL = "install buildx: `apt-get install docker-buildx`"


class ApiBuilder:
    """Builds on one engine over its API."""

    def __init__(
        self, endpoint: Endpoint, pack: Pack, *, env: Mapping[str, str], serve: bool = False,
        because: str | None = None, quick: bool = False,
    ) -> None:
        """`env` is the caller's environment. With `serve` the engine fetches the context from the loopback address.
        `because` says why it is used although nobody asked for it; `quick` that it is only given what it can do."""
        self._client = HttpClient(endpoint)
        self._pack = pack
        self._env = env
        self._serve = serve
        self._because = because
        self._quick = quick

    @property
    def name(self) -> str:
        """For people."""
        return "engine API (BuildKit)"

    @property
    def limits(self) -> tuple[str, ...]:
        """Why it is used, and what it cannot do."""
        return () if self._quick else (*((self._because,) if self._because else ()), *LIMITS)

    @property
    def mounts(self) -> bool:
        """It is BuildKit."""
        return True

    @property
    def session(self) -> bool:
        """It sends a tar and listens."""
        return False

    def quick(self, info: EngineInfo) -> None:
        """It is quick itself."""

    def build(self, request: BuildRequest) -> ThreadedRun:
        """A build that starts when it is iterated. Raises BuildError, UsageError for what needs a session."""
        if request.secrets:
            names = ", ".join(secret.id for secret in request.secrets)
            raise BuildError(f"build secrets ({names}) need buildx: the engine's API takes none", hint=_INSTALL)
        if request.extra_contexts:
            names = ", ".join(name for name, _ in request.extra_contexts)
            raise BuildError(f"named contexts ({names}) need buildx: the engine's API takes none", hint=_INSTALL)
        if request.no_cache_filter:
            raise UsageError("--no-cache-filter needs buildx", hint="`devbox rebuild --no-cache` runs every step")
        outline, id = request.outline, token_hex(16)
        facts = BuildFacts(
            target=request.target or "", builder=self.name, limits=self.limits, stages=outline.stages,
            lines=outline.lines, hidden=request.hidden,
        )
        return ThreadedRun(
            TraceFold(facts), lambda passing: self._start(request, id, passing),
            cancel=lambda: cancel_build(self._client, id),
        )

    def _start(self, request: BuildRequest, id: str, passing: Callable[[Blocks], Blocks]) -> Stream[Message]:
        packed = self._pack(request)
        args = (*request.args, *((name, self._env[name]) for name in request.args_from_env if name in self._env))
        query = payload.build_parameters(
            version=2, dockerfile=packed.dockerfile, tags=(request.tag,), target=request.target, args=args,
            labels=request.labels, no_cache=request.no_cache, pull=request.pull,
        )
        query.append(("buildid", id))
        failpoint("build.start.before")
        if not self._serve:
            return BuildCall(self._client, query, passing(packed.blocks))
        try:
            server = ContextServer(lambda: passing(self._pack(request).blocks))
        except OSError as error:
            raise BuildError(f"cannot serve the build context on this machine: {error.strerror}") from error
        return _Served(BuildCall(self._client, [*query, ("remote", server.url)], None), server)


class _Served:
    """A build that fetches its context from a server of ours."""

    def __init__(self, call: BuildCall, server: ContextServer) -> None:
        self._call = call
        self._server = server

    def __iter__(self) -> Iterator[Message]:
        """The messages; raises the reason where the context could not be made."""
        try:
            for message in self._call:
                if self._server.failure is not None:
                    raise self._server.failure
                yield message
        finally:
            self._server.close()

    def close(self) -> None:
        """End both."""
        self._call.close()
        self._server.close()


class TraceFold:
    """The messages of `POST /build?version=2` as a threaded build wants them."""

    def __init__(self, facts: BuildFacts) -> None:
        self._fold = BuildFold(facts)
        self._output = StepOutput(self._fold)
        self._heard: float | None = None
        self._image: str | None = None
        self._failed = False

    @property
    def begun(self) -> bool:
        """Whether BuildKit has said anything."""
        return self._heard is not None

    @property
    def outcome(self) -> Outcome:
        """The image's id comes only after everything went well."""
        return "failed" if self._failed else "ok" if self._image else "interrupted"

    def apply(self, message: Message, now: float) -> Iterable[Output]:
        """A trace, the image's id, or the error."""
        if message.get("id") == "moby.buildkit.trace":
            trace = decode_trace(message.get("aux"))
            if trace is not None:
                self._heard = now
                yield from self._output.apply((trace,))
        elif error := text(message.get("error")):
            self._failed = True
            self._fold.apply(f"ERROR: failed to solve: {error}")
        elif image := text(table(message.get("aux")).get("ID")):
            self._image = image

    def note(self, line: str) -> None:
        """A line of narration."""
        self._fold.apply(line)

    def end(self, outcome: Outcome, now: float) -> None:
        """The stream is over."""
        failpoint("build.start.after")
        self._fold.end(outcome, self._image if outcome == "ok" else None)

    def snapshot(self, now: float, seconds: float) -> BuildState:
        """The state now."""
        return self._fold.snapshot(idle=now - (now if self._heard is None else self._heard), seconds=seconds)


def api_problem(endpoint: Endpoint, info: EngineInfo) -> str | None:
    """Why this engine cannot be used so; None where it can."""
    parts = items(table(info.raw.get("version")).get("Components"))
    if any("podman" in text(table(part).get("Name")).lower() for part in parts):
        return "Podman has no BuildKit"
    if info.os == "windows":
        return "engines for Windows containers have no BuildKit in their API"
    if info.containerd_store and not shares_network(endpoint, info):
        return "with the containerd image store the engine fetches the context itself, and it cannot reach this machine"
    return None


def shares_network(endpoint: Endpoint, info: EngineInfo) -> bool:
    """Whether the engine reaches the loopback address of this machine, as far as can be told: it says this machine's
    name and kernel, and keeps no network of its own."""
    here = os.uname()
    own = info.rootless or "desktop" in info.operating_system.lower()
    return (
        endpoint.local and sys.platform == "linux" and not own
        and (info.name, info.kernel) == (here.nodename, here.release)
    )
