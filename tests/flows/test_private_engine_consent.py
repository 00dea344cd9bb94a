"""Nothing is installed, started or made before the person has agreed, and nothing where it can't work."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from devbox.core.errors import EngineError, ExitCode, NotTrustedError
from devbox.engine.port import Endpoint
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.machine import Machine
from devbox.flows import private_engine
from devbox.flows.private_engine import EngineSetup

BARE = Machine(
    system="Linux", is_root=True, uid=0, gid=0, sudo=None, package_manager="apt-get", distribution="debian",
    codename="bookworm", programs=frozenset(),
)
READY = replace(BARE, programs=frozenset({"dockerd", "containerd", "docker", "iptables"}))


class Answer:
    """Answers every question the same and remembers them."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.questions: list[str] = []
        self.details: list[str] = []

    def __call__(self, question: str, *, detail: str = "", trust: bool = False) -> bool:
        self.questions.append(question)
        self.details.append(detail)
        return self.answer


@pytest.fixture
def setup_for(tmp_path: Path) -> Callable[[Machine, Answer], EngineSetup]:
    layout = PrivateLayout(tmp_path / "lib", tmp_path / "run")
    return lambda machine, ask: EngineSetup(ask=ask, env={}, layout=layout, machine=machine)


def test_declining_installs_nothing(setup_for: Callable[[Machine, Answer], EngineSetup], tmp_path: Path) -> None:
    ask = Answer(False)
    with pytest.raises(NotTrustedError) as caught:
        list(private_engine.start(setup_for(BARE, ask)))
    assert ask.questions == ["Install docker.io iptables with apt and start a private engine?"]
    assert caught.value.exit_code == ExitCode.NOT_TRUSTED
    assert "`devbox engine start --yes`" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


def test_a_start_that_nobody_asked_for_by_name_is_asked_for(
    setup_for: Callable[[Machine, Answer], EngineSetup], tmp_path: Path
) -> None:
    ask = Answer(False)
    with pytest.raises(NotTrustedError):
        list(private_engine.start(setup_for(READY, ask), wanted="the demo"))
    assert ask.questions == ["Start a private engine?"]
    assert "the demo needs a Docker Engine" in ask.details[0]
    assert list(tmp_path.iterdir()) == []


def test_sudo_is_announced_with_the_question(setup_for: Callable[[Machine, Answer], EngineSetup]) -> None:
    ask = Answer(False)
    user = replace(BARE, is_root=False, uid=1000, gid=1000, sudo="/usr/bin/sudo")
    with pytest.raises(NotTrustedError):
        list(private_engine.start(setup_for(user, ask)))
    assert "sudo" in ask.details[0]


@pytest.mark.parametrize("change", [{"system": "Darwin"}, {"package_manager": "apk"}, {"is_root": False}])
def test_where_it_can_not_work_nothing_is_asked(
    setup_for: Callable[[Machine, Answer], EngineSetup], change: dict[str, object]
) -> None:
    ask = Answer(True)
    with pytest.raises(EngineError):
        list(private_engine.start(setup_for(replace(BARE, **change), ask)))  # type: ignore[arg-type]
    assert ask.questions == []


@pytest.mark.engine
def test_installing_debootstrap_is_asked_for(
    setup_for: Callable[[Machine, Answer], EngineSetup], docker_endpoint: Endpoint, tmp_path: Path
) -> None:
    ask = Answer(False)
    with pytest.raises(NotTrustedError):
        list(private_engine.ensure_base_image(setup_for(BARE, ask), docker_endpoint, suite="bullseye"))
    assert ask.questions == ["Install debootstrap to make the base image devbox-base:bullseye?"]
    assert list(tmp_path.iterdir()) == []


SUDO = """#!/bin/sh
printf "%s " "$@" >> {log}; echo >> {log}
[ "$1" = -n ] || exit 1
shift
[ "$1" = true ] && exit {password}
[ "$1" = -- ] || exit 1
shift
exec "$@"
"""


def _sudo(tmp_path: Path, *, needs_password: bool) -> Machine:
    """A machine whose sudo notes how it was called and needs no rights, since the caller has them."""
    sudo = tmp_path / "sudo"
    sudo.write_text(SUDO.format(log=tmp_path / "sudo.log", password=int(needs_password)))
    sudo.chmod(0o755)
    return replace(READY, is_root=False, sudo=str(sudo))


def test_sudo_that_wants_a_password_ends_in_a_hint(
    setup_for: Callable[[Machine, Answer], EngineSetup], tmp_path: Path
) -> None:
    machine = _sudo(tmp_path, needs_password=True)
    with pytest.raises(EngineError) as caught:
        list(private_engine.start(setup_for(machine, Answer(True))))
    assert "`sudo -v`" in str(caught.value.hint)
    assert (tmp_path / "sudo.log").read_text() == "-n true \n"


@pytest.mark.skipif(os.geteuid() != 0, reason="the stand-in for sudo gives no rights")
def test_with_sudo_the_work_runs_in_an_isolated_interpreter(
    setup_for: Callable[[Machine, Answer], EngineSetup], tmp_path: Path
) -> None:
    machine = _sudo(tmp_path, needs_password=False)
    (tmp_path / "lib").touch()  # so that the root side refuses, and nothing needs to be stopped
    with pytest.raises(EngineError, match="exists and is not a folder"):
        list(private_engine.start(setup_for(machine, Answer(True))))
    calls = (tmp_path / "sudo.log").read_text().splitlines()
    assert calls[0] == "-n true "
    assert calls[1].startswith("-n -- /")
    assert " -I -c " in calls[1]
