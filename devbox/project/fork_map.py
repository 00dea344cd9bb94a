"""A pure function over many items, shared with short-lived copies of this process where that pays.

For stat calls and hashing only, which Python does one at a time in one process. A copy inherits what it needs, writes
its results to a pipe and ends; it opens nothing that it keeps, starts nothing, and ends with its parent.
"""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
PROCESSES = 4
"""More never paid: the kernel's locks on folders are the limit then."""
_STEP = 256
"""Items between two reports of progress."""


def fork_map(
    work: Callable[[Item], Any], items: Sequence[Item], weights: Sequence[int], least: int
) -> Generator[int, None, list[Any]]:
    """`work` of each item, in order; yields how many are done, roughly.

    `weights` say how much each costs; less than `least` of that is not worth a process. Results must be plain values
    that `marshal` takes. This process does all where it can't be copied safely, having several threads, or at all.
    """
    shares = _shares(items, weights, _processes(sum(weights), least))
    children: list[tuple[int, int]] = []
    results: list[list[Any]] = []
    try:
        for share in shares[1:]:
            try:
                children.append(_start(work, share))
            except OSError:
                break  # no more processes or files: what is left is done here
        results.append((yield from _here(work, shares[0], len(shares))))
        for number, share in enumerate(shares[1:]):
            found = _result(*children[number]) if number < len(children) else None
            results.append((yield from _here(work, share, 1)) if found is None else found)
    finally:
        _end(children[max(len(results) - 1, 0) :])
    return [result for part in results for result in part]


def _processes(weight: int, least: int) -> int:
    if sys.platform != "linux" or threading.active_count() > 1 or weight < 2 * least:
        return 1
    return max(1, min(len(os.sched_getaffinity(0)), PROCESSES, weight // least))


def _shares(items: Sequence[Item], weights: Sequence[int], count: int) -> list[Sequence[Item]]:
    """The items in `count` runs of about equal weight."""
    total, run, start = sum(weights), 0, 0
    shares: list[Sequence[Item]] = []
    for end, weight in enumerate(weights, start=1):
        run += weight
        if run * count >= total * (len(shares) + 1) and len(shares) < count - 1:
            shares.append(items[start:end])
            start = end
    return [*shares, items[start:]]


def _here(work: Callable[[Item], Any], share: Sequence[Item], of: int) -> Generator[int, None, list[Any]]:
    found = []
    for number, item in enumerate(share):
        if number % _STEP == _STEP - 1:
            yield number * of
        found.append(work(item))
    return found


def _start(work: Callable[[Item], Any], share: Sequence[Item]) -> tuple[int, int]:
    parent = os.getpid()
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        gc.disable()
        os.close(reading)
        found = []
        for item in share:
            if os.getppid() != parent:
                break
            found.append(work(item))
        else:
            with open(writing, "wb") as pipe:
                marshal.dump(found, pipe)
            status = 0
    finally:
        # Whatever happened: nothing of the parent's may run or be written a second time.
        os._exit(status)


def _result(child: int, reading: int) -> list[Any] | None:
    with open(reading, "rb", closefd=False) as pipe:
        data = pipe.read()
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if status:
        return None
    found: list[Any] = marshal.loads(data)
    return found


def _end(children: Sequence[tuple[int, int]]) -> None:
    for child, reading in children:
        with contextlib.suppress(OSError):
            os.close(reading)
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
