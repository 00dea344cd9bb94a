"""One overall deadline per engine call: a peer that drips a byte per second still runs out of it (security.md 5.6)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from devbox.core.errors import EngineError
from devbox.core.frozen import dataclass

T = TypeVar("T")

QUICK = 10.0
"""Seconds for a question that any healthy engine answers at once."""
CALL = 60.0
"""Seconds for an ordinary call, on a busy engine too."""
SETTLE = 2.0
"""Seconds that an interrupted call gets to come to its end."""
SLOW = 300.0
"""Seconds for calls that move data or wait for a runtime."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment by `time.monotonic()`; `at` None never comes."""

    at: float | None

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """That many seconds from now."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    def remaining(self) -> float | None:
        """Seconds left, at least 0; None without end."""
        return None if self.at is None else max(0.0, self.at - time.monotonic())


def within(seconds: float, call: Callable[[], T], doing: str) -> T:
    """The result of `call`, run aside so that it can be given up: a library with a timeout per read has no deadline.

    After `seconds` raises EngineError; the call is left alone then and ends with its connection. An interrupt waits a
    moment for it, so that what cleans up finds an engine at rest.
    """
    outcome: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            outcome.append((True, call()))
        except BaseException as error:
            outcome.append((False, error))

    worker = threading.Thread(target=run, name=f"engine: {doing}", daemon=True)
    try:
        worker.start()
        worker.join(seconds)
    except BaseException:
        if worker.is_alive():
            worker.join(SETTLE)
        raise
    if not outcome:
        raise EngineError(
            f"the engine did not {doing} within {seconds:.0f} seconds",
            hint="its log says why; `docker version` says whether it still answers",
        )
    succeeded, value = outcome[0]
    if not succeeded:
        raise value
    return value  # type: ignore[no-any-return]
