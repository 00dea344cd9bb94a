"""Ctrl-C that strikes while a module's dataclasses are made ends in 130 like any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

INTERRUPTED = """
import sys
from devbox.cli import main

def interrupted(invocation, argv):
    exec("raise KeyboardInterrupt")

main._dispatch = interrupted
sys.exit(main.run([]))
"""


def test_an_interrupt_inside_exec_is_an_exit_code_not_a_death(tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(INTERRUPTED)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": f"{tmp_path}:{REPOSITORY}"}
    done = subprocess.run([sys.executable, "-m", "interrupted"], env=env, capture_output=True, timeout=30, check=False)
    assert done.returncode == 130, done.stderr
