"""The program behind a build: read while it runs, stopped from any thread, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from devbox.engine import child as child_module
from devbox.engine.child import Child

ENV = {"PATH": "/usr/bin:/bin"}


def shell(script: str) -> Child:
    return Child(["/bin/sh", "-c", script], ENV)


def read_all(child: Child) -> bytes:
    parts = []
    while (data := child.read(5)) != b"":
        assert data is not None, "no output within five seconds"
        parts.append(data)
    return b"".join(parts)


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_output_and_exit_code_come_back() -> None:
    child = shell("echo to-stdout; echo one >&2; exit 3")
    assert read_all(child) == b"one\n"
    assert child.wait() == 3
    child.close()


def test_silence_is_not_the_end() -> None:
    child = shell("sleep 5")
    assert child.read(0.05) is None
    child.close()


def test_it_gets_no_input_no_terminal_and_only_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAK", "1")
    # Fields 6 and 7 of /proc/PID/stat: the session and the controlling terminal, 0 for none.
    child = shell("cat; env >&2; cut -d ' ' -f 6,7 /proc/$$/stat >&2")
    words = read_all(child).decode().split()
    child.close()
    assert not any(word.startswith("LEAK") for word in words)
    assert words[-2:] == [str(child.pid), "0"]


def test_relative_program_is_refused() -> None:
    with pytest.raises(ValueError, match="absolute"):
        Child(["sh", "-c", "true"], ENV)


def test_stop_from_another_thread_ends_reading() -> None:
    child = shell("trap 'echo bye >&2; exit 130' INT; echo up >&2; while :; do sleep 0.05; done")
    assert child.read(5) == b"up\n"
    threading.Timer(0.1, child.stop).start()
    assert read_all(child) == b"bye\n"
    assert child.wait() == 130
    child.close()


def test_last_words_survive_a_stop_that_nobody_reads() -> None:
    child = shell("trap 'head -c 300000 /dev/zero >&2; exit 1' INT; echo up >&2; while :; do sleep 0.05; done")
    assert child.read(5) == b"up\n"
    started = time.monotonic()
    child.stop()
    assert time.monotonic() - started < child_module.GRACE
    assert len(read_all(child)) == 300_000
    child.close()


def test_group_that_ignores_the_request_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "GRACE", 0.2)
    child = shell("trap '' INT; sleep 300 & echo $! >&2; wait")
    helper = int(child.read(5) or b"0")
    child.close()
    assert child.wait() == -signal.SIGKILL
    assert eventually(lambda: not alive(helper))


def test_stop_twice_and_after_the_end_is_nothing() -> None:
    child = shell("true")
    read_all(child)
    child.wait()
    child.stop()
    child.close()
    child.close()
    assert child.wait() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux does it")
def test_killed_parent_takes_it_along() -> None:
    script = (
        "import sys, time\nfrom devbox.engine.child import Child\n"
        "child = Child(['/bin/sleep', '300'], {})\nprint(child.pid, flush=True)\ntime.sleep(300)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.getcwd()}
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=env)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not alive(pid))
