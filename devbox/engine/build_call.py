"""`POST /build` over our own HTTP: one request that sends a tar while it is made and streams messages back.

Unlike the SDK's it can be closed at any moment: while it connects, sends, waits or reads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from devbox.core.errors import EngineError
from devbox.engine.deadline import Deadline
from devbox.engine.http_client import HttpClient
from devbox.engine.json_lines import json_lines
from devbox.engine.wire import Wire

_CANCEL = 2.0
"""Seconds for an engine to be told of the end of a build; that the connection is closed tells it too."""


class BuildCall:
    """The messages of one build: iterate it once. Nothing is sent before that."""

    def __init__(
        self, client: HttpClient, query: Sequence[tuple[str, str]], blocks: Iterable[bytes] | None
    ) -> None:
        """`blocks` are the context as tar; None where the query says from where the engine takes it."""
        self._client = client
        self._query = query
        self._blocks = blocks
        self._lock = threading.RLock()  # reentrant: a signal handler may close while this thread is inside
        self._closed = False
        self._wire: Wire | None = None

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Raises Refused when the engine says no, EngineError when it can't be reached or breaks off."""
        self._client.version()  # asked now, so that the connection does not wait for it
        wire = self._client.connect()
        with self._lock:
            self._wire = wire
        try:
            if not self._closed:
                reply = self._client.upload(wire, "/build", self._query, self._blocks, doing="start a build")
                yield from json_lines(reply.blocks(Deadline(None)))
        except ConnectionError as error:
            if not self._closed:
                raise EngineError("the engine closed the connection") from error
        finally:
            wire.close()

    def close(self) -> None:
        """End it: the engine then kills the running step. Idempotent."""
        with self._lock:
            self._closed = True
            wire = self._wire
        if wire is not None:
            wire.close()


def cancel_build(client: HttpClient, id: str) -> None:
    """End the build that was started with that `buildid`, if it still runs."""
    with suppress(EngineError):
        client.json("POST", "/build/cancel", {"id": id}, doing="cancel a build", seconds=_CANCEL)
