"""The tour as a stranger runs it: the command in a process of its own, on a real engine, with nothing of the user's."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devbox.core.labels import PROJECT_ID, ROOT, project_id
from devbox.engine.port import Engine
from tests.scale import rounds

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE = 280.0
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")


@pytest.fixture
def demo_env(cli_env: dict[str, str], base_image: str) -> dict[str, str]:
    """The caller's CA settings are passed on: they are what `host_ca` is for."""
    own = {name: os.environ[name] for name in CA_VARIABLES if name in os.environ}
    return {**cli_env, **own, "PYTHONPATH": str(REPOSITORY)}


def start(env: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "devbox", "demo", *arguments], env=env, cwd=env["HOME"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]], str]:
    try:
        out, narration = process.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, [json.loads(line) for line in out.splitlines()], narration


def left_in(env: dict[str, str]) -> list[str]:
    """Files of the demo below this test's home; devbox's own ledger of builds stays."""
    cache, state = (Path(env[name]) / "devbox" for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME"))
    found = [*(cache / "demo").rglob("*"), *(state / "locks").glob("*"), *(state / "logs").glob("*")]
    return [str(path) for path in found if path.is_file()]


def left_on(engine: Engine, env: dict[str, str]) -> list[str]:
    """Objects whose project lay below this test's home."""
    found = [*engine.containers({ROOT: ""}), *engine.networks({ROOT: ""}), *engine.volumes({ROOT: ""})]
    return [each.name for each in found if each.labels[ROOT].startswith(env["HOME"])]


def wait_for_objects(process: subprocess.Popen[str], engine: Engine, env: dict[str, str]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not left_on(engine, env):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Port 8000 is somebody else's: the demo has to find another one."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", 8000))
            listener.listen()
        except OSError:
            pass  # taken by a real somebody, which serves as well
        yield 8000


@pytest.mark.engine
@pytest.mark.slow
def test_the_tour_keeps_every_promise_and_leaves_nothing(
    demo_env: dict[str, str], engine: Engine, taken_port: int
) -> None:
    code, lines, narration = finish(start(demo_env, "--yes", "--no-input", "--json"))
    final = lines[-1]
    assert code == 0, narration
    assert (final["schema"], final["outcome"], final["problems"]) == ("devbox.demo/1", "ok", [])
    assert final["before"].startswith("Hello from the box")
    assert final["after"].startswith("Hello again")
    assert final["same_container"] is True
    assert final["broke_at"]["instruction"].startswith("COPY requirements.txt")
    assert final["broke_at"]["state"] == "miss"
    assert final["hits"] >= 2, "what stands above the dependencies came from the cache"
    assert final["cascade"] >= 1, "pip install followed"
    assert all("event" in line for line in lines[:-1])
    assert f"127.0.0.1:{taken_port}/" not in narration
    assert left_in(demo_env) == []
    assert left_on(engine, demo_env) == []
    assert engine.images({PROJECT_ID: project_id(final["project_dir"], os.getuid())}) == ()


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_tour_clears_away(demo_env: dict[str, str], engine: Engine, number: signal.Signals) -> None:
    process = start(demo_env, "--yes", "--no-input", "--json")
    wait_for_objects(process, engine, demo_env)
    process.send_signal(number)
    code, lines, narration = finish(process)
    assert code == 128 + number, narration
    assert lines[-1]["outcome"] == "error"
    assert left_in(demo_env) == []
    assert left_on(engine, demo_env) == []


@pytest.mark.engine
@pytest.mark.slow
def test_a_tour_that_nobody_watches_any_more_clears_away(demo_env: dict[str, str], engine: Engine) -> None:
    process = start(demo_env, "--yes", "--no-input")
    wait_for_objects(process, engine, demo_env)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stderr.close()
    process.wait(DEADLINE)
    assert left_in(demo_env) == []
    assert left_on(engine, demo_env) == []


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("number", range(rounds()))
def test_what_a_killed_demo_left_is_cleared_by_the_next(
    demo_env: dict[str, str], engine: Engine, number: int
) -> None:
    killed = start(demo_env, "--yes", "--no-input")
    wait_for_objects(killed, engine, demo_env)
    time.sleep(random.Random(number).uniform(0, 8) if number else 0)  # chaos: any moment of the tour will do
    killed.kill()
    killed.communicate()
    roots = {Path(name).parent for name in left_in(demo_env) if name.endswith("/devbox.toml")}
    process = start(demo_env, "--yes", "--no-input")
    deadline = time.monotonic() + DEADLINE
    while any(root.exists() for root in roots):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, narration = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, narration
    assert left_in(demo_env) == []
    assert left_on(engine, demo_env) == []


@pytest.mark.engine
@pytest.mark.slow
def test_a_kept_tour_can_be_gone_on_with(demo_env: dict[str, str], engine: Engine) -> None:
    code, lines, narration = finish(start(demo_env, "--yes", "--no-input", "--json", "--keep"))
    assert code == 0, narration
    root = lines[-1]["kept"]
    try:
        assert root in narration
        assert (Path(root) / "devbox.toml").is_file()
        assert left_on(engine, demo_env) != [], "the box runs on"
    finally:
        down = subprocess.run(
            [sys.executable, "-m", "devbox", "-C", root, "down", "--volumes", "--images"], env=demo_env, check=False,
            capture_output=True, text=True, timeout=120,
        )
    assert down.returncode == 0, down.stderr
    assert left_on(engine, demo_env) == []


def test_a_named_engine_that_is_not_there_is_final(isolated_env: dict[str, str], tmp_path: Path) -> None:
    env = {**isolated_env, "DOCKER_HOST": f"unix://{tmp_path}/nobody.sock", "PYTHONPATH": str(REPOSITORY)}
    code, lines, narration = finish(start(env, "--yes", "--no-input", "--json"))
    assert code == 4, narration
    assert lines[-1]["error"]["kind"] == "engine"
    assert "nobody.sock" in narration
    assert left_in(env) == []
