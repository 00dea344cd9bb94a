"""The builder port: one build from request to image, whoever builds (buildx, the engine's API, the classic builder)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from devbox.core.build import BuildState, StepKey
from devbox.core.frozen import dataclass
from devbox.core.outline import NO_OUTLINE, Outline
from devbox.core.project import Pairs, Secret
from devbox.engine.port import EngineInfo


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One build. Paths are absolute."""

    context: str
    dockerfile: str
    tag: str
    target: str | None = None
    args: Pairs = ()
    args_from_env: tuple[str, ...] = ()
    """Names of the caller's variables that are build arguments too; their values stand in no command line."""
    labels: Pairs = ()
    secrets: tuple[Secret, ...] = ()
    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    pull: bool = False
    dockerfile_text: str | None = None
    """Build this text instead of the file's; `dockerfile` still names it and its ignore file."""
    ignore_text: str | None = None
    """The content of `<dockerfile>.dockerignore`, where there is one; it wins over the context's (spec 4.4)."""
    extra_contexts: Pairs = ()
    """Named contexts beside the main one: (name, absolute directory)."""
    hidden: tuple[str, ...] = ()
    """Words that devbox put into instructions and that are not shown."""
    outline: Outline = NO_OUTLINE
    """The Dockerfile's stages and step lines, where known."""


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


@dataclass(frozen=True, slots=True)
class Progress:
    """The newest state of the build."""

    state: BuildState


@dataclass(frozen=True, slots=True)
class Output:
    """Raw log bytes of a step (None: outside numbered steps)."""

    step: StepKey | None
    data: bytes


class BuildRun(Protocol):
    """A running build: iterate its updates; `close()` cancels it from any thread. After the last update its state's
    outcome says how it ended."""

    def __iter__(self) -> Generator[Progress | Output, None, None]: ...

    def close(self) -> None: ...


class Builder(Protocol):
    """Something that builds images on the chosen engine."""

    @property
    def name(self) -> str:
        """For people: `buildx 0.13.1 (docker)`."""

    @property
    def limits(self) -> tuple[str, ...]:
        """What it cannot show or do, as sentences; empty for the default builder."""

    @property
    def mounts(self) -> bool:
        """Whether it understands `RUN --mount`, secrets and named contexts: whether it is BuildKit."""

    @property
    def session(self) -> bool:
        """Whether it talks with BuildKit while that builds: hands over secrets and named contexts, and brings the copy
        of the context that BuildKit keeps up to date (spec/buildkit.md 4.3). Without one the context is sent whole."""

    def quick(self, info: EngineInfo) -> Builder | None:
        """What builds a small context faster on this engine, in the same cache; None where there is no such thing."""

    def build(self, request: BuildRequest) -> BuildRun:
        """A build that starts when it is iterated. Raises BuildError, UsageError for what this builder cannot do."""
