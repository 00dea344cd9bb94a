"""The docker SDK's HTTP on our own connections: `dial` for every kind of endpoint, a size limit on whole replies, and
streams that another thread can end. Imports requests and urllib3, so only `docker_sdk` may import it, on first use.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import requests
import requests.adapters
import urllib3
import urllib3.connection

from devbox.core.errors import EngineError
from devbox.engine.deadline import CALL, Deadline
from devbox.engine.dial import dial
from devbox.engine.port import Endpoint

T = TypeVar("T")

_BLOCK = 1 << 16


class EngineConnection(urllib3.connection.HTTPConnection):
    """A connection that `dial` opens; remembers its socket, which `http.client` forgets while a reply is read."""

    def __init__(self, *args: Any, endpoint: Endpoint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.endpoint = endpoint
        self.dialled: socket.socket | None = None

    def connect(self) -> None:
        """Called by urllib3 before the first request."""
        self.sock = self.dialled = dial(self.endpoint, Deadline.after(CALL))
        self.sock.settimeout(CALL)


class EnginePool(urllib3.HTTPConnectionPool):
    """Connections to one engine."""

    ConnectionCls = EngineConnection

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__("engine", maxsize=4, endpoint=endpoint)


class EngineAdapter(requests.adapters.HTTPAdapter):
    """What a requests session is given to reach one engine."""

    def __init__(self, endpoint: Endpoint, limit: int) -> None:
        super().__init__()
        self._pool = EnginePool(endpoint)
        self._limit = limit

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        """The pool; requests before 2.32 ask here."""
        return self._pool

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool, whatever the URL says."""
        return self._pool

    def send(self, request: requests.PreparedRequest, stream: bool = False, *args: Any, **kwargs: Any) -> Any:
        """As requests does, with a limit on replies that are read whole."""
        response = super().send(request, stream, *args, **kwargs)
        if not stream:
            response.raw = _Limited(response.raw, self._limit)
        return response

    def close(self) -> None:
        """Close idle connections."""
        self._pool.close()


class _Limited:
    """A reply body that ends in an error past its limit."""

    def __init__(self, raw: Any, limit: int) -> None:
        self._raw = raw
        self._limit = limit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amount: int = _BLOCK, decode_content: bool | None = None) -> Iterator[bytes]:
        """Read by requests until the end."""
        total = 0
        for block in self._raw.stream(amount, decode_content=decode_content):
            total += len(block)
            if total > self._limit:
                raise EngineError("the engine's reply is too long")
            yield block


class ResponseStream(Generic[T]):
    """A streamed reply to iterate; `close()` ends it from any thread."""

    def __init__(self, response: requests.Response, parse: Callable[[Iterator[bytes]], Iterator[T]]) -> None:
        self._response = response
        self._parse = parse
        self._closed = False

    def __iter__(self) -> Iterator[T]:
        """Raises EngineError when the connection breaks before the end and nobody closed it."""
        try:
            yield from self._parse(self._blocks())
        finally:
            self._response.close()

    def close(self) -> None:
        """End the stream; idempotent."""
        self._closed = True
        connection = getattr(self._response.raw, "connection", None)
        sock = connection.dialled if isinstance(connection, EngineConnection) else None
        if sock is not None:
            with contextlib.suppress(OSError):
                # On the plain socket: the TLS one would drop its state under a reader.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _blocks(self) -> Iterator[bytes]:
        try:
            yield from self._response.raw.stream(_BLOCK, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
            if not self._closed:
                raise EngineError("the engine closed the connection") from error
