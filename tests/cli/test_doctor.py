"""`devbox doctor` as a program: streams, JSON, exit codes, selection."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devbox import __version__
from devbox.core.check_list import CHECKS
from devbox.core.findings import LAYERS
from devbox.engine.port import Endpoint
from tests.flows.toolchain_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.system("python", "3.12.4")
    made.env["XDG_STATE_HOME"] = str(tmp_path / "state")
    return made


def doctor(world: World, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "devbox", "doctor", *arguments],
        cwd=world.directory,
        capture_output=True,
        text=True,
        env={**world.environment(), "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        timeout=60,
        check=False,
    )


def as_json(world: World, *arguments: str) -> tuple[int, Any]:
    run = doctor(world, "--json", *arguments)
    return run.returncode, json.loads(run.stdout)


def test_the_json_object_is_the_contracts(world: World) -> None:
    world.file("proj/.python-version", "3.11\n")
    code, report = as_json(world)
    assert code == 1
    assert (report["schema"], report["devbox"], report["outcome"]) == ("devbox.doctor/1", __version__, "findings")
    assert report["project_dir"] == str(world.directory)
    assert list(report["layers"]) == list(LAYERS)
    assert set(report["facts"]) == {"platform", "gpu", "engine"}
    assert {check["status"] for check in report["checks"]} <= {"ok", "drift", "unknown"}
    assert all(check["reason"] for check in report["checks"] if check["status"] == "unknown")


def test_json_is_ascii_whatever_a_file_holds(world: World) -> None:
    world.file("proj/.python-version", "3.11-ünïcode\u202e\x1b[31m\n")
    run = doctor(world, "--json")
    assert run.stdout.isascii()
    assert json.loads(run.stdout)["toolchains"][0]["declared"][0]["raw"].startswith("3.11-ünïcode")


def test_text_never_lets_an_escape_sequence_through(world: World) -> None:
    world.file("proj/.python-version", "3.11\x1b]0;pwned\x07\x1b[2J\n")
    assert "\x1b" not in doctor(world, "-v").stdout


def test_text_and_json_say_the_same(world: World) -> None:
    world.file("proj/.python-version", "3.11\n")
    _, report = as_json(world)
    text = doctor(world).stdout
    assert [one["message"] for one in report["findings"] if one["message"] not in text] == []
    assert [one["hint"] for one in report["findings"] if one["hint"] and one["hint"] not in text] == []


def test_a_clean_directory_ends_with_zero(world: World) -> None:
    run = doctor(world)
    assert (run.returncode, run.stderr) == (0, "")
    assert "0 errors, 0 warnings" in run.stdout


def test_strict_makes_a_warning_fail(world: World) -> None:
    world.file("proj/Dockerfile", "FROM debian:bookworm\n")
    world.env["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    assert doctor(world).returncode == 0
    assert doctor(world, "--strict").returncode == 1
    assert doctor(world, "--strict", "--skip", "engine").returncode == 0


def test_only_and_skip_take_ids_and_prefixes(world: World) -> None:
    _, report = as_json(world, "--only", "platform.memory,platform.disk", "--skip", "platform.disk")
    assert [check["id"] for check in report["checks"]] == ["platform.memory"]


def test_the_list_of_checks_needs_no_project(world: World) -> None:
    world.file("proj/devbox.toml", "[broken")
    assert [line.split()[0] for line in doctor(world, "--list-checks").stdout.splitlines()] == [
        check.id for check in CHECKS
    ]
    code, listed = as_json(world, "--list-checks")
    assert (code, len(listed["checks"])) == (0, len(CHECKS))


@pytest.mark.parametrize(
    "arguments",
    [["--format", "sarif"], ["--against", "x"], ["--recursive"], ["--only", "nonsense"], ["--format", "odd"]],
)
def test_what_this_version_lacks_is_wrong_usage(arguments: list[str], world: World) -> None:
    run = doctor(world, *arguments)
    assert run.returncode == 2
    assert run.stderr.startswith("devbox: error: ")


def test_format_json_is_the_same_as_json(world: World) -> None:
    assert json.loads(doctor(world, "--format", "json").stdout)["schema"] == "devbox.doctor/1"


def test_a_broken_devbox_toml_is_a_finding_and_not_the_end(world: World) -> None:
    world.file("proj/devbox.toml", "[broken")
    code, report = as_json(world)
    assert code == 1
    assert [one["id"] for one in report["findings"] if one["severity"] == "error"] == ["project.config"]
    assert report["facts"]["platform"]["arch"]


def test_a_package_of_the_project_cannot_shadow_devboxs_own(world: World) -> None:
    for name in ("json.py", "psutil.py", "devbox.py", "packaging.py"):
        world.file(f"proj/{name}", f"open({str(world.root / 'canary')!r}, 'w')\nraise SystemExit(99)\n")
    assert doctor(world).returncode == 0
    assert not (world.root / "canary").exists()


@pytest.mark.engine
def test_a_real_engine_is_reported_with_its_version_and_builder(
    docker_endpoint: Endpoint, cli_env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:bookworm-slim\n")
    env = {**cli_env, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "devbox", "doctor", "--json", "--only", "engine"],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    engine = json.loads(done.stdout)["facts"]["engine"]
    assert (done.returncode, engine["reachable"], engine["endpoint"]) == (0, True, docker_endpoint.url)
    assert engine["version"]
    assert engine["builder"].startswith("buildx ")
