"""The box's commands as programs see them: JSON shapes, exit codes, streams (contract.md)."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devbox.engine.port import Engine
from tests.flows.box.conftest import remove_everything

pytestmark = pytest.mark.engine

REPOSITORY = Path(__file__).resolve().parents[2]
TOML = """
name = "shop"
[box]
dockerfile = "Dockerfile"
env = { DEBUG = "1" }
mounts = [".:/app"]
workdir = "/app"
[sidecars.db]
image = "IMAGE"
command = ["sh", "-c", "echo 'db \\u001b[31mup'; exec sleep infinity"]
ready = { run = "true" }
"""
DOCKERFILE = """FROM IMAGE AS dev
COPY list /list
RUN test "$(cat /list)" != broken
"""


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1]


@dataclass
class Cli:
    root: Path
    env: dict[str, str]

    def __call__(self, *words: str, stdin: bytes = b"") -> Done:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "devbox", *words], cwd=self.root, input=stdin, capture_output=True,
            env={**self.env, "PYTHONPATH": str(REPOSITORY)}, check=False, timeout=120,
        )
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


@pytest.fixture
def cli(tmp_path: Path, cli_env: dict[str, str], engine: Engine, base_image: str) -> Iterator[Cli]:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "devbox.toml").write_text(TOML.replace("IMAGE", base_image))
    (root / "Dockerfile").write_text(DOCKERFILE.replace("IMAGE", base_image))
    (root / "list").write_text(uuid.uuid4().hex)  # unlike what any earlier run left in the build cache
    yield Cli(root, cli_env)
    remove_everything(engine, root)


def test_a_day_with_the_box(cli: Cli) -> None:
    refused = cli("up", "--json", "--no-input")
    assert (refused.code, refused.last["error"]["kind"]) == (7, "not-trusted")

    planned = cli("plan", "--json")
    kinds = [operation["kind"] for operation in planned.last["operations"]]
    build = planned.last["build"]
    assert (planned.code, build["target"], build["hits"], build["misses"]) == (0, "dev", 0, 0)
    assert {step["forecast"] for step in build["steps"]} == {"base", "unknown"}, "nothing is proven on a new builder"
    assert kinds == [
        "build-image", "create-network", "create-network", "create-container", "wait-ready", "create-container",
    ]

    up = cli("up", "--json", "--trust")
    assert up.code == 0, up.err
    assert {"hits", "misses", "seconds", "image", "services"} <= up.last.keys()
    assert (up.last["schema"], up.last["outcome"], up.last["misses"]) == ("devbox.up/1", "ok", 2)
    steps = [event for event in up.events if event.get("event") == "step"]
    assert {step["instruction"].split()[0] for step in steps} >= {"COPY", "RUN"}
    operations = [event for event in up.events if event.get("event") == "operation"]
    assert {"kind", "resource", "cause", "state"} <= operations[0].keys()

    status = cli("status", "--json").last
    assert {"project", "mode", "engine", "services", "network", "volumes"} <= status.keys()
    assert [(each["name"], each["role"], each["state"]) for each in status["services"]] == [
        ("box", "box", "running"), ("db", "sidecar", "running"),
    ]
    fields = {"name", "role", "state", "health", "container", "image", "stale", "ports", "mounts"}
    assert fields <= status["services"][0].keys()

    (cli.root / "devbox.toml").write_text((cli.root / "devbox.toml").read_text().replace('DEBUG = "1"', 'DEBUG = "0"'))
    [stale] = cli("status", "--json").last["services"][0]["stale"]
    assert stale == {"field": "env DEBUG", "was": "1", "now": "0", "action": "recreate"}

    (cli.root / "list").write_text(uuid.uuid4().hex)
    rebuilt = cli("rebuild", "--json", "--trust")
    assert (rebuilt.code, rebuilt.last["misses"], len(rebuilt.last["operations"])) == (0, 2, 1)
    assert rebuilt.last["image"] != up.last["image"]

    logs = cli("logs", "--json", "db").events
    assert (logs[0]["event"], logs[0]["service"], logs[0]["text"]) == ("log", "db", "db up")
    assert cli("logs", "--grep", "nothing such").out == ""
    assert "\x1b" not in cli("logs").out

    down = cli("down", "--json", "--volumes", "--images")
    assert (down.code, down.last["outcome"]) == (0, "ok")
    assert [each["state"] for each in cli("status", "--json").last["services"]] == ["absent", "absent"]


def test_exec_and_shell_pass_on_code_and_bytes(cli: Cli) -> None:
    missing = cli("exec", "--trust", "--json", "-T", "--", "true")
    assert (missing.code, missing.last["error"]["kind"]) == (6, "not-ready")
    assert cli("up", "--trust", "-q").code == 0
    data = bytes(range(256)) * 100
    done = subprocess.run(
        [sys.executable, "-P", "-m", "devbox", "exec", "--trust", "-T", "--", "cat"], cwd=cli.root, input=data,
        capture_output=True, timeout=60, env={**cli.env, "PYTHONPATH": str(REPOSITORY)}, check=False,
    )
    assert (done.returncode, done.stdout) == (0, data)
    assert cli("exec", "--trust", "db", "--", "sh", "-c", "exit 42").code == 42
    assert cli("exec", "--trust", "--", "hostname").out == "box\n"
    shell = cli("shell", "--trust", "db", stdin=b"hostname; exit 3\n")
    assert (shell.code, shell.out) == (3, "db\n")
    assert cli("exec", "--trust", "nope", "--", "true").code == 2
    assert cli("exec", "--trust", "ls").code == 2
    assert "\n  " in cli("exec", "--help").out


def test_a_failing_step_is_exit_5_and_leaves_what_ran(cli: Cli) -> None:
    assert cli("up", "--trust", "-q").code == 0
    before = cli("status", "--json").last["services"][0]["container"]
    (cli.root / "list").write_text("broken")
    failed = cli("rebuild", "--json", "--trust")
    assert (failed.code, failed.last["outcome"], failed.last["error"]["kind"]) == (5, "error", "build")
    after = cli("status", "--json").last["services"][0]
    assert (after["container"], after["state"]) == (before, "running")


def test_an_image_that_can_not_be_had_is_exit_5_and_a_missing_dockerfile_exit_3(cli: Cli) -> None:
    (cli.root / "Dockerfile").unlink()
    gone = cli("up", "--json", "--trust")
    assert (gone.code, gone.last["error"]["kind"], gone.last["error"]["path"]) == (3, "config", "devbox.toml")
    (cli.root / "devbox.toml").write_text('[box]\nimage = "127.0.0.1:9/none:1"\n')
    unreachable = cli("up", "--json", "--trust")
    assert (unreachable.code, unreachable.last["error"]["kind"]) == (5, "build")


def test_dry_runs_change_nothing(cli: Cli) -> None:
    for words in (("up",), ("rebuild",), ("down", "--volumes")):
        done = cli(*words, "--dry-run", "--json")
        assert (done.code, done.last["dry_run"]) == (0, True)
    assert [each["state"] for each in cli("status", "--json").last["services"]] == ["absent", "absent"]


def test_kill_during_a_rebuild_is_put_right(cli: Cli) -> None:
    assert cli("up", "--trust", "-q").code == 0
    for number in (4, 9):
        (cli.root / "list").write_text(str(number))
        cli.env["DEVBOX_FAILPOINT"] = f"*@{number}"
        assert cli("rebuild", "--trust", "-q").code == -9
        del cli.env["DEVBOX_FAILPOINT"]
        done = cli("rebuild", "--trust", "-q")
        assert done.code == 0, done.err
        services = cli("status", "--json").last["services"]
        assert [(each["state"], each["stale"]) for each in services] == [("running", []), ("running", [])]
        assert cli("exec", "--trust", "--", "cat", "/list").out == str(number)


def test_plan_foresees_what_changes_only_the_image_s_settings(cli: Cli) -> None:
    dockerfile = cli.root / "Dockerfile"
    before = dockerfile.read_text()
    assert cli("up", "--trust", "-q").code == 0
    assert cli("plan").out.startswith("nothing to do")
    for text in (before + "ENV X=1\n", before):  # added, then back to a state that was built before
        dockerfile.write_text(text)
        planned = cli("plan", "--json").last
        assert planned["build"]["misses"] == 0, "an ENV is no step"
        assert [(each["kind"], each["cause"]) for each in planned["operations"]] == [
            ("build-image", "the image's settings changed"),
            ("recreate-container", "image changed: the image's settings changed"),
        ]
        done = {each["kind"] for each in cli("up", "--trust", "--json").last["operations"]}
        assert done == {"recreate-container"}
        assert cli("plan").out.startswith("nothing to do")
