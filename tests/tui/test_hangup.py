"""When the terminal goes away in mid-run, the program ends and cleans up (security.md 4.5)."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

PROGRAM = """
import sys, time
from tests.tui.fakes import FakeSession
from devbox.tui.app import DevboxApp, run_app
try:
    DevboxApp.on_ready = lambda app: app.set_interval(0.01, app.refresh)
    code = run_app(FakeSession())
finally:
    open(sys.argv[1], "w").write("cleaned up")
sys.exit(code)
"""


def test_a_terminal_that_vanishes_ends_the_program_with_clean_up(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    done = tmp_path / "done"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(done)], stdin=slave, stdout=slave, stderr=slave, env=env, cwd=ROOT,
        start_new_session=True, preexec_fn=lambda: os.close(master),
    )
    os.close(slave)
    try:
        seen, end = b"", time.monotonic() + 30
        while b"Doctor" not in seen and time.monotonic() < end:
            seen += os.read(master, 65536)
        assert b"Doctor" in seen
        os.close(master)
        # The kernel's hangup reaches the session leader only where the pty is its controlling terminal.
        process.send_signal(signal.SIGHUP)
        assert process.wait(20) == 129
        assert done.read_text() == "cleaned up"
    finally:
        process.kill()
        process.wait()
