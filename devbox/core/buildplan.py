"""A build as BuildKit keys it: vertices with an op key and inputs, before anything is known of the cache.

Made by `devbox.project.build_plan`; read by the forecast, the ledger and the explanation of misses. Rules:
spec/buildkit.md 4. Pure values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from devbox.core.build import StepKey
from devbox.core.frozen import dataclass

VertexKind = Literal["base", "run", "copy", "workdir"]

Parts = Mapping[str, Any]
"""What an op key is made of, by name, as JSON values; the difference of two explains a miss."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a step takes of a file system: absolute paths below its root, in order; patterns may hold `*`, `?`, `[`."""

    paths: tuple[str, ...] = ()
    context: str = ""
    """The named context it is taken from; empty for the main one and for results of other steps."""

    @property
    def may_be_empty(self) -> bool:
        """Whether it holds a pattern, which may match nothing."""
        return any(sign in path for path in self.paths for sign in "*?[")

    @property
    def key(self) -> str:
        """One word for it, as part of a link."""
        return json.dumps((self.context, *self.paths))


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a step is done on."""

    vertex: int | None
    """Number of the vertex it comes from; None is the build context."""
    selection: Selection = Selection()
    definition: bool = True
    """May match because it is the very result that an earlier step produced."""
    content: bool = False
    """May match because the selected files are equal."""


@dataclass(frozen=True, slots=True)
class EngineRules:
    """Where engines key differently (spec/buildkit.md 4.1, 4.2)."""

    links: bool = False
    """`COPY --link` is two vertices: with the containerd image store."""
    secret_roots: bool = False
    """A RUN with a secret or ssh mount also matches by the content of its whole file system: BuildKit 0.9 to 0.15."""
    cache_ids: bool = False
    """The id of a cache mount always counts: engine 20."""
    heredocs: bool = True
    """Its own frontend knows heredocs and `COPY --link`: not engine 20."""


@dataclass(frozen=True, slots=True)
class Vertex:
    """One step, or a base image."""

    kind: VertexKind
    key: StepKey | None
    """Its place as devbox names it: the stage's name or number, and BuildKit's number; None for what shows none."""
    of: int
    line: int
    text: str
    """The instruction as written, continuations joined."""
    parts: Parts
    inputs: tuple[Input, ...] = ()
    unknown: str | None = None
    """Why nothing can be said of it: a remote source, an image that is not known here."""
    no_cache: bool = False
    """`--no-cache` or `--no-cache-filter` makes it run."""
    arguments: tuple[str, ...] = ()
    """Names of its environment that an ARG gave; of a base image its id."""
    secrets: tuple[str, ...] = ()
    """Ids of the secrets it may see."""
    twin: int | None = None
    """An earlier vertex that is the very same: BuildKit makes one of both (spec 1.4)."""
    half: bool = False
    """The first half of a `COPY --link`, which only takes the files; the second has the same key."""
    merges: bool = False
    """The second half: lays the files over what the stage has."""

    @property
    def root(self) -> int | None:
        """The vertex whose file system it is done on; None on nothing."""
        return next((one.vertex for one in self.inputs if one.vertex is not None and not one.selection.paths), None)

    @property
    def op(self) -> str:
        """The op key: equal for steps that BuildKit takes for the same operation."""
        return digest_of(self.parts)


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """The vertices of one build, inputs before what uses them."""

    vertices: tuple[Vertex, ...]
    target: str
    platform: str = ""
    unknown: str | None = None
    """Why no forecast is possible at all: another frontend, several platforms."""

    def steps(self) -> tuple[Vertex, ...]:
        """The vertices with a place, in the order of the Dockerfile's stages."""
        return tuple(vertex for vertex in self.vertices if vertex.key is not None and not vertex.half)

    def real(self, number: int) -> int:
        """The vertex itself, or the one it is the twin of."""
        twin = self.vertices[number].twin
        return number if twin is None else twin


@dataclass(frozen=True, slots=True)
class BaseImage:
    """What a forecast needs of an image: its layers, and the configuration that acts through later steps."""

    layers: tuple[str, ...]
    env: tuple[str, ...] = ()
    """`NAME=value`, in order."""
    workdir: str = ""
    user: str = ""
    shell: tuple[str, ...] = ()
    onbuild: tuple[str, ...] = ()
    id: str = ""

    @property
    def chain(self) -> str:
        """The identity of its file system: the layer list."""
        return digest_of({"layers": self.layers})


def digest_of(value: Any) -> str:
    """A short digest of a JSON value; keys in any order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=list)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
