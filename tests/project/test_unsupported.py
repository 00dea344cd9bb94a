"""Modes, and what this version refuses by name instead of ignoring it."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.errors import ExitCode, UsageError
from tests.project.projects import load, refusal

BUILD = '[box]\ndockerfile = "Dockerfile"\n'


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("ssh_agent = true\n", 3, "`box.ssh_agent` is not supported by this version of devbox"),
        ("git_identity = true\n", 3, "`box.git_identity` is not supported"),
        ('sync_back = ["out"]\n', 3, "`box.sync_back` is not supported"),
        ('[cache]\nfrom = ["type=registry,ref=x"]\n', 3, "`[cache]` is not supported"),
        ('ports = ["0.0.0.0:80:80"]\n', 3, "publishing on 0.0.0.0 is not supported"),
        ('ports = ["[::]:80:80"]\n', 3, "publishing on :: is not supported"),
        ('mounts = ["/etc:/host"]\n', 3, "a mount from outside the project (/etc:/host)"),
        ('mounts = ["/dev/null:/var/run/docker.sock"]\n', 3, "a mount from outside the project"),
        ('mounts = ["..:/up"]\n', 3, "a mount from outside the project (..:/up)"),
        ('secrets = { a = { file = "/etc/passwd" } }\n', 3, "the secret `a` from a file outside the project"),
        ('[modes.x]\nwhen = { gpu = true }\n', 3, "`modes.x.when` is not supported"),
        ('[sidecars.s]\nimage = "x"\nmounts = ["/etc:/e"]\n', 5, "a mount from outside the project"),
    ],
)
def test_what_would_be_ignored_is_refused_when_launching(root: Path, text: str, line: int, words: str) -> None:
    error = refusal(root, BUILD + text)
    assert words in error.summary
    assert (error.path, error.line, error.exit_code) == ("devbox.toml", line, ExitCode.INVALID)
    assert error.hint
    assert load(root, BUILD + text, launching=False).name == "fortune"


def test_loopback_addresses_are_fine(root: Path) -> None:
    ports = load(root, BUILD + 'ports = ["localhost:1:2", "127.0.0.2:1:2", "[::1]:1:2/udp"]\n').box.ports
    assert [(port.address, port.protocol) for port in ports] == [
        ("127.0.0.1", "tcp"), ("127.0.0.2", "tcp"), ("::1", "udp"),
    ]


MODES = BUILD + '[modes.fast]\nwhen = { gpu = true }\ntarget = "fast"\n[modes.slow]\ntarget = "slow"\nprobe = "true"\n'


def test_a_mode_is_taken_by_name(root: Path) -> None:
    project = load(root, MODES, mode="fast")
    assert project.mode == "fast"
    assert project.box.build is not None
    assert project.box.build.target == "fast"
    plain = load(root, MODES, mode="default")
    assert plain.box.build is not None
    assert (plain.mode, plain.box.build.target) == ("default", None)


def test_under_ci_the_projects_default_mode_is_taken(root: Path) -> None:
    text = 'default_mode = "fast"\n' + MODES
    assert load(root, text, env={"CI": "true"}).mode == "fast"
    assert load(root, text, env={"CI": "true"}, mode="default").mode == "default"
    assert load(root, text, env={"CI": ""}, launching=False).mode == "default"


def test_keys_of_the_chosen_mode_are_refused_where_they_would_be_ignored(root: Path) -> None:
    assert "`modes.slow.probe` is not supported" in refusal(root, MODES, mode="slow").summary


def test_an_unknown_mode_is_wrong_usage_and_lists_the_known_ones(root: Path) -> None:
    error = refusal(root, MODES, mode="fest")
    assert isinstance(error, UsageError)
    assert error.hint == "the modes of this project: default, fast, slow"


def test_a_mistake_in_a_mode_that_is_not_chosen_is_still_one(root: Path) -> None:
    error = refusal(root, MODES + 'ports = ["x"]\n', mode="default")
    assert "`modes.slow.ports[0]`" in error.summary
