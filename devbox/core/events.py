"""What flows yield while they work: one small class per kind of news, shared by the CLI and the TUI."""

from __future__ import annotations

from typing import Literal

from devbox.core.build import BuildState, StepKey
from devbox.core.build_forecast import BuildForecast
from devbox.core.frozen import dataclass
from devbox.core.plan import Operation
from devbox.core.status import ServiceStatus

OperationState = Literal["started", "done", "failed"]


@dataclass(frozen=True, slots=True)
class PlanMade:
    """What is about to be done, each operation with its cause; empty when nothing is to do."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class OperationChanged:
    """An operation started, finished or failed."""

    operation: Operation
    state: OperationState
    seconds: float | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class BuildForeseen:
    """What a build will find in the cache, before it starts."""

    service: str
    forecast: BuildForecast


@dataclass(frozen=True, slots=True)
class BuildStarted:
    """A build of this service's image begins."""

    service: str


@dataclass(frozen=True, slots=True)
class BuildChanged:
    """The newest state of a build."""

    service: str
    state: BuildState


@dataclass(frozen=True, slots=True)
class BuildLog:
    """Output of a step: raw bytes as the builder sent them (any split, any encoding)."""

    service: str
    step: StepKey | None
    """None for output outside numbered steps."""
    data: bytes


@dataclass(frozen=True, slots=True)
class ServiceLog:
    """Output of a container: raw bytes of one line, without its newline."""

    service: str
    data: bytes
    time: str | None = None
    stream: Literal["stdout", "stderr"] = "stdout"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something takes time: what, and for how long already."""

    what: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Note:
    """One line of narration."""

    text: str
    severity: Literal["info", "warn"] = "info"


@dataclass(frozen=True, slots=True)
class Spent:
    """Where the time went: named parts in seconds (product.md X11)."""

    parts: tuple[tuple[str, float], ...]
    total: float


@dataclass(frozen=True, slots=True)
class Settled:
    """What runs at the end of a run, and the box's image; the last event but `Spent`."""

    services: tuple[ServiceStatus, ...]
    image: str | None = None
    """Image id of the box; None when it has none."""


Event = (
    PlanMade | OperationChanged | BuildForeseen | BuildStarted | BuildChanged | BuildLog | ServiceLog | Waiting | Note
    | Spent | Settled
)
