"""A long-running program whose stderr is read while it works, and which can be stopped from any thread.

Rules: security.md 5. Absolute path, argument list, the environment it is given and nothing else, no input, its stdout
nowhere (what is run here speaks on stderr), a session of its own that dies with us; INT, then five seconds, then KILL;
always reaped.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

GRACE = 5.0
"""Seconds between INT and KILL."""
_BLOCK = 1 << 16
_PR_SET_PDEATHSIG = 1


class Child:
    """The program, running. Whoever reads it, one thread at a time takes bytes from its pipe."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: str = "/") -> None:
        """Start it. Raises OSError where the system can't."""
        if not os.path.isabs(argv[0]):
            raise ValueError("the program's path must be absolute")
        # Reentrant: a signal handler may stop the program while its own thread is inside.
        self._reading = threading.RLock()
        self._ending = threading.RLock()
        self._unread: deque[bytes] = deque()
        self._ended = False
        self._process = subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=cwd,
            env=dict(env), start_new_session=True, preexec_fn=_die_with_parent(),
        )
        assert self._process.stderr is not None
        self._pipe = self._process.stderr
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)

    @property
    def pid(self) -> int:
        """The process id, which is also its group's and session's."""
        return self._process.pid

    def read(self, timeout: float) -> bytes | None:
        """The next bytes of stderr; `b""` at its end, None when nothing came within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        if not self._reading.acquire(timeout=timeout):
            return None
        try:
            if not self._unread and (data := self._take(max(deadline - time.monotonic(), 0.0))) is not None:
                self._unread.append(data)
            return self._unread.popleft() if self._unread else None
        finally:
            self._reading.release()

    def wait(self) -> int:
        """Reap it after its stderr ended, killing it if it lingers; the exit code, negative for a signal."""
        # Not while another thread stops it: only one of the two may reap.
        with self._ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._process.wait(GRACE)
            self.stop()
            return self._process.wait()

    def stop(self) -> None:
        """Ask the group to end, wait, kill what is left, reap. Callable from any thread, repeatedly. What the program
        still says meanwhile is kept for `read`."""
        with self._ending:
            if self._process.returncode is not None:
                return
            if self._alive():
                self._signal(signal.SIGINT)
                self._drain(time.monotonic() + GRACE)
            # Before it is reaped its id, and so the group's, can't be another's. Helpers it started (a credential
            # helper, ssh) may have outlived it.
            if self._process.returncode is None:
                self._signal(signal.SIGKILL)
            self._process.wait()

    def close(self) -> None:
        """Stop it and give back its descriptors; only by the thread that reads it."""
        self.stop()
        with self._reading:
            if not self._pipe.closed:
                self._selector.close()
                self._pipe.close()

    def _drain(self, deadline: float) -> None:
        """Keep its pipe empty while it ends: a program that can't write can't end either."""
        while self._alive() and time.monotonic() < deadline:
            if self._reading.acquire(timeout=0.05):
                try:
                    if self._ended or (data := self._take(0.05)) == b"":
                        time.sleep(0.01)
                    elif data is not None:
                        self._unread.append(data)
                finally:
                    self._reading.release()

    def _alive(self) -> bool:
        """Whether it still runs, asked without reaping it."""
        if self._process.returncode is not None:
            return False
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            return self._process.poll() is None
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def _take(self, timeout: float) -> bytes | None:
        if self._ended or self._pipe.closed:
            return b""
        if not self._selector.select(timeout):
            return None
        data = os.read(self._pipe.fileno(), _BLOCK)
        self._ended = not data
        return data

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _die_with_parent() -> Callable[[], None] | None:
    """Linux: the kernel ends the program when the thread that started it is gone: a killed devbox leaves no build."""
    if sys.platform != "linux":
        return None
    # Deferred: ctypes costs 4 ms and is needed only where a program is run. Loaded before the fork, so that the child
    # does nothing but one system call.
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) and None
