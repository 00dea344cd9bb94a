"""Programs are run bounded: in time, in bytes, in environment."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from devbox.host.process import clean_environment, run


def script(folder: Path, text: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_both_streams_and_the_exit_code_come_back(tmp_path: Path) -> None:
    output = run([script(tmp_path, "echo out; echo err >&2; exit 3")], env=clean_environment())
    assert (output.stdout, output.stderr, output.exit_code, output.problem) == (b"out\n", b"err\n", 3, None)


def test_a_program_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    text = f"sleep 60 & echo $! > {pids}; trap '' TERM; sleep 60"
    started = time.monotonic()
    output = run([script(tmp_path, text)], env=clean_environment(), timeout=0.5)
    assert output.problem == "no answer in 0.5 s"
    assert output.exit_code is None
    assert time.monotonic() - started < 10
    child = int(pids.read_text())
    deadline = time.monotonic() + 5
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive(child)


def test_a_program_that_floods_is_cut_off(tmp_path: Path) -> None:
    output = run(
        [script(tmp_path, "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxx; done")], env=clean_environment(), limit=1000
    )
    assert output.problem == "too much output"
    assert len(output.stdout) <= 1000


def test_a_child_that_keeps_the_pipe_open_counts_as_no_answer(tmp_path: Path) -> None:
    output = run([script(tmp_path, "sleep 60 & echo 1.0")], env=clean_environment(), timeout=0.5)
    assert output.problem == "no answer in 0.5 s"


def test_nothing_of_the_caller_reaches_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--require=./evil.js")
    monkeypatch.setenv("LD_PRELOAD_TEST", "x")
    output = run([script(tmp_path, "env; pwd; cat")], env=clean_environment({"GOTOOLCHAIN": "local"}))
    words = output.stdout.decode()
    assert "NODE_OPTIONS" not in words
    assert "LD_PRELOAD_TEST" not in words
    assert "GOTOOLCHAIN=local" in words
    assert words.endswith("\n/\n"), "it stands in / and has no input"


def test_what_does_not_start_is_an_answer_too(tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(b"\x00\x01 not a program")
    path.chmod(0o755)
    assert run([str(path)], env=clean_environment()).problem


def test_a_relative_program_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="absolute"):
        run(["python"], env=clean_environment())


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
