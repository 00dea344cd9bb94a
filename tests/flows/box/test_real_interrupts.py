"""kill -9 at any engine mutation, Ctrl-C, two at once: the next run puts everything right (X1, security.md 9)."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devbox.engine.port import Engine
from tests.flows.box.conftest import remove_everything
from tests.waiting import wait_until

pytestmark = pytest.mark.engine

REPOSITORY = Path(__file__).resolve().parents[3]
SEED = 20
SLICE = 3
"""Failpoints tried in one run of the suite; all of them are tried by raising this."""

TOML = """
name = "interrupted"
[box]
image = "{image}"
env = {{ EDIT = "{edit}" }}
hooks = {{ create = ["echo created >> /tmp/hooks"] }}
ready = {{ run = "{ready}", timeout = "20s" }}
[sidecars.db]
image = "{image}"
command = ["sleep", "infinity"]
volumes = ["data:/data"]
env = {{ EDIT = "{edit}" }}
"""


@dataclass
class Cli:
    """`devbox` as a user runs it, in one project."""

    root: Path
    env: dict[str, str]
    image: str
    engine: Engine

    def write(self, edit: str = "0", ready: str = "true") -> None:
        (self.root / "devbox.toml").write_text(TOML.format(image=self.image, edit=edit, ready=ready))

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "devbox", *words, "--trust", "--no-input"], cwd=self.root, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**self.env, "PYTHONPATH": str(REPOSITORY), **env},
        )

    def run(self, *words: str, **env: str) -> tuple[int, str, str]:
        process = self.start(*words, **env)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def up(self, **env: str) -> dict[str, Any]:
        """A run that must succeed; its last JSON line."""
        code, out, err = self.run("up", "--json", **env)
        assert code == 0, err
        last: dict[str, Any] = json.loads(out.splitlines()[-1])
        return last

    def assert_converged(self) -> None:
        """One running container for each service, one network of each kind, nothing left to do."""
        labels = {"dev.devbox.root": str(self.root)}
        found = self.engine.containers(labels)
        assert sorted(each.labels["dev.devbox.service"] for each in found) == ["box", "db"]
        assert {each.state for each in found} == {"running"}
        networks = self.engine.networks(labels)
        assert sorted(each.labels["dev.devbox.network"] for each in networks) == ["egress", "private"]
        assert self.up()["operations"] == []


@pytest.fixture
def cli(tmp_path: Path, cli_env: dict[str, str], engine: Engine, base_image: str) -> Iterator[Cli]:
    root = tmp_path / "interrupted"
    root.mkdir()
    made = Cli(root, cli_env, base_image, engine)
    made.write()
    yield made
    remove_everything(engine, root)


def numbers(most: int, count: int, seed: int = SEED) -> list[int]:
    return sorted(random.Random(seed).sample(range(1, most + 1), count))


@pytest.mark.slow
@pytest.mark.parametrize("number", numbers(16, SLICE))
def test_kill_during_the_first_up_is_put_right(cli: Cli, number: int) -> None:
    code, _, err = cli.run("up", DEVBOX_FAILPOINT=f"*@{number}")
    assert code == -signal.SIGKILL, f"fewer than {number} failpoints: {err}"
    cli.up()
    cli.assert_converged()


@pytest.mark.slow
def test_kill_during_a_replacement_is_put_right(cli: Cli) -> None:
    cli.up()
    for edit, number in enumerate(numbers(18, SLICE), start=1):
        cli.write(edit=str(edit))
        code, _, err = cli.run("up", DEVBOX_FAILPOINT=f"*@{number}")
        assert code == -signal.SIGKILL, f"fewer than {number} failpoints: {err}"
        cli.up()
        cli.assert_converged()


def test_kill_during_down_is_put_right_by_down(cli: Cli) -> None:
    cli.up()
    code, _, _ = cli.run("down", DEVBOX_FAILPOINT="*@5")
    assert code == -signal.SIGKILL
    assert cli.run("down", "--volumes")[0] == 0
    labels = {"dev.devbox.root": str(cli.root)}
    assert (cli.engine.containers(labels), cli.engine.networks(labels), cli.engine.volumes(labels)) == ((), (), ())


def test_two_ups_at_once_both_succeed(cli: Cli) -> None:
    first, second = cli.start("up"), cli.start("up")
    _, first_err = first.communicate(timeout=120)
    _, second_err = second.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0), first_err + second_err
    cli.assert_converged()
    waited = [err for err in (first_err, second_err) if "the project's lock" in err]
    assert len(waited) == 1
    assert "`devbox up` (process " in waited[0]


def test_a_busy_project_is_exit_8_after_the_timeout(cli: Cli) -> None:
    cli.write(ready="sleep 3")
    first = cli.start("up")
    labels = {"dev.devbox.root": str(cli.root)}
    wait_until(lambda: len(cli.engine.networks(labels)) > 0)
    code, out, _ = cli.run("up", "--json", "--timeout", "200ms")
    assert code == 8
    assert json.loads(out.splitlines()[-1])["error"]["kind"] == "busy"
    first.communicate(timeout=60)
    assert first.returncode == 0


def test_ctrl_c_while_waiting_brings_the_old_one_back(cli: Cli) -> None:
    cli.up()
    labels = {"dev.devbox.root": str(cli.root), "dev.devbox.service": "box"}
    [before] = cli.engine.containers(labels)
    cli.write(edit="2", ready="sleep 15")
    process = cli.start("up")
    wait_until(lambda: any(each.state == "running" and each.id != before.id for each in cli.engine.containers(labels)))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    [after] = cli.engine.containers(labels)
    assert (after.id, after.state) == (before.id, "running")
    cli.write(edit="2")
    cli.up()
    cli.assert_converged()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_anywhere_leaves_a_convergent_state(cli: Cli, sent: signal.Signals, code: int) -> None:
    process = cli.start("up")
    labels = {"dev.devbox.root": str(cli.root)}
    wait_until(lambda: len(cli.engine.containers(labels)) > 0 or process.poll() is not None)
    process.send_signal(sent)
    process.communicate(timeout=60)
    assert process.returncode == code
    cli.up()
    cli.assert_converged()
