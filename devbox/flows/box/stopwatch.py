"""Where the time of a run goes: every moment belongs to the part that is current (product.md X11)."""

from __future__ import annotations

from devbox.core.events import Spent
from devbox.flows.workspace import Clock


class Stopwatch:
    """Starts when made; `enter` names what the time from now on is spent on."""

    def __init__(self, clock: Clock, part: str) -> None:
        self._clock = clock
        self._start = self._since = clock.monotonic()
        self._part = part
        self._parts: dict[str, float] = {}

    def enter(self, part: str) -> None:
        """What comes now."""
        now = self._clock.monotonic()
        self._parts[self._part] = self._parts.get(self._part, 0.0) + now - self._since
        self._part, self._since = part, now

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self._clock.monotonic() - self._start

    def spent(self) -> Spent:
        """The account so far; parts without time are left out."""
        self.enter(self._part)
        return Spent(tuple((name, seconds) for name, seconds in self._parts.items() if seconds > 0), self.seconds)


class Deadline:
    """`--timeout`: one limit for a whole run."""

    def __init__(self, clock: Clock, seconds: float | None) -> None:
        self._clock = clock
        self.seconds = seconds
        self._end = None if seconds is None else clock.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """Seconds left, 0 when it passed, None without a limit."""
        return None if self._end is None else max(self._end - self._clock.monotonic(), 0.0)

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return self.left == 0.0
