"""Whatever a Dockerfile says, parser, steps and rules give findings or one ConfigError, and rules take no long time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.core.team import PolicyRule
from devbox.project.build_outline import outline
from devbox.project.dockerfile import parse_dockerfile
from devbox.project.dockerfile_steps import build_steps
from devbox.project.jsonc_source import parse_jsonc
from devbox.project.rules.compose import ComposeFile, box_of, builds, published, unresolved
from devbox.project.rules.compose_privileges import of_compose
from devbox.project.rules.devcontainer_privileges import of_devcontainer
from devbox.project.rules.privileges import Around
from devbox.project.rules.shell import commands
from devbox.project.yaml_source import parse_yaml
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
KEYS = (
    "services",
    "x",
    "build",
    "context",
    "dockerfile",
    "args",
    "ports",
    "target",
    "volumes",
    "source",
    "type",
    "environment",
    "cap_add",
    "privileged",
    "pid",
    "include",
    "path",
    "image",
    "security_opt",
    "devices",
    "additional_contexts",
    "mounts",
    "runArgs",
    "capAdd",
    "containerEnv",
    "initializeCommand",
    "workspaceMount",
    "securityOpt",
    "appPort",
)
VALUES = st.recursive(
    st.sampled_from(
        ("host", "bind", ".", "..", "/:/x", "$X", "${Y}", "${", "1:2:3", "[::1]:1:2", "a=b", "--privileged", "-v", True)
    )
    | st.none()
    | st.integers()
    | st.text("ab$\"'{}:/ ", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)
MAPPINGS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)
RULES = (PolicyRule("a", "^RUN (a|b)+", "x"), PolicyRule("b", ".*", "y", max=3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The context of all of them."""
    return project(tmp_path_factory.mktemp("any"), {"dir/a": "", "node_modules/x": ""})


@given(TEXTS, st.booleans())
@settings(max_examples=200)
def test_any_text_is_findings_or_one_config_error(folder: Path, text: str, with_from: bool) -> None:
    text = f"FROM x AS y\n{text}" if with_from else text
    data = text.encode("utf-8", "surrogatepass")
    try:
        dockerfile = parse_dockerfile(data, "Dockerfile")
        outline(dockerfile)
        build_steps(dockerfile)
        look(data.decode("utf-8", "replace"), folder, team=RULES)
    except ConfigError as error:
        outcome = (error.path, bool(error.line))
    else:
        outcome = ("Dockerfile", True)
    assert outcome == ("Dockerfile", True)


@given(TEXTS)
def test_any_shell_text_is_commands_with_words(text: str) -> None:
    assert all(command.words for command in commands(text))


@given(MAPPINGS)
def test_any_compose_file_asks_something_or_nothing(content: Any) -> None:
    file = ComposeFile("compose.yaml", "/p", parse_yaml(json.dumps(content).encode(), "compose.yaml"))
    known = {"X": "y"}
    asked = of_compose(file, Around("/p", "/home/me", known), "x")
    origins = [*(ask.origin for ask in asked), *(port.origin for port in published(file, known))]
    assert {origin.path for origin in origins} <= {"compose.yaml"}
    assert all(build.dockerfile.startswith("/") for build in builds(file, known))
    assert len(list(unresolved(file, known))) <= len(file.services)
    assert box_of((file,)) in (None, *file.services)


@given(MAPPINGS)
def test_any_devcontainer_json_asks_something_or_nothing(content: Any) -> None:
    document = parse_jsonc(json.dumps(content).encode(), "d.json")
    assert all(one.subject for one in of_devcontainer(document, "d.json", Around("/p", "/home/me", {})))


def test_rules_are_linear_in_a_large_file(tmp_path: Path) -> None:
    folder = project(tmp_path)
    small, large = CLEAN + "RUN a | b && c\n" * 200, CLEAN + "RUN a | b && c\n" * 2000

    def seconds(text: str) -> float:
        started = time.process_time()
        look(text, folder)
        return time.process_time() - started

    for wide in (
        "COPY " + "a " * 20_000 + "/x\n",
        "ENV " + "A1=$B " * 20_000 + "\n",
        "# hadolint ignore=" + " " * 100_000 + "!\n",
        "RUN curl " + "curl " * 20_000 + "\n",
        "RUN " + "<< x " * 20_000 + "\n",
        "FROM a\n" * 500,
        "ENV A=1\n" * 500,
    ):
        assert seconds(CLEAN + wide) < 5
    assert seconds("# a=" + " " * 100_000 + "x\n" + CLEAN) < 5
    seconds(small)
    assert seconds(large) < 40 * max(seconds(small), 0.005), "ten times the text is no hundred times the work"
