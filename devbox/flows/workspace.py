"""What every flow is handed: the project, the ports, the clock and the ways to ask and to be cancelled.

Flows look nothing up from globals or the process; a test builds a `Workspace` from fakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from devbox.core.frozen import dataclass
from devbox.engine.stream import Cancellation

if TYPE_CHECKING:
    # Not at run time: ports and model cost 20 ms, and not every command has a project or asks an engine.
    from devbox.core.project import Project
    from devbox.engine.builder import Builder
    from devbox.engine.port import Engine
    from devbox.store.paths import StateDirs


class Clock(Protocol):
    """Time as an argument."""

    def monotonic(self) -> float:
        """Seconds, for durations."""

    def time(self) -> float:
        """Seconds since the epoch, for records."""


class Ask(Protocol):
    """A yes/no question to the person; without a terminal the answer is no."""

    def __call__(self, question: str, *, detail: str = "", trust: bool = False) -> bool:
        """`--yes` answers ordinary questions, never one with `trust=True` (security.md 2.5)."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One project on one machine, as a flow sees it."""

    root: Path
    """Canonical project root."""
    directory: Path
    """Where the command was started (or `-C`): canonical, the root or below it."""
    load_project: Callable[[], Project]
    """Reads and validates the project, once (cached); raises ConfigError."""
    connect: Callable[[], Engine]
    """Connects, once (cached); raises EngineError."""
    choose_builder: Callable[[Engine], Builder]
    """The builder for this engine by detection or `--builder`."""
    state: StateDirs
    env: Mapping[str, str]
    """The caller's environment."""
    uid: int
    gid: int
    home: Path
    user_name: str
    clock: Clock
    ask: Ask
    trust_granted: str | None = None
    """`--trust`: `""` for this run, a digest for exactly this content; None when not given."""
    lock_timeout: float | None = None
    """`--timeout` in seconds for the project lock; None waits without end."""
    cancel: Cancellation = field(default_factory=Cancellation)

    @property
    def project(self) -> Project:
        """The project; raises ConfigError when it is invalid."""
        return self.load_project()

    @property
    def engine(self) -> Engine:
        """The engine; raises EngineError when none answers."""
        return self.connect()
