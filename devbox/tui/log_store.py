"""The bytes of one log, kept as they came: appended by a worker thread, read by the screen line by line.

Nothing is decoded here; `LogView` cleans only what it shows. Memory is the bytes plus four per line; past the budget
the oldest blocks go and are counted.
"""

from __future__ import annotations

import re
import threading
from array import array
from bisect import bisect_right
from collections.abc import Iterable

from devbox.core.text import LineSplitter

BLOCK = 1 << 18
"""Bytes after which a new block is begun."""
BUDGET = 48 << 20
"""Bytes of one log at most."""


class _Block:
    """Lines joined by newlines, and where each begins; `first` is the number of its first line."""

    __slots__ = ("data", "first", "starts")

    def __init__(self, first: int) -> None:
        self.data = bytearray()
        self.starts = array("I")
        self.first = first


class LogStore:
    """An append-only sequence of lines; one thread appends, another reads."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._lock = threading.Lock()
        self._splitter = LineSplitter()
        self._blocks = [_Block(0)]
        self._firsts = [0]
        self._size = 0
        self._count = 0
        self._budget = budget

    def __len__(self) -> int:
        """Lines ever appended, dropped ones included: line numbers never change."""
        return self._count

    @property
    def dropped(self) -> int:
        """How many of the oldest lines are gone."""
        return self._firsts[0]

    def feed(self, data: bytes) -> None:
        """Output of any split; the last line is shown once it is complete or `finish` is called."""
        self.extend(self._splitter.feed(data))

    def finish(self) -> None:
        """The stream ended: what is left is a line."""
        self.extend(self._splitter.flush())

    def extend(self, lines: Iterable[bytes]) -> None:
        """Whole lines, without their newlines."""
        with self._lock:
            block = self._blocks[-1]
            for line in lines:
                if len(block.data) >= BLOCK:
                    block = _Block(self._count)
                    self._blocks.append(block)
                    self._firsts.append(self._count)
                block.starts.append(len(block.data))
                block.data += line
                block.data += b"\n"
                self._size += len(line) + 1
                self._count += 1
            while self._size > self._budget and len(self._blocks) > 1:
                self._size -= len(self._blocks.pop(0).data)
                self._firsts.pop(0)

    def shrink(self, budget: int) -> None:
        """Keep only about the last `budget` bytes: for logs of builds that are history."""
        self._budget = budget
        self.extend(())

    def line(self, number: int) -> bytes:
        """Line `number`; empty when it was dropped or never came."""
        with self._lock:
            at = bisect_right(self._firsts, number) - 1
            if at < 0 or not 0 <= number < self._count:
                return b""
            block = self._blocks[at]
            index = number - block.first
            start = block.starts[index]
            end = block.starts[index + 1] if index + 1 < len(block.starts) else len(block.data)
            return bytes(block.data[start : end - 1])

    def find(self, pattern: re.Pattern[bytes], start: int, *, backwards: bool = False) -> int | None:
        """The nearest line from `start` on (or back from it) that holds a match of a pattern that spans no line."""
        with self._lock:
            blocks = list(self._blocks)
        for block in reversed(blocks) if backwards else blocks:
            if (backwards and block.first > start) or (not backwards and block.first + len(block.starts) <= start):
                continue
            with self._lock:
                data, starts = bytes(block.data), block.starts[:]
            numbers = (block.first + bisect_right(starts, match.start()) - 1 for match in pattern.finditer(data))
            hits = (number for number in numbers if (number <= start if backwards else number >= start))
            hit = max(hits, default=None) if backwards else next(hits, None)
            if hit is not None:
                return hit
        return None
