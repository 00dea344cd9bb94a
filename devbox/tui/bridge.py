"""From a stream in a worker thread to snapshots on the screen: the newest state wins, at most ten times a second.

Threads are daemons, so that an engine that never answers cannot keep the process alive after `q`; closing the stream is
what ends them. The only thing a thread does to the app is `post_message`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from textual.app import App
from textual.message import Message

from devbox.core.errors import Cancelled
from devbox.tui.session import Problem, Stream, problem_of

INTERVAL = 0.1
"""Seconds between two deliveries of one stream."""
T = TypeVar("T")
S = TypeVar("S")


class Arrived(Message, bubble=False):
    """A bridge has something new; the app calls `bridge.deliver()`."""

    def __init__(self, bridge: Bridge[Any, Any]) -> None:
        super().__init__()
        self.bridge = bridge


class Bridge(Generic[T, S]):
    """One run of one stream.

    `opened()` is called in the thread (importing a flow is slow), `fold(snapshot, item)` too; `changed(snapshot)` and
    `ended(snapshot, problem)` are called by the app's own loop. After `close()` nothing but `ended` is called.
    """

    def __init__(
        self,
        app: App[Any],
        name: str,
        opened: Callable[[], Stream[T]],
        start: S,
        fold: Callable[[S, T], S],
        changed: Callable[[S], None],
        ended: Callable[[S, Problem | None], None],
    ) -> None:
        self.name = name
        self._app = app
        self._opened = opened
        self._snapshot = start
        self._fold = fold
        self._changed = changed
        self._ended = ended
        self._lock = threading.Lock()
        self._stream: Stream[T] | None = None
        self._problem: Problem | None = None
        self._announced = False
        self._finished = False
        self._told_end = False
        self._delivered = 0.0
        self.closed = False
        self._thread = threading.Thread(target=self._work, name=f"devbox-{name}", daemon=True)

    def start(self) -> Bridge[T, S]:
        """Begin; returns itself."""
        self._thread.start()
        return self

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the stream; its thread follows on its own."""
        with self._lock:
            self.closed = True
            stream = self._stream
        if stream is not None:
            stream.close()

    def _work(self) -> None:
        try:
            stream = self._opened()
            with self._lock:
                self._stream = stream
                closed = self.closed
            if closed:
                stream.close()
            else:
                for item in stream:
                    snapshot = self._fold(self._snapshot, item)
                    self._snapshot = snapshot
                    self._announce()
        except Cancelled:
            pass
        except Exception as error:
            # The thread's outermost frame: whatever happened becomes a problem that the screen shows.
            if not self.closed:
                self._problem = problem_of(error)
        self._finished = True
        self._announce(always=True)

    def _announce(self, *, always: bool = False) -> None:
        if always or not self._announced:
            self._announced = True
            try:
                self._app.post_message(Arrived(self))
            except RuntimeError:
                # The app's loop has ended; nobody is left to tell.
                self.closed = True

    def deliver(self) -> None:
        """Called by the app on `Arrived`: hand over the newest snapshot now, or when the interval has passed."""
        wait = self._delivered + INTERVAL - time.monotonic()
        if wait > 0 and not self._finished:
            self._app.set_timer(wait, self._deliver_now)
        else:
            self._deliver_now()

    def _deliver_now(self) -> None:
        self._announced = False
        self._delivered = time.monotonic()
        finished = self._finished
        if not self.closed and not self._told_end:
            self._changed(self._snapshot)
        if finished and not self._told_end:
            self._told_end = True
            self._ended(self._snapshot, self._problem)
