"""The small adapter against engines that misbehave: every one ends in one EngineError, in time and in little memory."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devbox.core.errors import EngineError, ExhaustedError
from devbox.engine import http_client
from devbox.engine.connect import connect
from devbox.engine.http import HttpEngine
from devbox.engine.port import Conflict, Endpoint, ExecSpec, NotFound, Refused
from tests.engine.scripted_http import Handler, RawServer, ScriptedServer, pong, reply, unix_server

Serve = Callable[..., tuple[HttpEngine, ScriptedServer]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a server with this handler; gives an adapter on it."""
    with ExitStack() as stack:
        def start(handler: Handler, kind: type[ScriptedServer] = ScriptedServer) -> tuple[HttpEngine, ScriptedServer]:
            path = str(tmp_path / "s.sock")
            server = stack.enter_context(unix_server(path, handler, kind))
            engine = HttpEngine(Endpoint(f"unix://{path}", "test"))
            stack.callback(engine.close)
            return engine, server

        yield start


def raw(answer: bytes) -> Handler:
    """Send these bytes and close."""

    def handle(sock: socket.socket, request: str) -> None:
        sock.sendall(answer)

    return handle


def hang(sock: socket.socket, request: str) -> None:
    time.sleep(3600)


def drip(sock: socket.socket, request: str) -> None:
    for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\nX: "):
        sock.sendall(bytes([byte]))
        time.sleep(0.02)


@pytest.mark.parametrize("handler", [hang, drip], ids=["silent", "a byte at a time"])
def test_an_engine_that_does_not_finish_is_given_up_after_the_whole_deadline(serve: Serve, handler: Handler) -> None:
    engine, _ = serve(handler, RawServer)
    start = time.monotonic()
    with pytest.raises(EngineError, match="does not answer") as caught:
        connect(engine.endpoint, seconds=0.5)
    assert 0.4 < time.monotonic() - start < 5
    assert caught.value.hint


@pytest.mark.parametrize("answer", [
    b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\xff\x00\n" * 50, b"HTTP/1.1 abc\r\n\r\n", b"HTTP/2 200\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", b"x" * 200_000,
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", reply(b"<html>hello</html>"),
    reply(b"", "404 Not Found"),
    reply(b"OK", Api_Version="banana"), reply(b"OK", Api_Version="1.41.2"), reply(b"x" * 100_000, Api_Version="1.41"),
])
def test_what_is_not_an_engine_is_said_to_be_none(serve: Serve, answer: bytes) -> None:
    engine, _ = serve(raw(answer), RawServer)
    with pytest.raises(EngineError) as caught:
        connect(engine.endpoint, seconds=5)
    assert caught.value.summary


def test_an_engine_that_hangs_up_at_once_is_asked_once_more_and_then_told(serve: Serve) -> None:
    engine, server = serve(raw(b""), RawServer)
    with pytest.raises(EngineError, match="closed the connection"):
        connect(engine.endpoint, seconds=5)
    assert server.connections == 2


def test_too_old_names_both_versions(serve: Serve) -> None:
    def old(sock: socket.socket, request: str) -> bytes:
        return reply(b'{"Version": "19.03.15", "ApiVersion": "1.40"}') if "version" in request else pong("1.40")

    engine, _ = serve(old, RawServer)
    with pytest.raises(EngineError) as caught:
        connect(engine.endpoint, seconds=5)
    assert caught.value.summary == "the engine is too old: 19.03.15 speaks API 1.40, devbox needs 20.10 (API 1.41)"
    assert caught.value.hint is not None
    assert "`devbox engine start`" in caught.value.hint


@pytest.mark.parametrize(("offered", "spoken"), [("1.41", "1.41"), ("1.43", "1.43"), ("1.52", "1.44")])
def test_the_version_is_the_newest_that_both_know(serve: Serve, offered: str, spoken: str) -> None:
    engine, server = serve(lambda sock, request: pong(offered) if "_ping" in request else reply(b"{}"), RawServer)
    engine.info()
    assert server.requests == ["GET /_ping", f"GET /v{spoken}/version", f"GET /v{spoken}/info"]


def test_one_connection_serves_many_calls(serve: Serve) -> None:
    engine, server = serve(lambda sock, request: reply(b"{}"))
    for _ in range(5):
        engine.info()
    assert server.connections == 1


def test_a_kept_connection_that_the_engine_closed_is_replaced(serve: Serve) -> None:
    engine, server = serve(raw(reply(b'{"Id": "e1"}')))
    assert engine.container("a") is not None
    assert engine.container("a") is not None
    assert server.connections == 2
    assert server.requests.count("GET /v1.41/containers/a/json") == 2


def test_a_call_that_changes_something_is_never_sent_twice(serve: Serve) -> None:
    engine, server = serve(raw(b""))
    with pytest.raises(EngineError, match="closed the connection"):
        engine.exec("a", ExecSpec(("true",)))
    assert server.requests == ["GET /_ping", "POST /v1.41/containers/a/exec"]


def test_a_question_is_sent_twice_at_most(serve: Serve) -> None:
    engine, server = serve(raw(b""))
    with pytest.raises(EngineError, match="closed the connection"):
        engine.container("a")
    assert server.requests == ["GET /_ping", "GET /v1.41/containers/a/json", "GET /v1.41/containers/a/json"]


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Le",
])
def test_a_cut_reply_is_an_error_not_half_an_answer(serve: Serve, answer: bytes) -> None:
    engine, _ = serve(raw(answer))
    with pytest.raises(EngineError, match="closed the connection"):
        engine.container("a")


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b" " * 300_000,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 0x10000 + b"\r\n") * 5,
    b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 300_000,
], ids=["counted", "chunked", "until the end"])
def test_a_reply_past_its_limit_is_cut_off(serve: Serve, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr(http_client, "REPLY_LIMIT", 200_000)
    engine, _ = serve(raw(answer))
    with pytest.raises(EngineError, match="too long"):
        engine.container("a")


@pytest.mark.parametrize("body", [b"not json", b'{"a": ', b"[" * 100_000, b"\xff\xfe\x00"])
def test_a_reply_that_is_no_json_is_an_error(serve: Serve, body: bytes) -> None:
    engine, _ = serve(lambda sock, request: reply(body))
    with pytest.raises(EngineError, match="not a Docker Engine"):
        engine.container("a")


@pytest.mark.parametrize("body", [
    b"[]", b"null", b"7", b'"x"', b'{"Config": 7, "State": [], "Mounts": {"a": 1}, "Name": 3}',
])
def test_fields_of_the_wrong_type_count_as_absent(serve: Serve, body: bytes) -> None:
    engine, _ = serve(lambda sock, request: reply(body))
    found = engine.container("a")
    assert found is not None
    assert (found.id, found.name, found.state, found.mounts, found.labels) == ("", "", "", (), {})
    assert engine.info().version == ""
    assert engine.containers({}) == ()
    assert engine.volumes({}) == ()


@pytest.mark.parametrize(("status", "message", "kind"), [
    ("404 Not Found", "No such container: a", NotFound), ("409 Conflict", "a is not running", Conflict),
    ("500 Internal Server Error", "something broke", Refused),
    ("500 Internal Server Error", "write /x: no space left on device", ExhaustedError),
])
def test_a_refusal_has_its_type_and_the_engines_words(
    serve: Serve, status: str, message: str, kind: type[Exception]
) -> None:
    engine, _ = serve(lambda sock, request: reply(json.dumps({"message": message}).encode(), status))
    with pytest.raises(kind) as caught:
        engine.exec("a", ExecSpec(("true",)))
    assert isinstance(caught.value, (EngineError, ExhaustedError))
    assert caught.value.detail == message


def test_names_can_not_leave_their_place_in_the_path(serve: Serve) -> None:
    engine, server = serve(lambda sock, request: reply(b"{}"))
    engine.container("a b?x=1#c\r\nX: y")
    assert server.requests[-1] == "GET /v1.41/containers/a%20b%3Fx%3D1%23c%0D%0AX:%20y/json"


def test_a_stream_that_breaks_is_told_apart_from_one_that_was_closed(serve: Serve) -> None:
    def broken(sock: socket.socket, request: str) -> None:
        sock.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n')

    engine, _ = serve(broken)
    events = iter(engine.events({}))
    assert next(events) == {}
    with pytest.raises(EngineError, match="closed the connection"):
        next(events)


def test_a_silent_stream_ends_when_another_thread_closes_it(serve: Serve) -> None:
    def silent(sock: socket.socket, request: str) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        time.sleep(3600)

    engine, _ = serve(silent)
    stream = engine.events({})
    reader = threading.Thread(target=lambda: list(stream))
    reader.start()
    stream.close()
    reader.join(5)
    assert not reader.is_alive()
    assert list(stream) == []


def test_exec_half_closes_and_reads_what_came_with_the_headers(serve: Serve) -> None:
    def attach(sock: socket.socket, request: str) -> bytes | None:
        if not request.endswith("/start"):
            return reply(b'{"Id": "e1", "Running": false, "ExitCode": 4}')
        sock.sendall(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n\x01\0\0\0\0\0\0\x05early")
        received = b"".join(iter(lambda: sock.recv(100), b""))
        sock.sendall(b"\x02\0\0\0" + len(received).to_bytes(4, "big") + received)
        return None

    engine, _ = serve(attach)
    session = engine.exec("a", ExecSpec(("cat",), stdin=True))
    session.write(b"input")
    session.end_input()
    assert [(chunk.stream, chunk.data) for chunk in session] == [("stdout", b"early"), ("stderr", b"input")]
    assert session.exit_code() == 4
