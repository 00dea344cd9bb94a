"""Failpoints do nothing unless a test arms them, and then exactly where it said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PASS = """
from devbox.failpoint import failpoint
for name in ("a", "b", "a", "b"):
    failpoint(name)
    print(name, flush=True)
"""


def passed(spec: str | None) -> tuple[str, int]:
    env = {name: value for name, value in os.environ.items() if name != "DEVBOX_FAILPOINT"}
    if spec is not None:
        env["DEVBOX_FAILPOINT"] = spec
    ended = subprocess.run(
        [sys.executable, "-c", PASS], env=env, cwd=Path(__file__).parents[1], capture_output=True, text=True,
        check=False,
    )
    return ended.stdout.replace("\n", ""), ended.returncode


@pytest.mark.parametrize(("spec", "output", "code"), [
    (None, "abab", 0), ("", "abab", 0), ("c=kill", "abab", 0), ("b", "a", -9), ("b=kill", "a", -9), ("a@2", "ab", -9),
    ("*@4=exit", "aba", 99), ("*=exit", "", 99), ("b@2=raise", "aba", 1), ("a=sleep:0,b@2=exit", "aba", 99),
])
def test_only_the_named_hit_acts(spec: str | None, output: str, code: int) -> None:
    assert passed(spec) == (output, code)


@pytest.mark.parametrize("spec", ["a=explode", "=kill", "a@x=kill", "a=sleep:long"])
def test_a_mistyped_failpoint_is_said_not_ignored(spec: str) -> None:
    assert passed(spec) == ("", 1)
