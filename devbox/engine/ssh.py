"""An engine behind ssh: `ssh HOST docker system dial-stdio`, its pipes as a socket.

The user's own ssh with the user's own configuration; it never asks anything (a TUI has no place for its questions).
The program ends with the connection: its input is our end of a socket pair.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from devbox.core.errors import EngineError
from devbox.engine.address import Address
from devbox.engine.port import Endpoint
from devbox.engine.program_path import safe_folders

_ENVIRONMENT = ("HOME", "USER", "LOGNAME", "PATH", "LANG", "SSH_AUTH_SOCK")
_SAID = 4096
"""Bytes of what ssh says on stderr that are kept for the error."""


class SshSocket(socket.socket):
    """Our end of the pair; `end()` stops the program, `failure()` is what it said."""

    __slots__ = ("process", "said")

    process: subprocess.Popen[bytes]
    said: IO[bytes]

    def end(self) -> None:
        """Stop ssh: it sees end of file at once, gets TERM, and KILL when it lingers."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def failure(self) -> str:
        """What ssh said before it ended; empty while it runs well."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=1)
        self.said.seek(0)
        words = self.said.read(_SAID).decode("utf-8", "replace").strip()
        return words or (f"it ended with exit code {self.process.poll()}" if self.process.poll() else "")


def dial_ssh(address: Address, endpoint: Endpoint, env: Mapping[str, str] | None = None) -> socket.socket:
    """Start ssh; whether it gets through shows at the first reply."""
    env = os.environ if env is None else env
    program = find_ssh(env.get("PATH", ""))
    ours, theirs = socket.socketpair()
    with theirs:
        # A file, not a pipe: nobody reads while ssh runs, and a full pipe would stop it.
        said = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the connection)
        process = subprocess.Popen(
            ssh_argv(program, address), stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=said,
            start_new_session=True, cwd="/", env={name: env[name] for name in _ENVIRONMENT if name in env},
        )
    sock = SshSocket(fileno=ours.detach())
    sock.process, sock.said = process, said
    return sock


def ssh_argv(program: str, address: Address) -> list[str]:
    """The command line; the host was checked not to begin with `-` and stands after `--`."""
    argv = [program, "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]
    argv += ["-l", address.user] if address.user else []
    argv += ["-p", str(address.port)] if address.port_given else []
    return [*argv, "--", address.host, "docker", "system", "dial-stdio"]


def find_ssh(path: str) -> str:
    """The absolute path of ssh by security.md 5.1; raises EngineError when there is none."""
    for folder in safe_folders(path):
        candidate = Path(folder) / "ssh"
        if os.access(candidate, os.X_OK):
            return str(candidate)
    raise EngineError(
        "no ssh program, which the engine's address needs", hint="install it: `apt-get install openssh-client`"
    )

