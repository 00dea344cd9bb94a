"""Streams of the fake engine: closable from any thread, like the real ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from devbox.engine.port import Chunk

T = TypeVar("T")


class FakeStream(Generic[T]):
    """Items from a growing list; with `ended` None it ends where the list ends now, else when that turns true."""

    def __init__(
        self, items: Sequence[T], changed: threading.Condition, ended: Callable[[], bool] | None, start: int = 0
    ) -> None:
        self._items = items
        self._changed = changed
        self._ended = ended
        self._next = start
        self._closed = False

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                while self._next >= len(self._items):
                    if self._closed or self._ended is None or self._ended():
                        return
                    self._changed.wait()
                if self._closed:
                    return
                item = self._items[self._next]
                self._next += 1
            yield item

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class FakeExec:
    """An exec whose outcome was decided when it began; with `echo` it gives its input back, as `cat` does."""

    def __init__(self, chunks: list[Chunk], code: int, echo: bool) -> None:
        self._changed = threading.Condition()
        self._chunks = chunks
        self._code = code
        self._open = echo
        self._stream = FakeStream(self._chunks, self._changed, lambda: not self._open)
        self.sizes: list[tuple[int, int]] = []
        self.input = b""

    def __iter__(self) -> Iterator[Chunk]:
        return iter(self._stream)

    def write(self, data: bytes) -> None:
        with self._changed:
            self.input += data
            if self._open:
                self._chunks.append(Chunk("stdout", data))
            self._changed.notify_all()

    def end_input(self) -> None:
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    def exit_code(self) -> int:
        return self._code

    def close(self) -> None:
        self._stream.close()
