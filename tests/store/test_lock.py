"""The project lock between real processes: exclusion, waiting, naming the holder, and kill -9."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devbox.core.errors import BusyError, Cancelled, ConfigError, ExitCode
from devbox.store.lock import Holder, project_lock
from devbox.store.paths import StateDirs

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from devbox.store.lock import project_lock
from devbox.store.paths import StateDirs
dirs = StateDirs.from_environment({}, Path(sys.argv[1]))
with project_lock(dirs, "abc", timeout=None, command="devbox up"):
    print("held", flush=True)
    sys.stdin.read()
"""


class FakeClock:
    """Time that passes only while someone waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def dirs(tmp_path: Path) -> StateDirs:
    return StateDirs.from_environment({}, tmp_path)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another devbox that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    assert process.stdin is not None
    with process.stdin, process.stdout:
        yield process
        process.kill()
        process.wait()


def test_a_free_lock_is_taken_at_once_and_again(dirs: StateDirs) -> None:
    for _ in range(2):
        with project_lock(dirs, "abc", timeout=0):
            assert (dirs.locks / "abc.lock").exists()


def test_busy_names_the_holder_after_the_timeout(dirs: StateDirs, holder: subprocess.Popen[bytes]) -> None:
    clock, told = FakeClock(), list[Holder]()
    with (
        pytest.raises(BusyError) as caught,
        project_lock(dirs, "abc", timeout=3, clock=clock, wait=clock.wait, on_wait=told.append),
    ):
        pytest.fail("two hold the same lock")
    assert caught.value.exit_code == ExitCode.BUSY
    assert caught.value.summary == f"`devbox up` (process {holder.pid}) is changing this project"
    assert caught.value.hint is not None
    assert f"`kill {holder.pid}`" in caught.value.hint
    assert clock.now == pytest.approx(3)
    assert [str(item) for item in told] == [f"`devbox up` (process {holder.pid})"]


def test_other_projects_do_not_wait(dirs: StateDirs, holder: subprocess.Popen[bytes]) -> None:
    with project_lock(dirs, "other", timeout=0):
        pass


def test_kill_9_frees_the_lock(dirs: StateDirs, holder: subprocess.Popen[bytes]) -> None:
    holder.kill()
    holder.wait()
    with project_lock(dirs, "abc", timeout=0):
        pass


def test_the_waiter_goes_on_when_the_holder_is_done(dirs: StateDirs, holder: subprocess.Popen[bytes]) -> None:
    def release(who: Holder) -> None:
        assert holder.stdin is not None
        holder.stdin.close()

    with project_lock(dirs, "abc", timeout=20, on_wait=release):
        assert holder.wait(10) == 0


def test_a_cancelled_wait_ends_and_holds_nothing(dirs: StateDirs, holder: subprocess.Popen[bytes]) -> None:
    def cancelled(seconds: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled), project_lock(dirs, "abc", timeout=None, wait=cancelled):
        pass


def test_two_threads_of_one_process_exclude_each_other(dirs: StateDirs) -> None:
    inside, most = [0], [0]

    def change() -> None:
        for _ in range(20):
            with project_lock(dirs, "abc", timeout=20):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=change) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_an_error_inside_releases_the_lock(dirs: StateDirs) -> None:
    with pytest.raises(ZeroDivisionError), project_lock(dirs, "abc", timeout=0):
        raise ZeroDivisionError
    with project_lock(dirs, "abc", timeout=0):
        pass


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff" * 5000])
def test_a_damaged_holder_text_is_only_an_unknown_holder(dirs: StateDirs, text: bytes) -> None:
    dirs.ensure(dirs.locks)
    path = dirs.locks / "abc.lock"
    path.write_bytes(text)
    with open(path, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="another devbox"), project_lock(dirs, "abc", timeout=0):
            pass


def test_no_locks_on_the_file_system_is_said(dirs: StateDirs, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(ConfigError, match="locking is unavailable"), project_lock(dirs, "abc", timeout=0):
        pass
