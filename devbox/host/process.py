"""Runs a program for its output, bounded in time and bytes (security.md 5).

Absolute path, argv list, an environment built from nothing, working directory `/`, no stdin, its own process group that
dies with us. Never a shell, never a program of a project.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from devbox.core.frozen import dataclass

OUTPUT_LIMIT = 64 * 1024
"""Bytes of stdout and stderr together."""
_GRACE = 0.5
"""Seconds between TERM and KILL; what is run here only prints a version."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Output:
    """What a program said before it ended or was stopped."""

    argv: tuple[str, ...]
    stdout: bytes
    stderr: bytes
    exit_code: int | None
    """None: it was stopped, see `problem`."""
    seconds: float
    problem: str | None = None
    """`no answer in 2 s`, `too much output`, or the system's words where it did not start."""


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The small environment of a probe: nothing of the caller's that could load code or configuration."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": "/", **(extra or {})}


def run(argv: Sequence[str], *, env: Mapping[str, str], timeout: float = 2.0, limit: int = OUTPUT_LIMIT) -> Output:
    """Run `argv` (its first word an absolute path) and collect what it prints. Never raises for what it does."""
    if not os.path.isabs(argv[0]):
        raise ValueError("the program's path must be absolute")
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
            env=dict(env), close_fds=True, start_new_session=True, preexec_fn=_die_with_parent(),
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Output(tuple(argv), b"", b"", None, time.monotonic() - started, words)
    with process:
        out, err, problem = _collect(process, started + timeout, timeout, limit)
        if problem:
            _stop(process)
        code = process.wait()
    return Output(tuple(argv), out, err, None if problem else code, time.monotonic() - started, problem)


def _collect(
    process: subprocess.Popen[bytes], deadline: float, timeout: float, limit: int
) -> tuple[bytes, bytes, str | None]:
    """Both streams until they end; a grandchild that keeps them open counts as no answer."""
    assert process.stdout is not None
    assert process.stderr is not None
    parts: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, "out")
        selector.register(process.stderr, selectors.EVENT_READ, "err")
        while selector.get_map():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return bytes(parts["out"]), bytes(parts["err"]), f"no answer in {timeout:g} s"
            for key, _ in selector.select(remaining):
                chunk = os.read(key.fd, 8192)
                parts[key.data] += chunk
                if not chunk:
                    selector.unregister(key.fileobj)
            if sum(map(len, parts.values())) > limit:
                return bytes(parts["out"][:limit]), bytes(parts["err"][:limit]), "too much output"
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return bytes(parts["out"]), bytes(parts["err"]), f"no answer in {timeout:g} s"
    return bytes(parts["out"]), bytes(parts["err"]), None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """TERM, then KILL, to the whole group."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
            if signal_number is signal.SIGTERM:
                continue  # its children get the KILL all the same
            return


def _die_with_parent() -> Callable[[], None] | None:
    """Linux: the kernel kills the child when the thread that started it ends, so a killed devbox leaves no probe."""
    if sys.platform != "linux":
        return None
    # Deferred: ctypes costs 4 ms and is needed only where a program is run. Loaded before the fork, so that the child
    # does nothing but one system call.
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) and None
