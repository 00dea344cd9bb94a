"""A build as BuildKit keys it: vertices with an op key and inputs, before anything is known of the cache.

Made by `devbox.project.build_plan`; read by the forecast, the ledger and the explanation of misses. Rules:
spec/buildkit.md 4. Pure values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from devbox.core.build import StepKey

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
    """Names of its environment that an ARG gave."""
    secrets: tuple[str, ...] = ()
    """Ids of the secrets it may see."""
    twin: int | None = None
    """An earlier vertex that is the very same: BuildKit makes one of both (spec 1.4)."""

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
        return tuple(vertex for vertex in self.vertices if vertex.key is not None)


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

    @property
    def chain(self) -> str:
        """The identity of its file system: the layer list."""
        return digest_of({"layers": self.layers})


def digest_of(value: Any) -> str:
    """A short digest of a JSON value; keys in any order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=list)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
