"""The fallback builder: the engine's own, older one, where there is no buildx (spec/buildkit.md 2.2).

Sends the context as tar, reads JSON messages; `devbox.core.classicfold` says what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from devbox.core.build import BuildState
from devbox.core.buildfold import BuildFacts, Outcome
from devbox.core.classicfold import ClassicFold
from devbox.core.errors import BuildError, UsageError
from devbox.engine.builder import BuildRequest, Output, Pack
from devbox.engine.port import Engine, EngineInfo
from devbox.engine.stream import Stream
from devbox.engine.threaded_build import Blocks, Message, ThreadedRun

LIMITS = (
    "the classic builder cannot show which file broke the cache",
    "every instruction counts as a step, also those that make no layer",
    "no RUN --mount, no build secrets, no heredocs, no parallel stages",
)


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

    @property
    def session(self) -> bool:
        """It sends a tar and listens."""
        return False

    def quick(self, info: EngineInfo) -> None:
        """BuildKit's cache is not its own."""

    def build(self, request: BuildRequest) -> ThreadedRun:
        """A build that starts when it is iterated. Raises BuildError, UsageError for what this builder cannot do."""
        if request.secrets or request.extra_contexts:
            raise BuildError(
                "the classic builder has no build secrets", hint="install buildx: `apt-get install docker-buildx`"
            )
        if request.no_cache_filter:
            raise UsageError("--no-cache-filter needs BuildKit", hint="`devbox rebuild --no-cache` runs every step")
        facts = BuildFacts(
            target=request.target or "", builder=self.name, limits=self.limits,
            instructions=request.outline.instructions,
        )
        return ThreadedRun(_Messages(facts), lambda passing: self._send(request, passing))

    def _send(self, request: BuildRequest, passing: Callable[[Blocks], Blocks]) -> Stream[Message]:
        packed = self._pack(request)
        args = (*request.args, *((name, self._env[name]) for name in request.args_from_env if name in self._env))
        return self._engine.classic_build(
            passing(packed.blocks), dockerfile=packed.dockerfile, tags=(request.tag,), target=request.target,
            args=args, labels=request.labels, no_cache=request.no_cache, pull=request.pull,
        )


class _Messages:
    """`ClassicFold` as a threaded build wants it."""

    def __init__(self, facts: BuildFacts) -> None:
        self._fold = ClassicFold(facts)

    @property
    def begun(self) -> bool:
        """Whether a step was seen."""
        return self._fold.begun

    @property
    def outcome(self) -> Outcome:
        """The image's id is the last word of a build that went well."""
        return "failed" if self._fold.failed else "ok" if self._fold.image else "interrupted"

    def apply(self, message: Message, now: float) -> Iterable[Output]:
        """Each message holds at most one piece of output."""
        said = self._fold.apply(message, now)
        return () if said is None else (Output(*said),)

    def note(self, line: str) -> None:
        """A line of narration."""
        self._fold.note(line)

    def end(self, outcome: Outcome, now: float) -> None:
        """The stream is over."""
        self._fold.end(outcome, now)

    def snapshot(self, now: float, seconds: float) -> BuildState:
        """The state now."""
        return self._fold.snapshot(now, seconds)
