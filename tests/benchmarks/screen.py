"""Time to first paint: the program in a real pseudo-terminal, from start until its header is on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.clock import NotMeasured

COLUMNS, ROWS = 120, 40
DEADLINE = 30.0


def first_paint(argv: Sequence[str], env: Mapping[str, str], cwd: Path, mark: bytes) -> float:
    """Seconds until `mark` was written to the terminal; the program is killed then."""
    started = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.chdir(cwd)
            os.execve(argv[0], list(argv), dict(env))
        finally:
            os._exit(127)
    seen = b""
    try:
        while time.perf_counter() - started < DEADLINE:
            if not select.select([terminal], [], [], 0.5)[0]:
                continue
            try:
                data = os.read(terminal, 1 << 16)
            except OSError:  # the program ended, Linux reports EIO
                break
            seen += data
            if mark in seen:
                return time.perf_counter() - started
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    raise NotMeasured(f"no `{mark.decode()}` on the screen: {seen[-200:]!r}")
