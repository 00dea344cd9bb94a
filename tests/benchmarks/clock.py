"""Timing of whole commands: the fastest of several rounds, because noise only ever adds."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 300.0
"""Seconds for one command."""


class NotMeasured(Exception):
    """Why a row has no number."""


def run(argv: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT) -> float:
    """Seconds of one successful run; NotMeasured with its last line when it fails."""
    return _run(argv, env, cwd)[0]


def said(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> float:
    """The seconds that a program measured itself and printed."""
    return float(_run(argv, env, cwd)[1])


def _run(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> tuple[float, bytes]:
    started = time.perf_counter()
    try:
        done = subprocess.run(
            argv, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotMeasured(f"`{argv[0]}`: {error}") from error
    seconds = time.perf_counter() - started
    if done.returncode:
        last = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()[-1:]
        raise NotMeasured(f"`{' '.join(argv[:3])}` ended with {done.returncode}: {' '.join(last)}")
    return seconds, done.stdout


def fastest(rounds: int, *actions: Callable[[], float]) -> list[float]:
    """The fastest of `rounds` for each action; they take turns, so that a slow spell meets all of them."""
    taken = [[action() for action in actions] for _ in range(rounds)]
    return [min(column) for column in zip(*taken, strict=True)]


def plain_env() -> dict[str, str]:
    """This process's environment without what makes Python slower or different; devbox is found in the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))}
    return {**kept, "PYTHONPATH": str(ROOT)}
