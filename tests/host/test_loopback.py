"""Free ports and answers on the loopback address, against real sockets."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from devbox.host.loopback import ADDRESS, ANSWER_LIMIT, fetch, free_port


class _Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = {"/": b"hello\n", "/long": b"x" * (2 * ANSWER_LIMIT), "/bytes": b"\xff\xfe"}.get(self.path)
        self.send_response(200 if body is not None else 503)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer((ADDRESS, 0), _Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_port_in_use_is_not_offered(port: int) -> None:
    offered = free_port(port)
    assert offered != port
    with socket.socket() as listener:
        listener.bind((ADDRESS, offered))


def test_the_preferred_port_is_kept_when_free() -> None:
    with socket.socket() as found:
        found.bind((ADDRESS, 0))
        number = found.getsockname()[1]
    assert free_port(number) == number


def test_an_answer_is_its_text(port: int) -> None:
    assert fetch(port, "/") == "hello\n"


def test_a_long_or_undecodable_answer_is_bounded_text(port: int) -> None:
    assert fetch(port, "/long") == "x" * ANSWER_LIMIT
    assert fetch(port, "/bytes") == "\N{REPLACEMENT CHARACTER}" * 2


def test_an_error_status_is_no_answer(port: int) -> None:
    assert fetch(port, "/unavailable") is None


def test_nobody_listening_or_something_else_listening_is_no_answer() -> None:
    with socket.socket() as listener:
        listener.bind((ADDRESS, 0))
        number = listener.getsockname()[1]
        assert fetch(number, "/") is None
        listener.listen()
        assert fetch(number, "/", timeout=0.2) is None, "accepts and never answers"
