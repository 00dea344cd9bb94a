"""Run one request as root: directly where the caller is root, else by sudo, always in a process of its own.

A process, because its end is the caller's end too (the lifeline of `root_side`), and because only it needs the rights.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from devbox.core.errors import Cancelled, DevboxError, EngineError
from devbox.core.events import Event
from devbox.engine.private.machine import Machine, check_can_be_root
from devbox.engine.private.programs import clean_env
from devbox.engine.private.request import Done, Request, decode_news
from devbox.engine.stream import Cancellation
from devbox.failpoint import VARIABLE

UNDO_IN = 60.0
"""Seconds that the root side gets to undo a cancelled job."""
PASSWORD_IN = 300.0
"""Seconds to type sudo's password."""
_LINE_LIMIT = 1 << 20


def perform_as_root(request: Request, machine: Machine, cancel: Cancellation, *, interactive: bool) -> Iterator[Event]:
    """The request's events; raises what the root side raised, Cancelled after a cancel (when all is undone).

    `interactive` lets sudo ask for a password on the terminal; without it a sudo that would ask is an EngineError.
    """
    check_can_be_root(machine)
    if not machine.is_root:
        _get_consent_of_sudo(machine, interactive)
    process = _spawn(machine)
    try:
        assert process.stdin is not None
        process.stdin.write(request.encode().encode() + b"\n")
        process.stdin.flush()
        with cancel.closing(lambda: _cut_lifeline(process)):
            yield from _events(process, cancel)
    finally:
        _cut_lifeline(process)
        _reap(process)


def _events(process: subprocess.Popen[bytes], cancel: Cancellation) -> Iterator[Event]:
    assert process.stdout is not None
    while line := process.stdout.readline(_LINE_LIMIT):
        news = decode_news(line.decode(errors="replace"))
        if isinstance(news, Done):
            return
        if isinstance(news, DevboxError):
            raise news
        yield news
    if cancel.cancelled:
        raise Cancelled
    code = process.wait(UNDO_IN)
    raise EngineError(f"the part of devbox that runs as root ended early (exit code {code})", hint="run it again")


def _spawn(machine: Machine) -> subprocess.Popen[bytes]:
    # -I: nothing of the caller's environment or working directory decides what runs as root.
    package = str(Path(__file__).resolve().parents[3])
    code = f"import sys; sys.path.insert(0, {package!r}); from devbox.engine.private.root_side import main; main()"
    argv = [sys.executable, "-I", "-c", code]
    armed = {VARIABLE: os.environ[VARIABLE]} if VARIABLE in os.environ else {}
    return subprocess.Popen(
        argv if machine.is_root else [str(machine.sudo), "-n", "--", *argv],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", env=clean_env(armed),
        # sudo must stay in the terminal's foreground group, or the terminal stops it.
        process_group=0 if machine.is_root else None,
    )


def _get_consent_of_sudo(machine: Machine, interactive: bool) -> None:
    sudo = str(machine.sudo)
    quiet = subprocess.run(
        [sudo, "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True, cwd="/", timeout=30, check=False
    )
    if quiet.returncode == 0:
        return
    if interactive:
        try:
            asked = subprocess.run([sudo, "-v"], cwd="/", timeout=PASSWORD_IN, check=False)
        except subprocess.TimeoutExpired:
            raise EngineError("sudo got no password in time", hint="`sudo -v`, then the same command again") from None
        if asked.returncode == 0:
            return
    raise EngineError(
        "an engine needs root, and sudo does not give it without a password",
        hint="`sudo -v`, then the same command again",
    )


def _cut_lifeline(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()


def _reap(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    try:
        process.wait(UNDO_IN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        process.stdout.close()
