"""README says what is true: its commands are those that CI runs, its table is the registry, its links lead on."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from devbox.cli.registry import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def between(name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- /name -->`."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README, re.DOTALL)
    assert found, f"README.md has no {name} section"
    return found[1]


def command(name: str) -> str:
    """The one line of the section's code block."""
    lines = between(name).strip().splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("```sh", "```", 3), "exactly one line to paste"
    return lines[1]


def table() -> str:
    """README's table of commands, as the registry has it."""
    rows = ["| Command | Does |", "| --- | --- |"]
    for entry in COMMANDS:
        usage = entry.usage.replace("|", "\\|")
        rows.append(f"| `{usage}` | {entry.summary}{'' if entry.module else ' *(a later version)*'} |")
    return "\n".join(rows) + "\n"


def test_the_table_of_commands_is_the_registry() -> None:
    assert between("commands") == table(), f"the table should be:\n{table()}"


def test_ci_runs_the_readme_test_command(tmp_path: Path) -> None:
    """`.ci/run` is executed with a stand-in for Python that writes down how it was called."""
    (tmp_path / ".ci").mkdir()
    for name in (".ci/run", "README.md"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / ".ci" / "run").chmod(0o755)
    recorder = '#!/bin/sh\nprintf "%s\\n" "${0##*/} $*" >> "$RECORD"\n'
    programs = tmp_path / "bin"
    for program in (programs / "python3", tmp_path / ".venv" / "bin" / "python"):
        program.parent.mkdir(parents=True)
        program.write_text(recorder)
        program.chmod(0o755)
    record = tmp_path / "record"
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "RECORD": str(record), "CI": "true"}
    subprocess.run([tmp_path / ".ci" / "run"], env=env, check=True, timeout=30, stdin=subprocess.DEVNULL)
    called = [line.split() for line in record.read_text().splitlines()]
    wanted = [shlex.split(part) for part in command("tests").split(" && ")]
    assert called == [[Path(words[0]).name, *words[1:]] for words in wanted]


@pytest.mark.parametrize("name", ["install", "tests"])
def test_the_lines_to_paste_need_only_python_and_pip(name: str) -> None:
    words = [shlex.split(part)[0] for part in command(name).split(" && ")]
    assert words[:2] == ["python3", "python3"]
    assert all(word.startswith(".venv/bin/") for word in words[2:])


def test_every_file_that_readme_points_to_exists() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(targets) >= 5, "three screenshots and two READMEs"
    assert [target for target in targets if not (ROOT / target).is_file()] == []


def test_every_devbox_command_in_readme_exists() -> None:
    named = set(re.findall(r"`(?:\.venv/bin/)?devbox ([a-z]+)", README))
    here = {entry.name for entry in COMMANDS if entry.module}
    assert named <= here, f"README shows commands that this version lacks: {named - here}"


def test_the_example_in_readme_is_a_valid_project(tmp_path: Path) -> None:
    import tomllib

    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert set(tomllib.loads(block)) == {"box", "sidecars"}
