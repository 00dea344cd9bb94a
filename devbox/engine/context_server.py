"""Serves one build context on the loopback address, for engines that take none in the request's body: with the
containerd image store BuildKit only fetches it from an address (spec/buildkit.md 2.1).

Serves nothing but the tar, to whoever knows its path, which cannot be guessed, until it is closed.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex

from devbox.core.errors import Cancelled, DevboxError
from devbox.engine.http_wire import chunked

ADDRESS = "127.0.0.1"
_PATIENCE = 300.0
"""Seconds that one read or write may take."""
_HEAD = 16 << 10
"""Bytes of a request that are read."""


class ContextServer:
    """Listens while it is open; each request gets a tar of its own."""

    def __init__(self, blocks: Callable[[], Iterable[bytes]]) -> None:
        """Start to listen. Raises OSError where no port can be had."""
        self._blocks = blocks
        self._path = f"/{token_hex(16)}/ctx.tar"
        self._listener = socket.create_server((ADDRESS, 0))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.failure: Exception | None = None
        """Why the context could not be made."""
        threading.Thread(target=self._serve, name="build context", daemon=True).start()

    @property
    def url(self) -> str:
        """Where the tar is."""
        return f"http://{ADDRESS}:{self._listener.getsockname()[1]}{self._path}"

    def close(self) -> None:
        """Stop listening and end what is under way; idempotent."""
        # Shut first: that alone wakes the thread which waits for a connection.
        _shut(self._listener)
        with self._lock:
            for sock in self._open:
                _shut(sock)

    def _serve(self) -> None:
        with suppress(OSError), self._listener:
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(sock,), name="build context", daemon=True).start()

    def _answer(self, sock: socket.socket) -> None:
        with suppress(OSError), sock, self._counted(sock):
            sock.settimeout(_PATIENCE)
            if _asked(sock) != f"GET {self._path} HTTP/1.1":
                sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            sock.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n"
                b"Connection: close\r\n\r\n"
            )
            try:
                for chunk in chunked(self._blocks()):
                    sock.sendall(chunk)
            except (DevboxError, Cancelled) as error:
                self.failure = error

    @contextmanager
    def _counted(self, sock: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(sock)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(sock)


def _asked(sock: socket.socket) -> str:
    """The first line of a request whose head came whole; empty for anything else."""
    head = b""
    while b"\r\n\r\n" not in head:
        block = sock.recv(_HEAD)
        head += block
        if not block or len(head) > _HEAD:
            return ""
    return head.partition(b"\r\n")[0].decode("latin-1")


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
