"""Runs probes beside each other and hands back what each found as soon as it has it.

Threads, because a probe waits for a program or a socket; daemon threads, because a probe that hangs must not keep the
process alive. A probe past the deadline is given up and its key never comes.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from devbox.flows.workspace import Clock

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

WORKERS = 16
"""Threads at most; what waits behind them starts as they end."""


def run_all(probes: Mapping[K, Callable[[], T]], *, clock: Clock, deadline: float) -> Iterator[tuple[K, T, float]]:
    """Each probe's key, value and seconds, in the order they end; stops at `deadline` seconds from now.

    A probe must not raise for what it finds; an exception is a bug and is raised here.
    """
    if not probes:
        return
    waiting: queue.SimpleQueue[tuple[K, Callable[[], T]]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[K, T | BaseException, float]] = queue.SimpleQueue()
    for item in probes.items():
        waiting.put(item)

    def work() -> None:
        while True:
            try:
                key, probe = waiting.get_nowait()
            except queue.Empty:
                return
            started = clock.monotonic()
            try:
                value: T | BaseException = probe()
            except BaseException as error:
                value = error
            done.put((key, value, clock.monotonic() - started))

    for _ in range(min(WORKERS, len(probes))):
        threading.Thread(target=work, daemon=True, name="devbox-probe").start()
    end = clock.monotonic() + deadline
    for _ in probes:
        try:
            key, value, seconds = done.get(timeout=max(0.0, end - clock.monotonic()))
        except queue.Empty:
            return
        if isinstance(value, BaseException):
            raise value
        yield key, value, seconds


def within(seconds: float, probe: Callable[[], T]) -> T | None:
    """The probe's value, or None where it takes longer; it then goes on alone and its value is dropped."""
    done: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put(probe())
        except BaseException as error:
            done.put(error)

    threading.Thread(target=work, daemon=True, name="devbox-probe").start()
    try:
        value = done.get(timeout=seconds)
    except queue.Empty:
        return None
    if isinstance(value, BaseException):
        raise value
    return value
