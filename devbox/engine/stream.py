"""Things to iterate and close: how long-running engine calls and flows are cancelled from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from devbox.core.errors import Cancelled

T_co = TypeVar("T_co", covariant=True)


class Stream(Protocol[T_co]):
    """An iterator that `close()` ends, from any thread, at once; iterating afterwards stops quietly."""

    def __iter__(self) -> Iterator[T_co]: ...

    def close(self) -> None: ...


class Cancellation:
    """One cancel signal for a whole flow.

    The face (Ctrl-C handler, TUI worker) calls `cancel()`; the flow wraps each blocking thing in `closing()` and calls
    `check()` between operations.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._closers: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether `cancel()` was called."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Close everything registered; idempotent, callable from any thread and from a signal handler's thread."""
        with self._lock:
            already, closers = self._event.is_set(), list(self._closers)
            self._event.set()
        if not already:
            for close in reversed(closers):
                close()

    def check(self) -> None:
        """Raise `Cancelled` once `cancel()` was called."""
        if self.cancelled:
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Sleep that a cancel ends; raises `Cancelled` then."""
        if self._event.wait(seconds):
            raise Cancelled

    @contextmanager
    def closing(self, close: Callable[[], None]) -> Iterator[None]:
        """While the body runs, `cancel()` calls `close`; on leaving, `close` is called in any case."""
        with self._lock:
            self._closers.append(close)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._closers.remove(close)
            close()
