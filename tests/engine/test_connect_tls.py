"""TLS to an engine: what works, and every failure told apart (which authority, which name, whose certificate)."""

from __future__ import annotations

import contextlib
import gc
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from devbox.core.errors import EngineError
from devbox.engine.connect import connect
from devbox.engine.http import HttpEngine
from devbox.engine.port import Endpoint, ExecSpec, Tls
from tests.engine.scripted_http import RawServer, ScriptedServer, reply

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl program to make certificates with")


@dataclass(frozen=True)
class Certificates:
    """A folder of certificates: two authorities, and what they signed."""

    folder: Path

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def client(self, name: str = "client", ca: str = "ca") -> Tls:
        return Tls(self.path(f"{ca}.pem"), self.path(f"{name}.pem"), self.path(f"{name}.key"))


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_authority(folder: Path, name: str) -> None:
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


def make_leaf(folder: Path, name: str, authority: str, extensions: str, *validity: str) -> None:
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (folder / f"{name}.ext").write_text(extensions)
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
            "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem", *(validity or ("-days", "2")))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    make_authority(folder, "ca")
    make_authority(folder, "other-ca")
    make_leaf(folder, "server", "ca", "subjectAltName=IP:127.0.0.1\n")
    make_leaf(folder, "elsewhere", "ca", "subjectAltName=DNS:build.example\n")
    make_leaf(folder, "expired", "ca", "subjectAltName=IP:127.0.0.1\n", "-days", "-1")
    make_leaf(folder, "client", "ca", "extendedKeyUsage=clientAuth\n")
    make_leaf(folder, "stranger", "other-ca", "extendedKeyUsage=clientAuth\n")
    return Certificates(folder)


@contextlib.contextmanager
def tls_engine(
    certificates: Certificates, name: str = "server", *, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> Iterator[str]:
    """An engine that wants a client certificate of `ca`; gives its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    context.load_cert_chain(certificates.path(f"{name}.pem"), certificates.path(f"{name}.key"))
    context.load_verify_locations(certificates.path("ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED

    def attach(sock: socket.socket, request: str) -> bytes | None:
        if not request.endswith("/start"):
            return reply(b'{"Id": "e1", "Running": false, "ExitCode": 0, "Version": "20.10.24"}')
        sock.sendall(b"HTTP/1.1 101 UPGRADED\r\n\r\n")
        received = b"".join(iter(lambda: sock.recv(100_000), b""))
        sock.sendall(b"\x01\0\0\0" + len(received).to_bytes(4, "big") + received)
        return None

    listener = socket.create_server(("127.0.0.1", 0))
    server = ScriptedServer(listener, attach, context)
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.close()


def failure(url: str, tls: Tls | None) -> EngineError:
    with pytest.raises(EngineError) as caught:
        connect(Endpoint(url, "DOCKER_HOST", tls), seconds=5)
    assert caught.value.hint
    return caught.value


def test_both_sides_proven_right_works_and_input_is_half_closed(certificates: Certificates) -> None:
    with tls_engine(certificates) as url:
        engine = connect(Endpoint(url, "DOCKER_HOST", certificates.client()), seconds=5)
        assert engine.info().version == "20.10.24"
        session = engine.exec("a", ExecSpec(("cat",), stdin=True))
        session.write(b"x" * 300_000)
        session.end_input()
        assert sum(len(chunk.data) for chunk in session) == 300_000
        session.close()


def test_the_complete_adapter_speaks_tls_too(certificates: Certificates) -> None:
    from devbox.engine.docker_sdk import DockerSdkEngine

    with tls_engine(certificates) as url:
        engine = DockerSdkEngine(Endpoint(url, "DOCKER_HOST", certificates.client()))
        assert engine.info().version == "20.10.24"


def test_a_wrong_authority_is_named(certificates: Certificates) -> None:
    with tls_engine(certificates) as url:
        error = failure(url, certificates.client(ca="other-ca"))
    assert error.summary.endswith(f"the engine's certificate is not signed by {certificates.path('other-ca.pem')}")


def test_an_unknown_authority_is_not_taken_on_trust(certificates: Certificates) -> None:
    with tls_engine(certificates) as url:
        assert "is not signed by the system's authorities" in failure(url, Tls()).summary


def test_a_certificate_for_another_host_names_the_host(certificates: Certificates) -> None:
    with tls_engine(certificates, "elsewhere") as url:
        assert failure(url, certificates.client()).summary.endswith("the engine's certificate is not for 127.0.0.1")


def test_an_expired_certificate_says_so(certificates: Certificates) -> None:
    with tls_engine(certificates, "expired") as url:
        error = failure(url, certificates.client())
    assert "expired" in error.summary
    assert error.hint is not None
    assert "renew" in error.hint


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_missing_client_certificate_is_asked_for(certificates: Certificates, newest: ssl.TLSVersion) -> None:
    with tls_engine(certificates, newest=newest) as url:
        error = failure(url, Tls(certificates.path("ca.pem")))
    assert error.summary.endswith("the engine wants a client certificate and none was given")
    assert error.hint is not None
    assert "DOCKER_CERT_PATH" in error.hint


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_refused_client_certificate_is_named(certificates: Certificates, newest: ssl.TLSVersion) -> None:
    with tls_engine(certificates, newest=newest) as url:
        error = failure(url, certificates.client("stranger"))
    assert error.summary.endswith(f"does not accept the client certificate {certificates.path('stranger.pem')}")


def test_unverified_is_only_what_was_asked_for(certificates: Certificates) -> None:
    client = certificates.client()
    with tls_engine(certificates, "elsewhere") as url:
        unverified = Tls(None, client.cert, client.key, verify=False)
        assert connect(Endpoint(url, "DOCKER_HOST", unverified), seconds=5).info().version == "20.10.24"


def test_a_plain_engine_behind_a_tls_address_says_so(certificates: Certificates) -> None:
    def refuse() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.recv(1000)
            sock.sendall(reply(b"400 Bad Request", "400 Bad Request"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=refuse, daemon=True).start()
        error = failure(f"tcp://127.0.0.1:{listener.getsockname()[1]}", certificates.client())
    assert error.summary.endswith("what answers there does not speak TLS")


def test_a_tls_engine_behind_a_plain_address_says_what_to_set() -> None:
    """Go's TLS server answers plain HTTP with these words."""
    listener = socket.create_server(("127.0.0.1", 0))
    words = b"Client sent an HTTP request to an HTTPS server.\n"
    server = RawServer(listener, lambda sock, request: reply(words, "400 Bad Request"))
    try:
        error = failure(f"tcp://127.0.0.1:{listener.getsockname()[1]}", None)
    finally:
        server.close()
    assert "wants TLS" in error.summary
    assert error.hint is not None
    assert "DOCKER_TLS_VERIFY" in error.hint


def test_an_engine_that_never_shakes_hands_is_given_up(certificates: Certificates) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = Endpoint(f"tcp://127.0.0.1:{silent.getsockname()[1]}", "DOCKER_HOST", certificates.client())
        with pytest.raises(EngineError, match="does not answer"):
            connect(endpoint, seconds=0.3)


@pytest.mark.parametrize("tls", [
    Tls("/no/ca.pem"), Tls(None, "/no/cert.pem", "/no/key.pem"),
])
def test_a_missing_file_is_named(tls: Tls) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        error = failure(f"tcp://127.0.0.1:{server.getsockname()[1]}", tls)
    assert error.summary.startswith("cannot read the TLS file /no/c")


def test_files_that_do_not_belong_together_are_one_error(certificates: Certificates, tmp_path: Path) -> None:
    mixed = Tls(certificates.path("ca.pem"), certificates.path("client.pem"), certificates.path("stranger.key"))
    (tmp_path / "empty.pem").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert "can't be used" in failure(url, mixed).summary
        assert "can't be used" in failure(url, Tls(str(tmp_path / "empty.pem"))).summary


def test_nothing_hangs_open_after_a_failure(certificates: Certificates, recwarn: pytest.WarningsRecorder) -> None:
    with tls_engine(certificates) as url:
        failure(url, certificates.client(ca="other-ca"))
        engine = HttpEngine(Endpoint(url, "DOCKER_HOST", certificates.client()))
        engine.info()
        engine.close()
        del engine
        gc.collect()
        # By the port: garbage of other tests may be collected, and warned about, at any moment.
        port = int(url.rpartition(":")[2])
        warned = [str(warning.message) for warning in recwarn]
        assert [text for text in warned if f"raddr=('127.0.0.1', {port})" in text] == []
        open_sockets = psutil.Process().net_connections("tcp")
        assert [link for link in open_sockets if link.raddr and link.raddr.port == port] == []
