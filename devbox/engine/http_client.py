"""Calls to the engine over our own HTTP: version prefix, one kept connection, deadline, size limit, one retry.

Knows URLs and statuses, not what a container is; `devbox.engine.http` does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from devbox.core.errors import EngineError
from devbox.engine import replies
from devbox.engine.deadline import CALL, QUICK, SLOW, Deadline
from devbox.engine.dial import NoAnswer, dial
from devbox.engine.http_wire import Reply, receive, send, send_blocks
from devbox.engine.port import Endpoint
from devbox.engine.wire import Wire

OLDEST = (1, 41)
"""The oldest API version devbox speaks: engine 20.10."""
NEWEST = (1, 44)
"""The newest it asks for: engine 25, and the oldest that engine 29 still speaks."""
REPLY_LIMIT = 64 << 20
"""Bytes of one JSON reply; a listing of thousands of containers stays far below."""


class HttpClient:
    """One engine, asked by any number of threads; keeps at most one idle connection."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._idle: Wire | None = None
        self._version: str | None = None

    def version(self, deadline: Deadline | None = None) -> str:
        """The API version both sides speak, asked once (`/_ping`).

        Raises EngineError when there is no engine, something else answers, or it is too old or too new.
        """
        if self._version is None:
            deadline = deadline or Deadline.after(QUICK)
            reply = self._exchange("GET", "/_ping", {}, b"", deadline, retry=True)
            body = self._finish(reply, 1 << 16, deadline)
            self._version = self._negotiate(reply, body, deadline)
        return self._version

    def json(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None, *,
        doing: str, seconds: float = CALL,
    ) -> Any:
        """A call whose reply is JSON (or nothing: None). `doing` completes "the engine can't …".

        GET and HEAD are tried once more when the connection breaks; nothing else is.
        """
        deadline = Deadline.after(seconds)
        reply = self.request(method, path, query, body, deadline=deadline)
        data = self._finish(reply, REPLY_LIMIT, deadline)
        if reply.status >= 400:
            raise replies.refusal(reply.status, replies.error_message(data), doing)
        return replies.decode(data, path) if data.strip() else None

    def open(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None, *,
        doing: str, headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A call whose reply is a stream; its wire belongs to the caller."""
        deadline = Deadline.after(CALL)
        reply = self.request(method, path, query, body, headers=headers, deadline=deadline)
        if reply.status >= 400:
            data = self._finish(reply, 1 << 20, deadline)
            raise replies.refusal(reply.status, replies.error_message(data), doing)
        return reply

    def connect(self) -> Wire:
        """A connection for `upload`; it belongs to the caller."""
        return Wire(dial(self.endpoint, Deadline.after(CALL)), self.endpoint)

    def upload(
        self, wire: Wire, path: str, query: Sequence[tuple[str, str]], blocks: Iterable[bytes] | None, *, doing: str
    ) -> Reply:
        """A POST whose body is a tar that is made while it is sent, or None; its reply is a stream. Raises
        ConnectionError when `wire` was closed meanwhile, and what `open` raises."""
        target = f"/v{self.version()}{path}?{urlencode(query)}"
        try:
            if blocks is None:
                send(wire, "POST", target, {}, b"", Deadline.after(SLOW))
            else:
                send_blocks(wire, "POST", target, {"Content-Type": "application/x-tar"}, blocks, SLOW)
        except ConnectionError:
            # An engine that refuses the request does not read all of it: its answer is there already.
            if wire.closed:
                raise
        deadline = Deadline.after(SLOW)
        try:
            reply = receive(wire, deadline)
        except ConnectionError as error:
            if wire.closed:
                raise
            raise self._broken(wire.failure()) from error
        if reply.status >= 400:
            raise replies.refusal(reply.status, replies.error_message(reply.body(1 << 20, deadline)), doing)
        return reply

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Any, *,
        deadline: Deadline, headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send, and read status and headers, whatever they say."""
        target = f"/v{self.version(deadline)}{path}" + (f"?{urlencode(query)}" if query else "")
        data = b"" if body is None else json.dumps(body).encode("ascii")
        sent = {**({"Content-Type": "application/json"} if data else {}), **(headers or {})}
        return self._exchange(method, target, sent, data, deadline, retry=method in ("GET", "HEAD"))

    def close(self) -> None:
        """Close the kept connection; the client stays usable."""
        with self._lock:
            idle, self._idle = self._idle, None
        if idle is not None:
            idle.close()

    def _exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, deadline: Deadline, *, retry: bool
    ) -> Reply:
        kept = self._take_idle()
        wire = kept or Wire(dial(self.endpoint, deadline), self.endpoint)
        try:
            send(wire, method, target, headers, body, deadline)
            return receive(wire, deadline)
        except ConnectionError as error:
            failure = wire.failure()
            wire.close()
            if retry:
                return self._exchange(method, target, headers, body, deadline, retry=False)
            raise self._broken(failure) from error
        except BaseException:
            wire.close()
            raise

    def _finish(self, reply: Reply, limit: int, deadline: Deadline) -> bytes:
        """Read the whole body and keep the connection if it can be used again."""
        try:
            data = reply.body(limit, deadline)
        except ConnectionError as error:
            reply.wire.close()
            raise self._broken(reply.wire.failure()) from error
        except BaseException:
            reply.wire.close()
            raise
        with self._lock:
            keep = reply.reusable and self._idle is None
            if keep:
                self._idle = reply.wire
        if not keep:
            reply.wire.close()
        return data

    def _take_idle(self) -> Wire | None:
        with self._lock:
            idle, self._idle = self._idle, None
        if idle is not None and idle.stale:
            idle.close()
            return None
        return idle

    def _negotiate(self, reply: Reply, body: bytes, deadline: Deadline) -> str:
        offered = reply.headers.get("api-version", "")
        if reply.status == 400 and b"HTTPS server" in body:
            raise EngineError(
                f"the engine at {self.endpoint.url} wants TLS",
                hint="say where its certificates are: `export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=~/.docker`",
            )
        newest = version_numbers(offered)
        if reply.status >= 500:
            raise replies.refusal(reply.status, replies.error_message(body), "answer")
        if reply.status != 200 or newest is None:
            raise EngineError(
                f"what answers at {self.endpoint.url} is not a Docker Engine",
                hint="`devbox --engine URL` chooses another engine",
            )
        if newest < OLDEST:
            raise self._too_old(offered, deadline)
        return ".".join(map(str, min(newest, NEWEST)))

    def _broken(self, failure: str) -> EngineError:
        """The connection ended where a reply should be; `failure` is what ssh said, if it was ssh."""
        url = self.endpoint.url
        if failure:
            return EngineError(
                f"ssh to {url} failed: {failure.splitlines()[-1][:300]}", detail=failure,
                hint=f"this must work first: `docker -H {url} version`",
            )
        return self._late_refusal() or EngineError(
            f"the engine at {url} closed the connection",
            hint="it was stopped or it crashed: `docker version` says whether it is back",
        )

    def _late_refusal(self) -> EngineError | None:
        """With TLS 1.3 a client certificate is refused only after the handshake, and what we sent meanwhile can make
        the system drop the alert that says so: ask again and send nothing."""
        if self.endpoint.tls is None:
            return None
        deadline = Deadline.after(2)
        try:
            wire = Wire(dial(self.endpoint, deadline), self.endpoint)
            try:
                wire.read_some(1, deadline)
            finally:
                wire.close()
        except NoAnswer:
            return None
        except EngineError as error:
            return error
        return None

    def _too_old(self, offered: str, deadline: Deadline) -> EngineError:
        """Asks the engine's own version, unversioned, only to say it."""
        engine = ""
        try:
            reply = self._exchange("GET", "/version", {}, b"", deadline, retry=True)
            said = replies.decode(self._finish(reply, 1 << 20, deadline), "/version")
            engine = replies.text(replies.table(said).get("Version"))
        except EngineError:
            pass
        return EngineError(
            f"the engine is too old: {engine or 'it'} speaks API {offered}, devbox needs 20.10 (API 1.41)",
            hint="upgrade it; or `devbox engine start` installs and starts one of devbox's own",
        )


def version_numbers(text: str) -> tuple[int, int] | None:
    """`1.41` as numbers, None for anything else."""
    major, _, minor = text.partition(".")
    if not (major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit() and len(text) < 10):
        return None
    return int(major), int(minor)


def quoted(name: str) -> str:
    """An id, name or image reference as part of a path; references keep their slashes and colons."""
    return quote(name, safe="/:@")
