"""What only the SDK adapter does: import late, give up in time, leave nothing half made, read files, build."""

from __future__ import annotations

import _thread
import io
import socket
import subprocess
import sys
import tarfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from devbox.core.errors import EngineError
from devbox.engine import sdk_transport
from devbox.engine.deadline import within
from devbox.engine.docker_sdk import DockerSdkEngine
from devbox.engine.port import ContainerSpec, Endpoint, Engine, NotFound
from devbox.engine.tar_file import FileReader
from tests.engine.scripted_http import reply, unix_server

ROOT = Path(__file__).parents[2]


def test_importing_the_adapters_loads_no_sdk() -> None:
    script = (
        "import sys, devbox.engine.connect, devbox.engine.split, devbox.engine.docker_sdk\n"
        "late = ('docker', 'requests', 'urllib3', 'ssl', 'http.client', 'email', 'subprocess', 'asyncio')\n"
        "print([name for name in late if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_a_call_past_its_deadline_is_given_up() -> None:
    start = time.monotonic()
    with pytest.raises(EngineError, match="did not think within 0 seconds"):
        within(0.05, lambda: time.sleep(3600), "think")
    assert time.monotonic() - start < 5


def test_an_interrupt_lets_the_running_call_finish_first() -> None:
    finished = threading.Event()

    def change() -> None:
        _thread.interrupt_main()
        time.sleep(0.2)
        finished.set()

    with pytest.raises(KeyboardInterrupt):
        within(10, change, "change something")
    assert finished.is_set()


def test_errors_and_values_come_through_the_deadline_unchanged() -> None:
    def fail() -> None:
        raise NotFound("gone")

    assert within(5, lambda: 7, "count") == 7
    with pytest.raises(NotFound, match="gone"):
        within(5, fail, "count")



@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", b"garbage\r\n\r\n", reply(b"not json"), b"",
    reply(b"[" * 100_000), reply(b"<html>", "502 Bad Gateway"),
])
def test_a_broken_reply_is_one_error(tmp_path: Path, answer: bytes) -> None:
    def handle(sock: socket.socket, request: str) -> None:
        sock.sendall(answer)

    with unix_server(str(tmp_path / "s"), handle):
        engine = DockerSdkEngine(Endpoint(f"unix://{tmp_path}/s", "test"))
        for call in (lambda: engine.container("a"), lambda: engine.create_volume("a", ())):
            with pytest.raises(EngineError) as caught:
                call()
            assert caught.value.summary.startswith("the engine can't ")


def test_a_reply_past_its_limit_is_cut_off(tmp_path: Path) -> None:
    with unix_server(str(tmp_path / "s"), lambda sock, request: reply(b" " * 300_000)):
        endpoint = Endpoint(f"unix://{tmp_path}/s", "test")
        engine = DockerSdkEngine(endpoint)
        engine._sdk.client.mount("http://", sdk_transport.EngineAdapter(endpoint, 200_000))
        with pytest.raises(EngineError, match="too long"):
            engine.container("a")


def test_no_engine_has_the_same_words_as_in_the_small_adapter(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="there is no socket at"):
        DockerSdkEngine(Endpoint(f"unix://{tmp_path}/none", "default")).create_volume("v", ())


def test_a_silent_stream_ends_when_another_thread_closes_it(tmp_path: Path) -> None:
    def silent(sock: socket.socket, request: str) -> None:
        sock.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n')
        time.sleep(3600)

    with unix_server(str(tmp_path / "s"), silent):
        stream = DockerSdkEngine(Endpoint(f"unix://{tmp_path}/s", "test")).events({})
        seen: list[object] = []
        reader = threading.Thread(target=lambda: seen.extend(stream))
        reader.start()
        stream.close()
        reader.join(5)
        assert not reader.is_alive()


def archive(*members: tarfile.TarInfo, content: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(content) if member.isfile() else None)
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def reader(files: dict[str, bytes]) -> FileReader:
    def fetch(path: str) -> Iterator[bytes]:
        if path not in files:
            raise NotFound(path)
        data = files[path]
        return iter([data[start:start + 100] for start in range(0, len(data), 100)])

    return FileReader(fetch)


def test_links_are_followed_inside_the_container() -> None:
    files = reader({
        "/etc/os-release": archive(entry("os-release", tarfile.SYMTYPE, "../usr/lib/os-release")),
        "/usr/lib/os-release": archive(entry("os-release", size=3), content=b"ID="),
    })
    assert files.read("/etc/os-release", 100) == b"ID="


@pytest.mark.parametrize("tar", [
    archive(entry("a", tarfile.SYMTYPE, "a")), archive(entry("a", tarfile.DIRTYPE)),
    archive(entry("a", tarfile.FIFOTYPE)), archive(entry("a", tarfile.CHRTYPE)),
    archive(entry("a", size=101), content=b"x" * 101), archive(), b"", b"x" * 2000,
    archive(entry("a", size=50), content=b"x" * 50)[:530],
], ids=["loop", "folder", "fifo", "device", "too long", "empty", "nothing", "no tar", "cut"])
def test_what_is_no_whole_small_file_is_none(tar: bytes) -> None:
    assert reader({"/a": tar}).read("/a", 100) in (None, b"")


def test_a_network_that_can_not_be_joined_leaves_no_container(tmp_path: Path) -> None:
    def handle(sock: socket.socket, request: str) -> bytes:
        if "/connect" in request:
            return reply(b'{"message": "no address is left"}', "500 Internal Server Error")
        return reply(b'{"Id": "abc"}', "201 Created")

    with unix_server(str(tmp_path / "s"), handle) as server:
        engine = DockerSdkEngine(Endpoint(f"unix://{tmp_path}/s", "test"))
        with pytest.raises(EngineError, match="no address is left"):
            engine.create_container(ContainerSpec("n", "i", (), networks=(("one", ()), ("two", ()))))
    assert [request.split("?")[0] for request in server.requests] == [
        "GET /_ping", "POST /v1.41/containers/create", "POST /v1.41/networks/two/connect",
        "DELETE /v1.41/containers/abc",
    ]


@pytest.mark.engine
def test_a_mount_whose_source_is_missing_is_refused_not_made(engine: Engine, base_image: str, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(EngineError, match="bind source path does not exist"):
        engine.create_container(ContainerSpec(
            f"sdk-{uuid.uuid4().hex[:8]}", base_image, (), binds=((str(missing), "/x", False),)
        ))
    assert not missing.exists()


@pytest.mark.engine
def test_the_classic_builder_builds_and_tells(engine: Engine, base_image: str) -> None:
    tag = f"sdk-{uuid.uuid4().hex[:8]}:1"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        content = f"FROM {base_image}\nARG WORD\nRUN echo said $WORD\n".encode()
        tar.addfile(entry("Dockerfile", size=len(content)), io.BytesIO(content))
    stream = engine.classic_build(
        iter([buffer.getvalue()]), dockerfile="Dockerfile", tags=(tag,), target=None, args=(("WORD", "hello"),),
        labels=(("devbox-test", tag),), no_cache=True, pull=False,
    )
    try:
        text = "".join(str(message.get("stream", "")) for message in stream)
        assert "said hello" in text
        image = engine.image(tag)
        assert image is not None
        assert image.labels == {"devbox-test": tag}
    finally:
        engine.remove_image(tag, force=True)
