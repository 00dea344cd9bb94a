"""One running build over the engine's own API: its request, its messages as states and output (spec 2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from secrets import token_hex

from devbox.core.build import BuildState
from devbox.core.buildfold import BuildFacts, BuildFold, Outcome
from devbox.core.errors import BuildError
from devbox.core.frozen import dataclass
from devbox.core.project import Pairs
from devbox.engine import payload
from devbox.engine.build_call import BuildCall, cancel_build
from devbox.engine.builder import BuildRequest, Output, Pack
from devbox.engine.buildkit_trace import decode_trace
from devbox.engine.context_server import ContextServer
from devbox.engine.http_client import HttpClient
from devbox.engine.replies import table, text
from devbox.engine.step_output import StepOutput
from devbox.engine.stream import Stream
from devbox.engine.threaded_build import Blocks, Message, ThreadedRun
from devbox.failpoint import failpoint


@dataclass(frozen=True, slots=True)
class ApiCall:
    """What is asked for."""

    client: HttpClient
    request: BuildRequest
    args: Pairs
    """The build's arguments, with their values."""
    pack: Pack
    serve: bool
    """The engine fetches the context from the loopback address."""

    def start(self, id: str, passing: Callable[[Blocks], Blocks]) -> Stream[Message]:
        """Pack the context, send it through `passing`, and return the messages."""
        request, packed = self.request, self.pack(self.request)
        query = payload.build_parameters(
            version=2, dockerfile=packed.dockerfile, tags=(request.tag,), target=request.target, args=self.args,
            labels=request.labels, no_cache=request.no_cache, pull=request.pull,
        )
        query.append(("buildid", id))
        failpoint("build.start.before")
        if not self.serve:
            return BuildCall(self.client, query, passing(packed.blocks))
        try:
            server = ContextServer(lambda: passing(self.pack(request).blocks))
        except OSError as error:
            raise BuildError(f"cannot serve the build context on this machine: {error.strerror}") from error
        return _Served(BuildCall(self.client, [*query, ("remote", server.url)], None), server)


def api_run(facts: BuildFacts, call: ApiCall) -> ThreadedRun:
    """A build that starts when it is iterated."""
    id = token_hex(16)
    return ThreadedRun(
        TraceFold(facts), lambda passing: call.start(id, passing), cancel=lambda: cancel_build(call.client, id)
    )


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
