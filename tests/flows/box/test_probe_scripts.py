"""The probe scripts, run here with a PATH that holds one client at a time, against a real server."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devbox.flows.box.probes import _http_argvs, _tcp_argvs

CLIENTS = ("curl", "python3", "wget", "node", "bash", "perl", "nc")
NEEDED = ("sh",)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert self.headers["Host"]
        self.send_response({"/ok?x=50%25": 200, "/moved": 302, "/gone": 404}.get(self.path, 500))
        if self.path == "/moved":
            self.send_header("Location", "/ok?x=50%25")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made.server_address[1]
    made.shutdown()


def run(argv: tuple[str, ...], folder: Path, *programs: str) -> subprocess.CompletedProcess[str]:
    """Run a script as it would run in an image that has only these programs."""
    for program in (*NEEDED, *programs):
        path = sys.executable if program == "python3" else shutil.which(program)
        if path is None:
            pytest.skip(f"no {program} here")
        link = folder / program
        if not link.exists():
            link.symlink_to(os.path.realpath(path))
    return subprocess.run(
        (str(folder / argv[0]), *argv[1:]), env={"PATH": str(folder)}, capture_output=True, text=True, timeout=20,
        check=False,
    )


@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_tells_ready_from_not_ready(client: str, server: int, tmp_path: Path) -> None:
    def ask(path: str, port: int = server) -> int:
        return run(_http_argvs(f"http://127.0.0.1:{port}{path}")[0], tmp_path, client).returncode

    assert ask("/ok?x=50%25") == 0
    assert ask("/gone") not in (0, 86)
    assert ask("/ok", _closed_port()) not in (0, 86)


def test_an_image_without_any_client_says_which_would_do(server: int, tmp_path: Path) -> None:
    done = run(_http_argvs(f"http://127.0.0.1:{server}/ok")[0], tmp_path)
    assert done.returncode == 86
    assert done.stdout.strip() == ", ".join(CLIENTS)


def test_project_text_is_never_run(tmp_path: Path, server: int) -> None:
    mark = tmp_path / "mark"
    done = run(_http_argvs(f"http://127.0.0.1:{server}/$(: >{mark})`: >{mark}`%s%n")[0], tmp_path, "bash")
    assert done.returncode == 1
    assert not mark.exists()


def test_listening_is_seen_with_nothing_but_a_shell(server: int, tmp_path: Path) -> None:
    assert run(_tcp_argvs(str(server))[0], tmp_path).returncode == 0
    done = run(_tcp_argvs(str(_closed_port()))[0], tmp_path)
    assert (done.returncode, done.stdout.startswith("nothing listens on port")) == (1, True)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
