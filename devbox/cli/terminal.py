"""A process in a container on this terminal, or on these pipes byte for byte.

With a terminal: raw mode, window size, and the terminal as it was on every way out. Knows no engine, only a session.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
import tty
from collections.abc import Iterator
from types import FrameType

from devbox.core.errors import EngineError, UsageError
from devbox.core.exec_failure import exec_failure, may_be_failure
from devbox.engine.port import ExecSession

_BLOCK = 1 << 16
_TELL_AGAIN = (0.02, 0.1, 0.3, 1.0)
"""Seconds between repetitions of a size: engines lose one that arrives before the process has started."""


def is_terminal(descriptor: int = 0) -> bool:
    """Whether this descriptor is a terminal."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def relay_terminal(session: ExecSession, *, command: str = "", stdin: int = 0, stdout: int = 1) -> int:
    """Give the terminal to the session until its process ends; returns that process's exit code.

    Raises UsageError without a terminal on `stdin`, EngineError when the connection breaks, CommandError where the
    `command` could not be started.
    """
    if not is_terminal(stdin):
        session.close()
        raise UsageError("there is no terminal here", hint="`devbox exec -T` works without one")
    with contextlib.closing(session), _raw(stdin), _resizing(session, stdin):
        return _relay(session, command, stdin, stdout, stdout)


def relay_pipes(
    session: ExecSession, *, command: str = "", stdin: int = 0, stdout: int = 1, stderr: int = 2
) -> int:
    """Pass bytes both ways unchanged until the process ends; returns its exit code. Raises as `relay_terminal`."""
    with contextlib.closing(session):
        return _relay(session, command, stdin, stdout, stderr)


def _relay(session: ExecSession, command: str, stdin: int, stdout: int, stderr: int) -> int:
    held = b""
    with _feeding(session, stdin):
        for number, chunk in enumerate(session):
            if held or (number == 0 and may_be_failure(chunk.data)):
                # Whose words these are is known at the end.
                held += chunk.data
            else:
                _write_all(stderr if chunk.stream == "stderr" else stdout, chunk.data)
    code = session.exit_code()
    if held and (failure := exec_failure(command, held, code)) is not None:
        raise failure
    _write_all(stdout, held)
    return code


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            # Somebody who shares the terminal made it non-blocking.
            select.select([], [descriptor], [])


@contextlib.contextmanager
def _feeding(session: ExecSession, stdin: int) -> Iterator[None]:
    """Pass input on from a thread, which is gone afterwards: a left-over reader would steal the next keystroke."""
    wake_read, wake_write = os.pipe()
    thread = threading.Thread(target=_feed, args=(session, stdin, wake_read), name="exec-input", daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.write(wake_write, b"x")
        thread.join(2)
        os.close(wake_write)
        os.close(wake_read)


def _feed(session: ExecSession, stdin: int, wake: int) -> None:
    with contextlib.suppress(EngineError, OSError, ValueError):
        while True:
            ready, _, _ = select.select([stdin, wake], [], [])
            if wake in ready:
                return
            data = os.read(stdin, _BLOCK)
            if not data:
                session.end_input()
                return
            session.write(data)


@contextlib.contextmanager
def _raw(stdin: int) -> Iterator[None]:
    """Raw mode while the body runs; output waits to be written before the old settings come back."""
    before = termios.tcgetattr(stdin)
    try:
        tty.setraw(stdin, termios.TCSADRAIN)
        yield
    finally:
        with contextlib.suppress(termios.error):  # the terminal may be gone: a hangup is one way out
            termios.tcsetattr(stdin, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _resizing(session: ExecSession, stdin: int) -> Iterator[None]:
    """Tell the process the terminal's size, now and whenever it changes."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)

    def note(number: int, frame: FrameType | None) -> None:
        # Only a write: a second signal may arrive inside this handler, where a lock would wait for itself.
        with contextlib.suppress(BlockingIOError):
            os.write(wake_write, b"c")

    thread = threading.Thread(target=_tell_sizes, args=(session, stdin, wake_read), name="exec-resize", daemon=True)
    in_main = threading.current_thread() is threading.main_thread()
    previous = signal.signal(signal.SIGWINCH, note) if in_main else None
    thread.start()
    try:
        yield
    finally:
        if in_main:
            signal.signal(signal.SIGWINCH, previous)
        os.close(wake_write)
        thread.join(2)
        os.close(wake_read)


def _tell_sizes(session: ExecSession, stdin: int, wake: int) -> None:
    """Until `wake` ends. Not in the signal handler: it is a call to the engine, amid whatever the main thread does."""
    left = list(_TELL_AGAIN)
    while True:
        with contextlib.suppress(OSError, EngineError):
            size = os.get_terminal_size(stdin)
            session.resize(size.columns, size.lines)
        ready, _, _ = select.select([wake], [], [], left.pop(0) if left else None)
        if ready:
            if not os.read(wake, _BLOCK):
                return
            left = list(_TELL_AGAIN)
