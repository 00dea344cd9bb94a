"""`devbox trust` as a person and a script meet it: a terminal can say yes, nothing else can."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "devbox.toml").write_text('[box]\nimage = "debian:bookworm-slim"\n')
    return folder


def run(env: dict[str, str], project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devbox", "-C", str(project), *arguments], cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )


def answer(env: dict[str, str], project: Path, *arguments: str, keys: bytes) -> tuple[int, str]:
    """Run on a terminal and type `keys` once it asks; exit code and what the terminal showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "devbox", "-C", str(project), *arguments], cwd=ROOT, env=env,
        preexec_fn=lambda: os.login_tty(theirs),  # a controlling terminal, so that Ctrl-C is a signal
    )
    os.close(theirs)
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        try:
            shown = b""
            while b"[y/N]" not in shown:
                shown += terminal.read(4096) or b""
            terminal.write(keys)
            return process.wait(30), shown.decode()
        finally:
            process.kill()
            process.wait()


def folders(env: dict[str, str], project: Path) -> list[str]:
    final = json.loads(run(env, project, "trust", "--list", "--json").stdout)
    assert (final["schema"], final["outcome"]) == ("devbox.trust/1", "ok")
    return [folder["root"] for folder in final["folders"]]


@pytest.mark.parametrize("arguments", [(), ("--yes",), ("--json",), ("--no-input",), ("--trust",)])
def test_without_a_terminal_nobody_says_yes(
    isolated_env: dict[str, str], project: Path, arguments: tuple[str, ...]
) -> None:
    env = {**isolated_env, "CI": "true", "DEVBOX_TRUST": "1", "DEVBOX_YES": "1"}
    done = run(env, project, "trust", *arguments)
    assert done.returncode == 7
    assert done.stderr.startswith("devbox: error: this folder is not trusted: ")
    assert "`devbox up --trust`" in done.stderr
    assert f"{project} trust`" not in done.stderr, "no hint leads back here"
    assert folders(env, project) == []


def test_a_yes_at_a_terminal_is_remembered_until_revoked(isolated_env: dict[str, str], project: Path) -> None:
    code, shown = answer(isolated_env, project, "trust", keys=b"y\n")
    assert code == 0
    assert str(project) in shown
    assert "sha256:" in shown
    assert folders(isolated_env, project) == [str(project)]
    again = run(isolated_env, project, "trust")
    assert again.returncode == 0
    assert "is trusted since" in again.stdout
    assert run(isolated_env, project, "trust", "--revoke").stdout == f"{project} is no longer trusted\n"
    assert folders(isolated_env, project) == []
    assert run(isolated_env, project, "trust", "--revoke").returncode == 0


@pytest.mark.parametrize(
    "keys", [b"\n", b"n\n", b"maybe\n", b"\x04", b"\x03"], ids=["enter", "n", "maybe", "ctrl-d", "ctrl-c"]
)
def test_anything_but_yes_is_a_no(isolated_env: dict[str, str], project: Path, keys: bytes) -> None:
    code, _ = answer(isolated_env, project, "--yes", "trust", keys=keys)
    assert code == 7
    assert folders(isolated_env, project) == []


def test_trusting_writes_nothing_into_the_project(isolated_env: dict[str, str], project: Path) -> None:
    answer(isolated_env, project, "trust", keys=b"y\n")
    assert os.listdir(project) == ["devbox.toml"]
