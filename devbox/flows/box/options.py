"""What a caller may ask of `up` and `rebuild`."""

from __future__ import annotations

from typing import Literal

from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class UpOptions:
    """Options of `up`."""

    build: Literal["auto", "force", "never"] = "auto"
    """`auto` starts no builder where the forecast proves that nothing changed, `force` always does; `never` needs the
    images to be there."""
    wait: bool = True
    """Wait until ready; without it nothing waits, services that others need included."""
    timeout: float | None = None
    """Seconds for everything together; readiness past it is a NotReadyError, anything else a TimedOutError."""
    dry_run: bool = False
    """Say what would be done and stop there."""


@dataclass(frozen=True, slots=True)
class RebuildOptions:
    """Options of `rebuild`."""

    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    pull: bool = False
    target: str | None = None
    """Build this stage of the box instead of the project's."""
    always: bool = False
    """Ask the builder even where the forecast proves that nothing changed."""
    wait: bool = True
    timeout: float | None = None
    dry_run: bool = False
