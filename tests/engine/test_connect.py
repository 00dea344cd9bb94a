"""Which engine is chosen, and what is said when it can't be used."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from devbox.core.errors import ConfigError, EngineError
from devbox.engine.connect import connect, resolve_endpoint
from devbox.engine.contexts import context_names
from devbox.engine.http import HttpEngine
from devbox.engine.port import ContainerSpec, Endpoint, ExecSpec, Tls
from tests.engine.scripted_http import unix_server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """A default socket that does not exist."""
    return tmp_path / "none.sock"


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def add_context(config: Path, name: str, host: str, *, skip_verify: bool = False) -> Path:
    identity = hashlib.sha256(name.encode()).hexdigest()
    write_json(config / "contexts/meta" / identity / "meta.json", {
        "Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": skip_verify}},
    })
    return config / "contexts/tls" / identity / "docker"


def test_the_first_that_is_named_is_final(home: Path, nowhere: Path, tmp_path: Path) -> None:
    add_context(home / ".docker", "work", "unix:///work.sock")
    add_context(home / ".docker", "colima", "unix:///colima.sock")
    write_json(home / ".docker/config.json", {"currentContext": "colima"})
    settings = tmp_path / "config.toml"
    settings.write_text('engine = "unix:///settings.sock"\n')
    env = {"DOCKER_HOST": "unix:///host.sock", "DOCKER_CONTEXT": "work"}

    def chosen(flag: str | None, env: Mapping[str, str], settings: Path | None = settings) -> tuple[str, str]:
        endpoint = resolve_endpoint(flag, env, home, settings=settings, default_socket=nowhere)
        return endpoint.url, endpoint.source

    assert chosen("unix:///flag.sock", env) == ("unix:///flag.sock", "--engine")
    assert chosen("work", env) == ("unix:///work.sock", "--engine")
    assert chosen(None, env) == ("unix:///host.sock", "DOCKER_HOST")
    assert chosen(None, {**env, "DOCKER_HOST": ""}) == ("unix:///work.sock", "DOCKER_CONTEXT")
    assert chosen(None, {}) == ("unix:///settings.sock", str(settings))
    assert chosen(None, {}, None) == ("unix:///colima.sock", "context colima")


def test_docker_config_names_another_folder(home: Path, tmp_path: Path, nowhere: Path) -> None:
    add_context(tmp_path / "cfg", "far", "ssh://ada@build.example:2222")
    write_json(tmp_path / "cfg/config.json", {"currentContext": "far"})
    endpoint = resolve_endpoint(None, {"DOCKER_CONFIG": str(tmp_path / "cfg")}, home, default_socket=nowhere)
    assert (endpoint.url, endpoint.context, endpoint.local) == ("ssh://ada@build.example:2222", "far", False)


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """A private engine that runs."""
    path = tmp_path / "p.sock"
    with unix_server(str(path), lambda sock, request: None):
        yield path


def test_where_nothing_is_named_the_private_engine_comes_after_the_usual_sockets(
    home: Path, tmp_path: Path, nowhere: Path, private: Path
) -> None:
    def chosen(default: Path, env: Mapping[str, str] | None = None) -> tuple[str, str]:
        endpoint = resolve_endpoint(None, env or {}, home, private_socket=private, default_socket=default)
        return endpoint.url, endpoint.source

    assert chosen(nowhere) == (f"unix://{private}", "private engine")
    leftover = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(leftover))
    assert chosen(leftover) == (f"unix://{private}", "private engine")
    rootless = tmp_path / "run"
    rootless.mkdir()
    with unix_server(str(rootless / "docker.sock"), lambda sock, request: None):
        assert chosen(nowhere, {"XDG_RUNTIME_DIR": str(rootless)}) == (f"unix://{rootless}/docker.sock", "default")
        with unix_server(str(nowhere), lambda sock, request: None):
            assert chosen(nowhere, {"XDG_RUNTIME_DIR": str(rootless)}) == (f"unix://{nowhere}", "default")


def test_an_engine_that_is_named_and_down_is_not_replaced_by_the_private_one(
    home: Path, nowhere: Path, private: Path
) -> None:
    endpoint = resolve_endpoint(f"unix://{nowhere}", {}, home, private_socket=private)
    with pytest.raises(EngineError):
        connect(endpoint)


def test_the_context_called_default_is_the_default_socket(home: Path, nowhere: Path) -> None:
    write_json(home / ".docker/config.json", {"currentContext": "default"})
    for flag in ("default", None):
        assert resolve_endpoint(flag, {}, home, default_socket=nowhere).source == "default"


def test_an_unknown_context_names_the_nearest(home: Path) -> None:
    add_context(home / ".docker", "colima", "unix:///c.sock")
    with pytest.raises(EngineError) as caught:
        resolve_endpoint("colma", {}, home)
    assert "no docker context named colma" in caught.value.summary
    assert caught.value.hint is not None
    assert "`colima`" in caught.value.hint
    assert context_names(home / ".docker") == ("colima",)


@pytest.mark.parametrize("meta", [{}, {"Name": "x"}, {"Name": "other", "Endpoints": {"docker": {"Host": "unix:///s"}}},
                                  {"Name": "x", "Endpoints": []}, []])
def test_a_context_file_that_says_nothing_useful_is_an_unknown_context(home: Path, meta: Any) -> None:
    write_json(home / ".docker/contexts/meta" / hashlib.sha256(b"x").hexdigest() / "meta.json", meta)
    with pytest.raises(EngineError, match="no docker context named x"):
        resolve_endpoint("x", {}, home)


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"\xff", b'{"currentContext": "x"'])
def test_a_broken_docker_config_is_one_error_with_its_path(home: Path, content: bytes) -> None:
    path = home / ".docker/config.json"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        resolve_endpoint(None, {}, home)
    assert caught.value.path == str(path)


def test_files_that_are_no_small_regular_files_are_refused(home: Path) -> None:
    path = home / ".docker/config.json"
    path.parent.mkdir()
    os.mkfifo(path)
    with pytest.raises(ConfigError, match="not a regular file"):
        resolve_endpoint(None, {}, home)
    path.unlink()
    path.write_bytes(b" " * (1 << 20) + b"{}")
    with pytest.raises(ConfigError, match="1 MiB"):
        resolve_endpoint(None, {}, home)


@pytest.mark.parametrize(("content", "line"), [
    (b"engine = 1\n", None), (b"theme = 'x'\nengine = \n", 2), (b"\xff", None),
])
def test_a_broken_settings_file_is_one_error_with_its_place(
    home: Path, tmp_path: Path, content: bytes, line: int | None
) -> None:
    settings = tmp_path / "config.toml"
    settings.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        resolve_endpoint(None, {}, home, settings=settings)
    assert (caught.value.path, caught.value.line) == (str(settings), line)


@pytest.mark.parametrize("url", [
    "unix://relative.sock", "unix://", "npipe:////./pipe/docker", "fd://", "ssh://-oProxyCommand=x", "ssh://a@-b",
    "tcp://", "tcp://host:0", "tcp://host:99999", "tcp://user@host:1", "tcp://host:1/path", "ssh://a b", "tcp://[::1",
])
def test_addresses_that_devbox_does_not_speak_are_refused(home: Path, url: str) -> None:
    with pytest.raises(EngineError, match="cannot use"):
        connect(resolve_endpoint(url, {}, home))


def test_a_password_in_an_address_is_not_repeated(home: Path) -> None:
    with pytest.raises(EngineError) as caught:
        resolve_endpoint("https://ada:hunter2@host:1", {}, home)
    assert "hunter2" not in f"{caught.value.summary}{caught.value.detail}{caught.value.hint}"


def test_tls_follows_dockers_variables(home: Path, tmp_path: Path) -> None:
    def tls(env: Mapping[str, str]) -> Tls | None:
        return resolve_endpoint("tcp://h:2376", env, home).tls

    assert tls({}) is None
    assert tls({"DOCKER_TLS_VERIFY": "1"}) == Tls()
    certs = tmp_path / "certs"
    certs.mkdir()
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (certs / name).touch()
    ca, cert, key = (str(certs / name) for name in ("ca.pem", "cert.pem", "key.pem"))
    assert tls({"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(certs)}) == Tls(ca, cert, key)
    assert tls({"DOCKER_CERT_PATH": str(certs)}) == Tls(None, cert, key, verify=False)
    assert resolve_endpoint("unix:///s", {"DOCKER_TLS_VERIFY": "1"}, home).tls is None


def test_a_contexts_certificates_are_its_own(home: Path) -> None:
    folder = add_context(home / ".docker", "far", "tcp://h:2376")
    folder.mkdir(parents=True)
    (folder / "ca.pem").touch()
    assert resolve_endpoint("far", {}, home).tls == Tls(ca=str(folder / "ca.pem"))
    add_context(home / ".docker", "lax", "tcp://h:2376", skip_verify=True)
    assert resolve_endpoint("lax", {}, home).tls == Tls(verify=False)


def failure(url: str, source: str = "default") -> EngineError:
    with pytest.raises(EngineError) as caught:
        connect(Endpoint(url, source))
    assert caught.value.exit_code == 4
    assert caught.value.hint
    return caught.value


def test_no_socket_says_how_to_get_an_engine(nowhere: Path) -> None:
    error = failure(f"unix://{nowhere}")
    assert error.summary == f"no engine: there is no socket at {nowhere}"
    assert error.hint is not None
    assert "`devbox engine start`" in error.hint
    named = failure(f"unix://{nowhere}", "DOCKER_HOST")
    assert named.hint is not None
    assert "DOCKER_HOST" in named.hint


def test_a_left_over_socket_says_that_the_engine_is_down(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(tmp_path / "s"))
    assert failure(f"unix://{tmp_path}/s").summary == f"the engine is not running: nothing listens on {tmp_path}/s"


def test_a_closed_port_and_an_unknown_host_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "not running" in failure(f"tcp://127.0.0.1:{port}", "--engine").summary
    assert "can't be resolved" in failure("tcp://no-such-host.invalid:1", "--engine").summary


def test_a_path_too_long_for_a_socket_is_an_error_not_a_crash(tmp_path: Path) -> None:
    assert "cannot connect" in failure(f"unix://{tmp_path}/{'x' * 200}").summary


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone without the permission")
def test_permission_denied_names_the_group() -> None:
    # Not below pytest's folder, which nobody else may enter.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        os.chmod(folder, 0o755)
        path = Path(folder) / "s"
        server.bind(str(path))
        server.listen()
        path.chmod(0o660)
        os.chown(path, 0, 4)  # adm
        script = (
            "import os, sys; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "try: connect(Endpoint(sys.argv[1], 'default'))\n"
            "except EngineError as error: print(error.summary, '|', error.hint)\n"
        )
        imports = (
            "from devbox.engine.connect import connect; from devbox.engine.port import Endpoint;"
            "from devbox.core.errors import EngineError; import grp, devbox.engine.dial\n"
        )
        argv = [sys.executable, "-c", imports + script, f"unix://{path}"]
        said = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"permission denied on {path}, which is for the group adm | ")
    assert '`sudo usermod -aG adm "$USER"`' in said


def fake_ssh(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    folder.mkdir(mode=0o755)
    (folder / "ssh").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_failing_ssh_is_told_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ssh(tmp_path / "bin", monkeypatch, "echo 'Permission denied (publickey).' >&2; exit 255")
    error = failure("ssh://ada@build.example", "--engine")
    assert error.summary == "ssh to ssh://ada@build.example failed: Permission denied (publickey)."
    assert error.hint is not None
    assert "`docker -H ssh://ada@build.example version`" in error.hint


def test_ssh_never_asks_and_never_takes_a_host_for_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ssh(tmp_path / "bin", monkeypatch, f'echo "$@" > {tmp_path}/argv; exit 1')
    failure("ssh://ada@build.example:2222", "--engine")
    argv = (tmp_path / "argv").read_text().strip()
    assert argv == (
        "-T -o BatchMode=yes -o ConnectTimeout=10 -l ada -p 2222 -- build.example docker system dial-stdio"
    )


@pytest.mark.engine
def test_an_engine_behind_ssh_serves_every_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, docker_endpoint: Endpoint, base_image: str
) -> None:
    """The far side is real (`docker system dial-stdio`); only the network between is left out."""
    from devbox.engine.docker_sdk import DockerSdkEngine

    fake_ssh(tmp_path / "bin", monkeypatch, f"exec docker -H {docker_endpoint.url} system dial-stdio")
    far = DockerSdkEngine(Endpoint("ssh://build.example", "--engine"))
    id = far.create_container(ContainerSpec(f"ssh-{os.getpid()}", base_image, (), ("sleep", "60"), stop_timeout=1))
    try:
        far.start(id)
        session = far.exec(id, ExecSpec(("cat",), stdin=True))
        session.write(b"over ssh")
        session.end_input()
        assert b"".join(chunk.data for chunk in session) == b"over ssh"
        assert session.exit_code() == 0
    finally:
        far.remove_container(id)


@pytest.mark.engine
def test_a_terminal_inside_a_container_knows_its_size(docker_endpoint: Endpoint, base_image: str) -> None:
    from devbox.engine.docker_sdk import DockerSdkEngine

    engine = DockerSdkEngine(docker_endpoint)
    id = engine.create_container(ContainerSpec(f"tty-{os.getpid()}", base_image, (), ("sleep", "60"), stop_timeout=1))
    try:
        engine.start(id)
        spec = ExecSpec(("sh", "-c", "read x; stty size; exit 5"), tty=True, stdin=True)
        session = connect(docker_endpoint).exec(id, spec)
        session.resize(123, 45)
        session.write(b"go\n")
        output = b"".join(chunk.data for chunk in session)
        assert b"45 123" in output
        assert session.exit_code() == 5
    finally:
        engine.remove_container(id)


@pytest.mark.engine
def test_a_real_engine_connects_and_is_described(docker_endpoint: Endpoint) -> None:
    engine = connect(docker_endpoint)
    assert isinstance(engine, HttpEngine)
    assert engine.info().version
    assert engine.endpoint == docker_endpoint
