"""The few HTTP calls that are needed before any adapter talks to the engine, or that no port has.

Everything else belongs to the engine adapters.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from devbox.core.errors import EngineError
from devbox.engine.deadline import CALL, QUICK, SLOW, Deadline
from devbox.engine.dial import dial
from devbox.engine.port import Endpoint

REPLY_LIMIT = 1 << 20
"""Bytes of a reply that are read."""


def answers(endpoint: Endpoint, seconds: float = 2.0) -> bool:
    """Whether an engine answers there and lets this process in."""
    try:
        return _request(endpoint, "GET", "/_ping", seconds)[0] == 200
    except EngineError:
        return False


def version(endpoint: Endpoint) -> str | None:
    """The engine's version, or None where none answers (this user)."""
    try:
        reply = json.loads(_request(endpoint, "GET", "/version", QUICK)[1])
    except (EngineError, ValueError):
        return None
    found = reply.get("Version") if isinstance(reply, dict) else None
    return found if isinstance(found, str) else None


def has_image(endpoint: Endpoint, ref: str) -> bool:
    """Whether the engine has an image of that name; EngineError when none answers."""
    return _request(endpoint, "GET", f"/images/{quote(ref)}/json", CALL)[0] == 200


def import_image(
    endpoint: Endpoint, archive: Iterable[bytes], repository: str, tag: str, changes: tuple[str, ...] = ()
) -> None:
    """Make an image of one layer from a tar stream (plain or gzip); `changes` are Dockerfile instructions."""
    query = urlencode([("fromSrc", "-"), ("repo", repository), ("tag", tag), *(("changes", c) for c in changes)])
    status, body = _request(endpoint, "POST", f"/images/create?{query}", SLOW, body=archive)
    problem = _problem(body)
    if problem is not None or status != 200:
        raise EngineError(f"importing {repository}:{tag} failed: {problem or f'HTTP {status}'}")


def _request(
    endpoint: Endpoint, method: str, target: str, seconds: float, body: Iterable[bytes] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("engine")
    connection.sock = dial(endpoint, Deadline.after(seconds))
    try:
        connection.sock.settimeout(seconds)
        # An iterable body goes out chunked, which http.client sees to.
        connection.request(method, target, body=body, headers={"Content-Type": "application/x-tar"} if body else {})
        reply = connection.getresponse()
        return reply.status, reply.read(REPLY_LIMIT)
    except (OSError, http.client.HTTPException) as error:
        raise EngineError(f"the engine at {endpoint.url} broke off {method} {target.split('?')[0]}: {error}") from error
    finally:
        connection.close()


def _problem(body: bytes) -> str | None:
    """The error in a reply: `message` of a refusal, or `error` among the messages of a stream (one JSON object per
    line), which comes with status 200."""
    for line in body.splitlines():
        try:
            reply: Any = json.loads(line)
        except ValueError:
            continue
        if isinstance(reply, dict) and (problem := reply.get("error") or reply.get("message")):
            return str(problem)
    return None
