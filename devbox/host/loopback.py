"""The loopback address of this machine: a free port, and what a service published there answers.

Nothing here leaves the machine: the address is fixed, only the port is an argument.
"""

from __future__ import annotations

import socket

ADDRESS = "127.0.0.1"
ANSWER_LIMIT = 64 * 1024
"""Bytes that are read of an answer."""


def free_port(preferred: int) -> int:
    """`preferred` when nobody listens there, else a port that the system finds free."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
            # As servers do: a port whose last connections still fade out counts as free.
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind((ADDRESS, port))
            except OSError:
                continue
            return int(candidate.getsockname()[1])
    return preferred


def fetch(port: int, path: str, *, timeout: float = 2.0) -> str | None:
    """The body of `http://127.0.0.1:PORT/PATH` when it answers 200 within `timeout` seconds a read, else None."""
    # Deferred: http.client costs 15 ms, which only the demo pays.
    import http.client

    connection = http.client.HTTPConnection(ADDRESS, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        body = response.read(ANSWER_LIMIT)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return body.decode("utf-8", "replace") if response.status == 200 else None
