"""`devbox engine` on the command line: what it prints, and how its mistakes end. Starting is tested in tests/flows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from devbox.cli.commands.engine import narration, status_text
from devbox.core.events import Note, OperationChanged, Waiting
from devbox.core.plan import Operation
from devbox.flows.private_engine import PrivateEngineStatus

REPOSITORY = Path(__file__).resolve().parents[2]


def devbox(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devbox", "engine", *words], env=env, cwd=REPOSITORY, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=60, check=False,
    )


def test_status_is_the_default_and_needs_no_engine(isolated_env: dict[str, str]) -> None:
    done = devbox(isolated_env, "--json")
    assert done.returncode == 0, done.stderr
    final = json.loads(done.stdout)
    assert (final["schema"], final["outcome"]) == ("devbox.engine/1", "ok")
    assert final["state"] in ("running", "unreachable", "stopped")
    assert final["url"] == "unix:///run/devbox-engine/docker.sock"
    assert final["data_root"] == "/var/lib/devbox-engine/data"


@pytest.mark.parametrize("words", [("nonsense",), ("start", "--timeout", "soon"), ("start", "stop")])
def test_mistakes_are_usage_errors(isolated_env: dict[str, str], words: tuple[str, ...]) -> None:
    done = devbox(isolated_env, *words)
    assert done.returncode == 2
    assert done.stderr.startswith("devbox: error: ")
    assert done.stdout == ""


def test_news_become_lines() -> None:
    operation = Operation("start-engine", "unix:///s", "it does not run")
    events = (
        Note("hello"), OperationChanged(operation, "started"), Waiting("dockerd", 2.0),
        OperationChanged(operation, "failed", 3.5, "no room"),
    )
    assert list(narration(events)) == [
        "hello", "start engine unix:///s: it does not run", "  waiting for dockerd (2.0s)", "  failed in 3.5s: no room",
    ]


def test_an_engine_that_lets_this_user_not_in_is_no_running_one() -> None:
    status = PrivateEngineStatus("unreachable", "unix:///s", 7, None, "/data", "/log", None, None)
    text = status_text(status)
    assert text.startswith("private engine: unreachable\n")
    assert "does not answer this user (pid 7)" in text
    assert "buildx    none" in text
