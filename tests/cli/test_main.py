"""The command line's frame: global options anywhere, JSON also on failure, documented exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from io import StringIO
from pathlib import Path

import pytest

from devbox.cli.invocation import Invocation
from devbox.cli.options import split
from devbox.cli.registry import COMMANDS
from devbox.core.errors import NotReadyError, UsageError

ROOT = Path(__file__).parent.parent.parent


def devbox(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    base = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "devbox", *arguments],
        cwd=cwd,
        env={**base, **env},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.mark.parametrize(
    "argv",
    [
        ["--json", "-C", "/x", "up", "--no-wait"],
        ["up", "--no-wait", "-C", "/x", "--json"],
        ["up", "--json", "-C=/x", "--no-wait"],
    ],
)
def test_global_options_stand_before_or_after_the_command(argv: list[str]) -> None:
    line = split(argv)
    assert (line.command, line.arguments) == ("up", ("--no-wait",))
    assert line.options.json
    assert line.options.directory == "/x"


def test_what_follows_the_double_dash_belongs_to_the_command() -> None:
    line = split(["exec", "-T", "--", "grep", "--json", "-C", "2"])
    assert not line.options.json
    assert line.arguments == ("-T", "--", "grep", "--json", "-C", "2")


def test_trust_takes_its_digest_only_after_an_equals_sign() -> None:
    assert split(["--trust", "up"]).options.trust == ""
    assert split(["--trust", "up"]).command == "up"
    assert split(["up", "--trust=abc"]).options.trust == "abc"
    with pytest.raises(UsageError):
        split(["--trust=", "up"])


@pytest.mark.parametrize("argv", [["--colour"], ["-C"], ["--color", "pink", "up"]])
def test_a_wrong_global_option_is_a_usage_error(argv: list[str]) -> None:
    with pytest.raises(UsageError):
        split(argv)


def test_a_mistyped_command_names_the_nearest(tmp_path: Path) -> None:
    done = devbox("rebild", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["devbox: error: no command `rebild`", "hint: did you mean `devbox rebuild`?"]
    assert done.stdout == ""


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS if entry.module is None])
def test_a_command_of_a_later_version_says_so(name: str, tmp_path: Path) -> None:
    done = devbox(name, "--json", cwd=tmp_path)
    assert done.returncode == 2
    final = json.loads(done.stdout)
    assert final["schema"] == f"devbox.{name}/1"
    assert final["outcome"] == "error"
    assert "not in this version" in final["error"]["summary"]


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS if entry.module])
def test_every_command_teaches_itself(name: str, tmp_path: Path) -> None:
    done = devbox(name, "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: devbox {name}" in done.stdout
    assert "--json" in done.stdout


@pytest.mark.parametrize(("asked", "same"), [
    (("help",), ("--help",)), (("help", "plan"), ("plan", "--help")), (("-V",), ("--version",)),
])
def test_help_is_a_command_too_and_a_version_has_its_letter(
    asked: tuple[str, ...], same: tuple[str, ...], tmp_path: Path
) -> None:
    done = devbox(*asked, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, devbox(*same, cwd=tmp_path).stdout)


def test_help_for_a_command_that_is_none_names_the_nearest(tmp_path: Path) -> None:
    done = devbox("help", "plann", cwd=tmp_path)
    assert (done.returncode, "`devbox plan`" in done.stderr) == (2, True)


def test_help_lists_every_command_of_the_contract(tmp_path: Path) -> None:
    shown = devbox("--help", cwd=tmp_path).stdout
    assert [entry.name for entry in COMMANDS if entry.name not in shown] == []


def test_a_wrong_option_of_a_command_ends_in_two_lines(tmp_path: Path) -> None:
    done = devbox("up", "--bulid", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("devbox: error: devbox up: unrecognized arguments: --bulid")
    assert "Traceback" not in done.stderr


def test_a_directory_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    done = devbox("-C", "nowhere", "status", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["kind"] == "usage"


def test_hostile_words_in_an_error_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    done = devbox("\x1b]0;owned\x07[/red]\u202e", cwd=tmp_path)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    script = f"{sys.executable} -P -m devbox --help | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("words", "code"), [(["--help"], 9), (["doctor"], 9), (["nosuch", "--json"], 2)])
def test_output_that_can_t_be_written_is_an_error_like_any_other(words: list[str], code: int, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "devbox", *words]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, env=env, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.returncode == code
    first = done.stderr.splitlines()[0]
    expected = "devbox: error: cannot write the output: No space left on device"
    assert first == expected if code == 9 else "no command" in first
    assert "Exception" not in done.stderr
    assert not (tmp_path / ".local/state/devbox/crash").exists()


def test_a_bug_ends_in_one_line_and_a_report(tmp_path: Path) -> None:
    code = (
        "import sys, devbox.cli.main as m\nm._help = lambda invocation: 1 // 0\nsys.exit(m.run(['--help', '--json']))\n"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 70
    assert "Traceback" not in done.stderr
    (report,) = (tmp_path / ".local/state/devbox/crash").iterdir()
    assert "ZeroDivisionError" in report.read_text()
    assert str(report) in done.stderr
    assert json.loads(done.stdout)["error"]["kind"] == "internal"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_unwind_and_end_in_their_documented_code(number: int, code: int, tmp_path: Path) -> None:
    script = (
        "import sys, time, devbox.cli.main as m\n"
        "def wait(invocation):\n"
        "    try:\n        print('ready', flush=True)\n        time.sleep(30)\n"
        "    finally:\n        print('cleaned', flush=True)\n"
        "m._help = wait\n"
        "sys.exit(m.run(['--help']))\n"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-P", "-c", script], env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    started = time.monotonic()
    process.send_signal(number)
    assert process.stdout.read() == "cleaned\n"
    assert process.wait(10) == code
    assert time.monotonic() - started < 10


def test_foreign_lines_are_no_commands_to_a_ci_runner(tmp_path: Path) -> None:
    done = devbox("a\n::add-mask::x", cwd=tmp_path, GITHUB_ACTIONS="true")
    assert done.returncode == 2
    invocation = Invocation("x", split([]).options, Namespace(), {"GITHUB_ACTIONS": "true"}, StringIO(), StringIO())
    invocation.report(NotReadyError("box ended", detail="::error::owned\n  ##[group]x"))
    shown = invocation.stderr.getvalue()  # type: ignore[attr-defined]
    assert "owned" in shown
    assert not [line for line in shown.splitlines() if line.lstrip().startswith(("::", "##["))]


def test_nohup_is_respected(tmp_path: Path) -> None:
    script = (
        "import signal, sys, devbox.cli.main as m\n"
        "m._help = lambda invocation: print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN) or 0\n"
        "sys.exit(m.run(['--help']))\n"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["nohup", sys.executable, "-P", "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False,
    )
    assert (done.returncode, done.stdout) == (0, "True\n")
