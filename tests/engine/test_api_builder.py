"""BuildKit over the engine's API: what an engine that refuses, breaks off, hangs or lies does to a build. Builds on a
real engine are in `tests/flows/test_build_real.py`."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import socket
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devbox.core.build import BuildState
from devbox.core.buildstream import LogChunk, StreamMessage, Vertex
from devbox.core.errors import BuildError, EngineError, UsageError
from devbox.core.project import Secret
from devbox.engine.api_builder import ApiBuilder, api_problem, shares_network
from devbox.engine.builder import BuildRequest, Output, Progress
from devbox.engine.context_server import ContextServer
from devbox.engine.port import Endpoint, EngineInfo
from tests.engine.scripted_http import Handler, ScriptedServer, reply, unix_server
from tests.engine.test_buildkit_trace import encoded
from tests.flows.build_bench import pack

OK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    (tmp_path / "Dockerfile").write_text("FROM x\nRUN y\n")
    return BuildRequest(str(tmp_path), str(tmp_path / "Dockerfile"), "t:1", args_from_env=("http_proxy",))


@contextmanager
def served(tmp_path: Path, handler: Handler, **more: Any) -> Iterator[tuple[ApiBuilder, ScriptedServer]]:
    with unix_server(str(tmp_path / "s"), handler) as server:
        yield ApiBuilder(Endpoint(f"unix://{tmp_path}/s", "test"), pack, env={"http_proxy": "p"}, **more), server


def trace(name: str, **more: Any) -> bytes:
    vertex = Vertex("sha256:1", name, started=1.0, **more)
    message = StreamMessage((vertex,), logs=(LogChunk("sha256:1", 1, b"said\n"),))
    return line(id="moby.buildkit.trace", aux=b64encode(encoded(message)).decode())


def line(**message: Any) -> bytes:
    return json.dumps(message).encode() + b"\r\n"


def ended(builder: ApiBuilder, request: BuildRequest) -> tuple[BuildState, bytes]:
    updates = list(builder.build(request))
    assert isinstance(updates[-1], Progress)
    return updates[-1].state, b"".join(update.data for update in updates if isinstance(update, Output))


def test_messages_become_steps_and_the_image_is_the_end(tmp_path: Path, request_: BuildRequest) -> None:
    done = trace("[2/2] RUN y", completed=3.0) + line(id="moby.image.id", aux={"ID": "sha256:abc"})
    with served(tmp_path, lambda sock, asked: reply(done)) as (builder, server):
        state, output = ended(builder, request_)
    assert (state.outcome, state.image, state.builder) == ("ok", "sha256:abc", "engine API (BuildKit)")
    assert [(step.key.index, str(step.status), step.seconds) for step in state.steps] == [(2, "miss", 2.0)]
    assert output == b"said\n"
    [asked] = [each for each in server.requests if each.startswith("POST")]
    assert "/build?version=2&" in asked
    assert "buildargs=%7B%22http_proxy%22%3A+%22p%22%7D" in asked
    assert "&buildid=" in asked


def test_an_engine_that_refuses_is_a_failed_build_in_its_words(tmp_path: Path, request_: BuildRequest) -> None:
    refused = reply(b'{"message":"dockerfile parse error line 2: no"}', "400 Bad Request")
    with served(tmp_path, lambda sock, asked: refused) as (builder, _):
        state, _ = ended(builder, request_)
    assert state.outcome == "failed"
    assert "dockerfile parse error line 2" in state.text[-1]


def test_a_refusal_is_heard_though_the_context_is_not_read(tmp_path: Path, request_: BuildRequest) -> None:
    (tmp_path / "big").write_bytes(bytes(8 << 20))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                with sock:
                    pinged = b"_ping" in sock.recv(4096)
                    refused = reply(b'{"message":"no room"}', "500 Internal Server Error", Connection="close")
                    sock.sendall(reply(b"OK", Api_Version="1.41", Connection="close") if pinged else refused)

    threading.Thread(target=serve, daemon=True).start()
    state, _ = ended(ApiBuilder(Endpoint(f"unix://{tmp_path}/s", "test"), pack, env={}), request_)
    listener.close()
    assert state.outcome == "failed"
    assert "no room" in state.text[-1]


def test_an_engine_that_breaks_off_is_an_interrupted_build(tmp_path: Path, request_: BuildRequest) -> None:
    def half(sock: socket.socket, asked: str) -> None:
        body = trace("[2/2] RUN y")
        sock.sendall(OK + b"%x\r\n%b\r\n" % (len(body), body))
        sock.shutdown(socket.SHUT_RDWR)

    with served(tmp_path, half) as (builder, _):
        state, output = ended(builder, request_)
    assert (state.outcome, str(state.steps[0].status)) == ("interrupted", "interrupted")
    assert output == b"said\n"
    assert state.text == ("ERROR: the engine closed the connection",)


def test_an_engine_that_says_nothing_at_all_is_an_engine_error(tmp_path: Path, request_: BuildRequest) -> None:
    with (
        served(tmp_path, lambda sock, asked: sock.shutdown(socket.SHUT_RDWR)) as (builder, _),
        pytest.raises(EngineError, match="closed the connection"),
    ):
        list(builder.build(request_))


def test_messages_that_make_no_sense_are_passed_over(tmp_path: Path, request_: BuildRequest) -> None:
    odd = [
        line(id="moby.buildkit.trace", aux="no base64"), line(id="moby.buildkit.trace", aux={"ID": 5}),
        line(id=[1], aux=[2], error={"x": 1}), line(stream="Successfully tagged"), b"[1, 2]\n", b"\n",
        trace("[2/2] RUN y", completed=2.0), line(aux={"ID": 7}),
    ]
    with served(tmp_path, lambda sock, asked: reply(b"".join(odd))) as (builder, _):
        state, _ = ended(builder, request_)
    assert state.outcome == "interrupted"
    assert [str(step.status) for step in state.steps] == ["miss"]


def test_closing_while_the_engine_hangs_ends_at_once_and_tells_it(tmp_path: Path, request_: BuildRequest) -> None:
    hanging, told = threading.Event(), threading.Event()

    def hang(sock: socket.socket, asked: str) -> bytes | None:
        if "/build/cancel?id=" in asked:
            told.set()
            return reply()
        hanging.set()
        sock.recv(1)  # until the other side closes
        return None

    with served(tmp_path, hang) as (builder, server):
        run = builder.build(request_)

        def close() -> None:
            assert hanging.wait(10)
            run.close()

        threading.Thread(target=close).start()
        started = time.monotonic()
        updates = list(run)
        assert time.monotonic() - started < 5
        assert told.wait(5)
    assert isinstance(updates[-1], Progress)
    assert updates[-1].state.outcome == "cancelled"
    [asked] = [each for each in server.requests if "/build?" in each]
    [cancelled] = [each for each in server.requests if "/build/cancel" in each]
    assert cancelled.rpartition("id=")[2] == asked.rpartition("buildid=")[2]


def test_closed_before_it_began_it_asks_for_nothing(tmp_path: Path, request_: BuildRequest) -> None:
    with served(tmp_path, lambda sock, asked: reply()) as (builder, server):
        run = builder.build(request_)
        run.close()
        updates = list(run)
    assert isinstance(updates[-1], Progress)
    assert updates[-1].state.outcome == "cancelled"
    assert not [asked for asked in server.requests if "/build?" in asked]


def test_what_needs_a_session_is_refused_by_name(tmp_path: Path, request_: BuildRequest) -> None:
    builder = ApiBuilder(Endpoint("unix:///nowhere", "test"), pack, env={})
    with pytest.raises(BuildError, match=r"build secrets \(tok\) need buildx"):
        builder.build(replace(request_, secrets=(Secret("tok", env="T"),)))
    with pytest.raises(BuildError, match=r"named contexts \(docs\) need buildx"):
        builder.build(replace(request_, extra_contexts=(("docs", "/docs"),)))
    with pytest.raises(UsageError, match="--no-cache-filter"):
        builder.build(replace(request_, no_cache_filter=("dev",)))


def fetched(url: str) -> bytes:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
        content: bytes = answer.read()
        return content


def test_with_the_containerd_store_the_engine_fetches_the_context(tmp_path: Path, request_: BuildRequest) -> None:
    got: list[bytes] = []

    def fetch(sock: socket.socket, asked: str) -> bytes:
        url = urllib.parse.parse_qs(asked.partition("?")[2])["remote"][0]
        got.append(fetched(url))
        with pytest.raises(urllib.error.HTTPError):
            fetched(url.replace("/ctx.tar", "/other"))
        return reply(trace("[2/2] RUN y", completed=3.0) + line(id="moby.image.id", aux={"ID": "sha256:abc"}))

    with served(tmp_path, fetch, serve=True) as (builder, _):
        state, _ = ended(builder, request_)
    assert state.outcome == "ok"
    with tarfile.open(fileobj=io.BytesIO(got[0])) as tar:
        assert tar.getnames() == ["Dockerfile"]


def test_a_context_that_cannot_be_made_is_not_taken_for_a_whole_one() -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise BuildError("cannot read x")

    server = ContextServer(broken)
    with pytest.raises(http.client.IncompleteRead):
        fetched(server.url)
    assert str(server.failure) == "cannot read x"
    url = server.url
    server.close()
    with pytest.raises(urllib.error.URLError):
        fetched(url)


LOCAL = Endpoint("unix:///run/docker.sock", "test")
HERE = EngineInfo(
    "26.1.5", "1.45", "linux", "x86_64", kernel=os.uname().release, name=os.uname().nodename,
    operating_system="Debian GNU/Linux 12",
)


def test_engines_without_buildkit_are_not_built_on() -> None:
    podman = replace(HERE, raw={"version": {"Components": [{"Name": "Podman Engine"}]}})
    assert api_problem(LOCAL, podman) == "Podman has no BuildKit"
    assert "Windows" in (api_problem(LOCAL, replace(HERE, os="windows")) or "")
    assert api_problem(Endpoint("ssh://far", "test"), HERE) is None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the engine is always in a machine of its own")
def test_the_loopback_address_is_used_only_where_the_engine_reaches_it() -> None:
    store = replace(HERE, containerd_store=True)
    assert api_problem(LOCAL, store) is None
    for endpoint, info in (
        (Endpoint("tcp://127.0.0.1:2375", "test"), store), (LOCAL, replace(store, rootless=True)),
        (LOCAL, replace(store, operating_system="Docker Desktop")), (LOCAL, replace(store, name="other")),
        (LOCAL, replace(store, kernel="6.6.6-linuxkit")),
    ):
        assert not shares_network(endpoint, info)
        assert "containerd image store" in (api_problem(endpoint, info) or "")
