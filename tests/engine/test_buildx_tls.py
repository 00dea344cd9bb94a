"""buildx on an engine behind TLS with a client certificate: the context that devbox writes for it really works."""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import ssl
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from devbox.core.build import StepStatus
from devbox.engine.builder import BuildRequest, Progress
from devbox.engine.buildx import BuildxBuilder
from devbox.engine.buildx_program import BuildxProgram, find_buildx
from devbox.engine.port import Endpoint, Engine, Tls
from tests.engine.test_connect_tls import Certificates, make_authority, make_leaf

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl program to make certificates with"),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    make_authority(folder, "ca")
    make_leaf(folder, "server", "ca", "subjectAltName=IP:127.0.0.1\n")
    make_leaf(folder, "client", "ca", "extendedKeyUsage=clientAuth\n")
    return Certificates(folder)


@contextlib.contextmanager
def tls_front(certificates: Certificates, engine: Endpoint) -> Iterator[str]:
    """The engine behind TLS; gives its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.path("server.pem"), certificates.path("server.key"))
    context.load_verify_locations(certificates.path("ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = engine.url.removeprefix("unix://")
        threading.Thread(target=_serve, args=(listener, context, target), daemon=True).start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, context: ssl.SSLContext, target: str) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_relay, args=(plain, context, target), daemon=True).start()


def _relay(plain: socket.socket, context: ssl.SSLContext, target: str) -> None:
    """One connection, by one thread: a TLS object must not be read and written at once."""
    with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as ours, socket.socket(
        socket.AF_UNIX
    ) as theirs:
        theirs.connect(target)
        while True:
            ready = [ours] if ours.pending() else select.select([ours, theirs], [], [])[0]
            for source, sink in ((ours, theirs), (theirs, ours)):
                if source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    sink.sendall(data)


def build(url: str, tls: Tls | None, buildx_env: dict[str, str], base_image: str, tmp_path: Path, tag: str) -> Progress:
    program = find_buildx(buildx_env, Path(buildx_env["HOME"]))
    assert isinstance(program, BuildxProgram)
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image}\nRUN echo {uuid.uuid4().hex}\n")
    builder = BuildxBuilder(
        program, Endpoint(url, "test", tls), env=buildx_env, home=tmp_path, scratch=tmp_path / "scratch"
    )
    *_, last = builder.build(BuildRequest(str(tmp_path), str(tmp_path / "Dockerfile"), tag))
    assert isinstance(last, Progress)
    return last


def test_build_through_tls(
    certificates: Certificates, docker_endpoint: Endpoint, engine: Engine, buildx_env: dict[str, str], base_image: str,
    tmp_path: Path,
) -> None:
    tag = f"devbox-test/tls-{uuid.uuid4().hex[:8]}:1"
    with tls_front(certificates, docker_endpoint) as url:
        last = build(url, certificates.client(), buildx_env, base_image, tmp_path, tag)
    try:
        assert last.state.outcome == "ok"
        assert last.state.steps[-1].status is StepStatus.MISS
        assert last.state.image
    finally:
        engine.remove_image(tag, force=True)


def test_without_a_certificate_the_engine_refuses(
    certificates: Certificates, docker_endpoint: Endpoint, buildx_env: dict[str, str], base_image: str, tmp_path: Path
) -> None:
    with tls_front(certificates, docker_endpoint) as url:
        last = build(url, Tls(ca=certificates.path("ca.pem")), buildx_env, base_image, tmp_path, "devbox-test/never:1")
    assert last.state.outcome == "failed"
    assert any("ERROR" in line for line in last.state.text)
