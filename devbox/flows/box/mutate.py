"""The one way in which these flows change the engine: between two failpoints (security.md 9.6), never half done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from devbox.failpoint import failpoint

T = TypeVar("T")

GRACE = 15.0
"""Seconds that an interrupted change may still take; stopping a container takes up to ten."""


def mutate(name: str, call: Callable[[], T]) -> T:
    """Do it; a test may kill the process just before or just after."""
    failpoint(f"{name}.before")
    result = _undivided(call)
    failpoint(f"{name}.after")
    return result


def _undivided(call: Callable[[], T]) -> T:
    """Run `call` to its end, Ctrl-C or not.

    The engine carries a request out whether or not somebody waits for the reply: who cleans up after an interrupt must
    find what was made. Only the main thread is ever interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    results: list[T] = []
    errors: list[BaseException] = []
    # Not `join()`: interrupted, it takes a thread that still runs for ended (CPython 3.11).
    done = threading.Event()

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=work, name="devbox-mutate", daemon=True).start()
    try:
        done.wait()
    except BaseException:
        done.wait(GRACE)
        raise
    if errors:
        raise errors[0]
    return results[0]
