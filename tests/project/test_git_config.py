"""Configuration and attributes as git takes them, for the few keys that are asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from devbox.project.git_config import filters_lfs, settings, settles_line_endings

GIT = shutil.which("git")
TEXTS = [
    "[core]\n\tautocrlf = true\n",
    "[Core]\n\tAutoCRLF=input # why\n",
    "[core] autocrlf = true\n",
    "[core]\n\tautocrlf\n",
    '[core]\n\tautocrlf = "true"\n',
    "[core]\n\tautocrlf = false\n[other]\n\tautocrlf = true\n[core]\n\tautocrlf = input\n",
    "[user]\n\tname = x\n",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_value_is_what_git_takes(text: str, tmp_path: Path) -> None:
    assert GIT, "git is needed for these tests"
    path = tmp_path / "config"
    path.write_text(text)
    argv = [GIT, "config", "--file", str(path), "--get-all", "core.autocrlf"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    told = subprocess.run(argv, env=env, capture_output=True, text=True, check=False).stdout.splitlines()
    assert [value or "true" for value in told] == list(settings(text.encode(), "core", "autocrlf"))


@pytest.mark.parametrize("data", [b"\xff\xfe[core", b"\0" * 100, b"[" * 10_000, b"[core]\n" + b"a" * 100_000])
def test_garbage_has_no_values(data: bytes) -> None:
    assert list(settings(data, "core", "autocrlf")) == []


@pytest.mark.parametrize(
    ("text", "lfs", "settled"),
    [
        (b"*.bin filter=lfs diff=lfs -text\n", True, False),
        (b"# *.bin filter=lfs\n", False, False),
        (b"* text=auto eol=lf\n", False, True),
        (b"* -text\n", False, True),
        (b"* text=auto\n*.sh eol=lf\n", False, False),
        (b"", False, False),
    ],
)
def test_attributes(text: bytes, lfs: bool, settled: bool) -> None:
    assert (filters_lfs(text), settles_line_endings(text)) == (lfs, settled)
