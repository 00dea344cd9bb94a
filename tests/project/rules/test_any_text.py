"""Whatever a Dockerfile says, parser, steps and rules give findings or one ConfigError, and rules take no long time."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.core.team import PolicyRule
from devbox.project.build_outline import outline
from devbox.project.dockerfile import parse_dockerfile
from devbox.project.dockerfile_steps import build_steps
from devbox.project.rules.shell import commands
from tests.project.rules.clean import CLEAN, look, project

WORDS = (
    "FROM",
    "RUN",
    "COPY",
    "ADD",
    "ENV",
    "ARG",
    "WORKDIR",
    "USER",
    "ONBUILD",
    "CMD",
    "EXPOSE",
    "LABEL",
    "SHELL",
    "from",
    "as",
    "AS",
    "scratch",
    "x",
    "$X",
    "${X:-y}",
    "${",
    '"',
    "'",
    "\\",
    "\n",
    "\n",
    "\n",
    "# hadolint ignore=",
    "# check=skip=",
    "<<EOF",
    "EOF",
    "--from=0",
    "--from=x",
    "--mount=type=cache,target=/x",
    '["a"]',
    "/",
    ".",
    "..",
    "*",
    "[",
    "a=b",
    "a",
    "=",
    "&&",
    "|",
    ";",
    "apt-get",
    "install",
    "pip",
    "-r",
    "curl",
    "https://x",
    "npm",
    "i",
    ",",
    "99999999999999999999",
    "\0",
    "\r",
    "\t",
    "é",
    "\ud800",
    "python",
    ":",
    "@",
    "sha256:" + "a" * 64,
    "80/TCP",
)
TEXTS = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text(max_size=120)
RULES = (PolicyRule("a", "^RUN (a|b)+", "x"), PolicyRule("b", ".*", "y", max=3))


@given(TEXTS, st.booleans())
@settings(max_examples=200)
def test_any_text_is_findings_or_one_config_error(text: str, with_from: bool) -> None:
    text = f"FROM x AS y\n{text}" if with_from else text
    data = text.encode("utf-8", "surrogatepass")
    try:
        dockerfile = parse_dockerfile(data, "Dockerfile")
        outline(dockerfile)
        build_steps(dockerfile)
        look(data.decode("utf-8", "replace"), team=RULES)
    except ConfigError as error:
        outcome = (error.path, bool(error.line))
    else:
        outcome = ("Dockerfile", True)
    assert outcome == ("Dockerfile", True)


@given(TEXTS)
def test_any_shell_text_is_commands_with_words(text: str) -> None:
    assert all(command.words for command in commands(text))


def test_rules_are_linear_in_a_large_file(tmp_path: Path) -> None:
    folder = project(tmp_path)
    small, large = CLEAN + "RUN a | b && c\n" * 200, CLEAN + "RUN a | b && c\n" * 2000

    def seconds(text: str) -> float:
        started = time.process_time()
        look(text, folder)
        return time.process_time() - started

    seconds(small)
    assert seconds(large) < 40 * max(seconds(small), 0.005), "ten times the text is no hundred times the work"
