"""Find and end the processes of one engine: daemons, shims and whatever runs in its containers.

A pid file proves nothing after a crash. The daemons carry a mark in their environment, which their children inherit;
what runs in a container has its root file system below the engine's data. Needs root to see both.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from devbox.engine.private.layout import PrivateLayout

MARK = "DEVBOX_ENGINE_ROOT"
"""The variable that names an engine's root folder in its daemons' environment."""

GRACE = 2.0
"""Seconds that containerd gets to end; it has nothing to save."""

_PROC = Path("/proc")


def own_processes(layout: PrivateLayout) -> tuple[int, ...]:
    """Ids of every live process that belongs to the engine."""
    mark = f"{MARK}={layout.root}".encode()
    data = str(layout.data)
    return tuple(pid for pid in _all_pids() if _has_mark(pid, mark) or _has_root_below(pid, data))


def daemon(layout: PrivateLayout) -> int | None:
    """The process id of the engine's dockerd, if it lives: the pid file's number, if that process is ours. Works
    without root, since a command line may be read by all."""
    try:
        pid = int(layout.pid_file.read_text(encoding="ascii", errors="replace").strip() or "0")
    except (OSError, ValueError):
        return None
    return pid if pid > 0 and str(layout.daemon_config).encode() in command_line(pid) else None


def command_line(pid: int) -> tuple[bytes, ...]:
    """The arguments of a live process; empty when it is gone or a zombie."""
    return tuple(_read(pid, "cmdline").split(b"\0")[:-1])


def end_processes(layout: PrivateLayout, grace: float) -> tuple[int, ...]:
    """Ask dockerd to end (it stops its containers), wait up to `grace` seconds, then kill what is left of the engine.

    Returns the ids that had to be killed; raises nothing, a caller checks `own_processes` where it matters.
    """
    leader = daemon(layout)
    if leader is not None:
        _signal((leader,), signal.SIGTERM)
        _wait_while(lambda: daemon(layout) == leader, grace)
    _signal(_named(layout, b"containerd"), signal.SIGTERM)
    _wait_while(lambda: bool(_named(layout, b"containerd")), GRACE)
    killed: set[int] = set()
    deadline = time.monotonic() + 10
    while (left := own_processes(layout)) and time.monotonic() < deadline:
        killed.update(left)
        _signal(left, signal.SIGKILL)
        time.sleep(0.02)
    return tuple(sorted(killed))


def _named(layout: PrivateLayout, name: bytes) -> tuple[int, ...]:
    return tuple(p for p in own_processes(layout) if (command_line(p) or (b"",))[0].rpartition(b"/")[2] == name)


def _wait_while(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _all_pids() -> Iterator[int]:
    me = os.getpid()
    return (int(name) for name in os.listdir(_PROC) if name.isdigit() and int(name) != me)


def _has_mark(pid: int, mark: bytes) -> bool:
    return mark in _read(pid, "environ").split(b"\0")


def _has_root_below(pid: int, data: str) -> bool:
    for line in _read(pid, "mountinfo").decode(errors="surrogateescape").splitlines():
        fields = line.split(" ")
        # Only the process's own root: every process of the host sees the engine's mounts somewhere.
        if len(fields) > 4 and fields[4] == "/":
            return re.search(f"{re.escape(data)}[/:,]", line) is not None
    return False


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""
