"""One lock per project identity, held while devbox changes it and never while it waits for events (security.md 8.3).

A kernel lock (`flock`): it ends with its holder, however that ends. What stands in the file is only for people.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from devbox.core.errors import BusyError, ConfigError
from devbox.core.frozen import dataclass
from devbox.store.paths import StateDirs, storage_error

_UNAVAILABLE = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25


class _Clock(Protocol):
    def monotonic(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as far as it said."""

    pid: int = 0
    command: str = ""
    boot_id: str = ""

    def __str__(self) -> str:
        named = f"`{self.command}`" if self.command else "another devbox"
        return f"{named} (process {self.pid})" if self.pid else named


@contextlib.contextmanager
def project_lock(
    dirs: StateDirs, project_id: str, *, timeout: float | None, clock: _Clock = time,
    on_wait: Callable[[Holder], None] = lambda holder: None, wait: Callable[[float], None] = time.sleep,
    command: str = "devbox",
) -> Iterator[None]:
    """Hold the project's lock while the body runs.

    `timeout` in seconds, None waits without end; `on_wait` is told once who holds it; `wait` sleeps and may raise to
    give up. Raises BusyError after the timeout, ConfigError where the file system has no locks.
    """
    path = dirs.ensure(dirs.locks) / f"{project_id}.lock"
    descriptor = _open(path)
    try:
        _acquire(descriptor, path, timeout, clock, on_wait, wait)
        _write_holder(descriptor, Holder(os.getpid(), command, _boot_id()))
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(
    descriptor: int, path: Path, timeout: float | None, clock: _Clock,
    on_wait: Callable[[Holder], None], wait: Callable[[float], None],
) -> None:
    start, pause = clock.monotonic(), _FIRST_PAUSE
    told = False
    while not _try_lock(descriptor, path):
        holder = _read_holder(descriptor)
        waited = clock.monotonic() - start
        if timeout is not None and waited >= timeout:
            raise BusyError(
                f"{holder} is changing this project", detail=f"waited {waited:.1f} s for {path}",
                hint=f"wait for it, or end it: `kill {holder.pid}`" if holder.pid else "wait for it and try again",
            )
        if not told:
            on_wait(holder)
            told = True
        wait(pause if timeout is None else min(pause, max(0.0, timeout - waited)))
        pause = min(pause * 2, _LONGEST_PAUSE)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise storage_error(error, path) from error


def _try_lock(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _UNAVAILABLE:
            raise ConfigError(
                f"locking is unavailable on the file system of {path.parent}", path=str(path),
                hint="point XDG_STATE_HOME at a folder on a local disk",
            ) from error
        raise storage_error(error, path) from error
    return True


def _write_holder(descriptor: int, holder: Holder) -> None:
    """On a full disk the lock holds all the same, only without a name."""
    text = json.dumps({"pid": holder.pid, "command": holder.command, "boot_id": holder.boot_id})
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode("ascii"), 0)


def _read_holder(descriptor: int) -> Holder:
    """An empty or damaged text is an unknown holder; one of another boot has no process here."""
    try:
        raw: Any = json.loads(os.pread(descriptor, 4096, 0))
        found = Holder(int(raw["pid"]), str(raw["command"]), str(raw["boot_id"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Holder()
    return found if found.boot_id == _boot_id() else Holder(command=found.command)


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
