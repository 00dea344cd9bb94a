"""Bytes over one connection with a deadline, from any number of threads: at most one reads, any may write or close.

The socket is never read or written blockingly: waiting happens in `poll`, so the deadline is the call's and not each
read's, `close()` from another thread wakes the reader at once, and a TLS object is never entered by two threads.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from devbox.core.errors import EngineError
from devbox.engine.deadline import Deadline

if TYPE_CHECKING:
    from devbox.engine.port import Endpoint

_BLOCK = 1 << 16


class Wire:
    """A connection to the engine, already dialled; owns the socket."""

    def __init__(self, sock: socket.socket, endpoint: Endpoint) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._endpoint = endpoint
        # Reentrant: a signal handler may close while this thread is inside.
        self._lock = threading.RLock()
        self._users = 0
        self._buffer = bytearray()
        self._closed = False
        self._tls = hasattr(sock, "do_handshake")
        self._no_data: tuple[type[BaseException], ...] = (BlockingIOError,)
        if self._tls:
            import ssl  # loaded already: the socket is one of its

            self._no_data = (ssl.SSLWantReadError, ssl.SSLWantWriteError)

    @property
    def url(self) -> str:
        """The engine's URL, for messages."""
        return self._endpoint.url

    @property
    def stale(self) -> bool:
        """Whether an idle connection was closed by the other side, or talks out of turn."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(self._buffer or poll.poll(0))

    @property
    def closed(self) -> bool:
        """Whether `close()` was called."""
        return self._closed

    def read_line(self, limit: int, deadline: Deadline) -> bytes:
        """Up to and without the next LF (and a CR before it); empty bytes and EngineError are told apart by the latter.

        Raises ConnectionError at end of stream, EngineError past `limit` bytes or the deadline.
        """
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > limit:
                raise self.too_much()
            self._fill(deadline)
        if end > limit:
            raise self.too_much()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """That many bytes; raises ConnectionError when the stream ends before."""
        while len(self._buffer) < count:
            self._fill(deadline)
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def read_some(self, most: int, deadline: Deadline) -> bytes:
        """What is there, waiting for at least one byte; `b""` at the end of the stream."""
        if not self._buffer:
            try:
                self._fill(deadline)
            except ConnectionError:
                return b""
        data = bytes(self._buffer[:most])
        del self._buffer[:most]
        return data

    def write(self, data: bytes, deadline: Deadline) -> None:
        """All of `data`. Raises ConnectionError when the other side is gone."""
        rest = memoryview(data)
        with self._in_use():
            while rest:
                try:
                    with self._lock:
                        sent = self._sock.send(rest)
                except self._no_data:
                    self._wait(select.POLLOUT, deadline)
                except OSError as error:
                    raise ConnectionError(str(error)) from error
                else:
                    rest = rest[sent:]

    def end_writing(self) -> None:
        """Half-close: the other side reads end of file while we still read."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._tls:
                # Sends close_notify; the answer would come only after all output, so it is not waited for.
                with contextlib.suppress(*self._no_data):
                    self._sock.unwrap()  # type: ignore[attr-defined]
            else:
                self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End both directions; wakes a reader in another thread. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            with contextlib.suppress(OSError):
                # On the plain socket: the TLS one would drop its state under a reader.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            if not self._users:
                self._sock.close()
        end = getattr(self._sock, "end", None)
        if end is not None:
            end()

    def failure(self) -> str:
        """What the program behind the connection said when it failed (ssh); empty for sockets."""
        words = getattr(self._sock, "failure", None)
        return str(words()) if words is not None else ""

    def too_much(self) -> EngineError:
        """The reply breaks a size limit."""
        return EngineError(
            f"what answers at {self._endpoint.url} is not a Docker Engine: its reply is too long",
            hint="`devbox --engine URL` chooses another engine",
        )

    def _fill(self, deadline: Deadline) -> None:
        with self._in_use():
            while True:
                try:
                    with self._lock:
                        data = self._sock.recv(_BLOCK)
                except self._no_data:
                    self._wait(select.POLLIN, deadline)
                    continue
                except OSError as error:
                    raise self._read_failure(error) from error
                if not data:
                    raise ConnectionError("the engine closed the connection")
                self._buffer += data
                return

    def _read_failure(self, error: OSError) -> Exception:
        if self._tls and not self._closed:
            from devbox.engine.tls import read_failure  # loaded already: the socket is one of its

            return read_failure(error, self._endpoint)
        return ConnectionError(str(error))

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        """While the body runs `close()` leaves the descriptor open, so that nobody polls a number given to another."""
        with self._lock:
            if self._closed:
                raise ConnectionError("closed")
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._closed and not self._users:
                    self._sock.close()

    def _wait(self, event: int, deadline: Deadline) -> None:
        remaining = deadline.remaining()
        poll = select.poll()
        poll.register(self._sock, event)
        if not poll.poll(None if remaining is None else remaining * 1000):
            from devbox.engine.dial import hung

            raise hung(self._endpoint)
