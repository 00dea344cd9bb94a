"""A change of the engine is not left in the middle: who cleans up after Ctrl-C finds what was made."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from devbox.core.errors import EngineError
from devbox.flows.box.mutate import mutate


def test_ctrl_c_waits_for_the_engine_to_answer() -> None:
    made = []

    def create_network() -> None:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        time.sleep(0.4)  # the engine at work
        made.append("network")

    with pytest.raises(KeyboardInterrupt):
        mutate("create-network", create_network)
    assert made == ["network"], "done when the interrupt arrives, not some time after"


def test_results_and_errors_come_through() -> None:
    def fail() -> None:
        raise EngineError("refused")

    assert mutate("create-network", lambda: "id") == "id"
    with pytest.raises(EngineError, match="refused"):
        mutate("create-network", fail)


def test_a_worker_thread_calls_at_once() -> None:
    threads: list[threading.Thread] = []
    worker = threading.Thread(target=lambda: mutate("start", lambda: threads.append(threading.current_thread())))
    worker.start()
    worker.join()
    assert threads == [worker]
