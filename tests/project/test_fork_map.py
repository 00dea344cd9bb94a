"""Work shared with copies of the process: the same answers in the same order, whatever becomes of a copy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devbox.project.fork_map import fork_map

HERE = os.getpid()
ROOT = Path(__file__).parents[2]


def drained(work: Generator[int, None, list[Any]]) -> list[Any]:
    try:
        while True:
            next(work)
    except StopIteration as done:
        result: list[Any] = done.value
        return result


def mapped(work: Callable[[int], Any], count: int, least: int = 1) -> list[Any]:
    return drained(fork_map(work, range(count), [1] * count, least))


def no_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


@settings(max_examples=20)
@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 60))
def test_answers_come_in_order(weights: list[int], least: int) -> None:
    items = list(range(len(weights)))
    assert drained(fork_map(lambda item: item * 2, items, weights, least)) == [item * 2 for item in items]
    assert no_children()


def test_several_processes_take_part_where_it_pays() -> None:
    """In an interpreter of its own: here other tests' threads may still run, and then no process is copied."""
    script = (
        "import os; from tests.project.test_fork_map import HERE, mapped\n"
        "os.sched_getaffinity = lambda pid: {0, 1, 2}\n"
        "print(len({*mapped(lambda _: os.getpid(), 30)}), {*mapped(lambda _: os.getpid(), 30, least=20)} == {HERE})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["3", "True"], "")


def test_a_process_with_threads_is_not_copied() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert {*mapped(lambda _: os.getpid(), 30)} == {HERE}
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("how", ["killed", "raised", "no more processes"])
def test_what_a_copy_does_not_finish_is_done_here(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(item: int) -> int:
        if os.getpid() != HERE:
            if how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise ValueError(item)
        return item

    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    if how == "no more processes":
        monkeypatch.setattr(os, "fork", refuse)
    assert mapped(work, 30) == list(range(30))
    assert no_children()


def test_an_error_here_and_an_early_end_leave_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})

    def work(item: int) -> int:
        if os.getpid() == HERE and item == 3:
            raise ValueError("here")
        return item

    with pytest.raises(ValueError, match="here"):
        mapped(work, 2000)
    assert no_children()
    started = fork_map(lambda item: item, range(2000), [1] * 2000, 1)
    next(started)
    started.close()
    assert no_children()
