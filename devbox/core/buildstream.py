"""The messages of BuildKit's build stream as frozen values, whoever decoded them.

Shape: spec/buildkit.md 1.2. Times are seconds since the epoch on the daemon's clock. Nothing here decodes or decides.
"""

from __future__ import annotations

from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Vertex:
    """One node of the build graph; sent again, whole, on every change."""

    digest: str
    name: str
    inputs: tuple[str, ...] = ()
    started: float | None = None
    completed: float | None = None
    cached: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class VertexStatus:
    """Progress of one thing a vertex does: a layer it downloads, a transfer, an export."""

    id: str
    vertex: str
    name: str = ""
    current: int = 0
    total: int | None = None
    completed: bool = False


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Raw output of a step: any part of a line, any encoding."""

    vertex: str
    stream: int
    """1 stdout, 2 stderr"""
    data: bytes


@dataclass(frozen=True, slots=True)
class BuildWarning:
    """A warning of the Dockerfile frontend."""

    vertex: str
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """One object of the stream."""

    vertexes: tuple[Vertex, ...] = ()
    statuses: tuple[VertexStatus, ...] = ()
    logs: tuple[LogChunk, ...] = ()
    warnings: tuple[BuildWarning, ...] = ()
    time: float | None = None
    """The newest time named in the message: the daemon's clock when it was sent."""
