"""Run the system's own programs, by the rules of security.md 5: absolute path, argument list, environment from an
allow-list, own process group, a deadline and a limit on output.

Knows no program in particular.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import stat
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from devbox.core.errors import EngineError
from devbox.engine.stream import Cancellation

FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
OUTPUT_LIMIT = 32 << 20
"""Bytes; apt and debootstrap stay far below."""
KEPT_LINES = 20
"""Last lines of a failed program that its error shows."""
GRACE = 5.0
"""Seconds between asking a program to end and killing it."""


def find_program(name: str) -> Path | None:
    """The system's program of that name: owned by root and writable by nobody else. The caller's PATH is not asked,
    because what is found here runs as root."""
    for folder in FOLDERS:
        path = Path(folder, name)
        try:
            found = path.stat()
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022 and os.access(path, os.X_OK):
            return path
    return None


def need_program(name: str) -> str:
    """Like `find_program`, but EngineError when there is none."""
    path = find_program(name)
    if path is None:
        raise EngineError(f"the program {name} is not installed", hint=f"looked in {', '.join(FOLDERS)}")
    return str(path)


def clean_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every program started here."""
    return {"PATH": ":".join(FOLDERS), "HOME": "/root", "LC_ALL": "C.UTF-8", **(extra or {})}


def lines(
    argv: Sequence[str], *, seconds: float, cancel: Cancellation, env: Mapping[str, str] | None = None, cwd: str = "/"
) -> Iterator[str]:
    """What the program prints, line by line (stdout and stderr together), as it prints it.

    Raises EngineError when it fails or runs past `seconds`, with its last lines; Cancelled after `cancel`. Closing the
    iterator ends the program.
    """
    kept: deque[str] = deque(maxlen=KEPT_LINES)
    process = subprocess.Popen(
        list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd,
        env=clean_env(env), process_group=0,
    )
    try:
        for line in _split(_chunks(process, time.monotonic() + seconds, cancel)):
            kept.append(line)
            yield line
        code = process.wait(GRACE)
    finally:
        end_group(process)
    if code != 0:
        raise EngineError(f"`{' '.join(argv)}` failed (exit code {code})", detail="\n".join(kept))


def output(
    argv: Sequence[str], *, seconds: float = 30, cancel: Cancellation | None = None,
    env: Mapping[str, str] | None = None, cwd: str = "/",
) -> str:
    """Everything a program prints; the same errors as `lines`."""
    return "\n".join(lines(argv, seconds=seconds, cancel=cancel or Cancellation(), env=env, cwd=cwd))


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask the program and its children to end, then kill them, and reap."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _chunks(process: subprocess.Popen[bytes], deadline: float, cancel: Cancellation) -> Iterator[bytes]:
    assert process.stdout is not None
    descriptor, total = process.stdout.fileno(), 0
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            cancel.check()
            if time.monotonic() > deadline:
                raise EngineError(f"`{' '.join(map(str, process.args))}` did not finish in time")  # type: ignore[arg-type]
            if not selector.select(0.2):
                continue
            data = os.read(descriptor, 1 << 16)
            total += len(data)
            if not data:
                return
            if total > OUTPUT_LIMIT:
                raise EngineError(f"`{' '.join(map(str, process.args))}` printed too much")  # type: ignore[arg-type]
            yield data


def _split(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *complete, rest = re.split(rb"[\r\n]+", rest + chunk)
        yield from (line.decode(errors="replace") for line in complete if line)
    if rest:
        yield rest.decode(errors="replace")
