"""Fixtures every area shares: a real engine, a base image, buildx, and homes of their own for tests that run the CLI.

`tests/README.md` says which engine is used.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Engine and flows are imported in the fixtures that need them: collecting core's tests takes no time.
from devbox.engine.port import Endpoint, Engine

REPOSITORY = Path(__file__).resolve().parents[1]

# No test fails on a clock: a busy machine is no reason to find a property slow.
settings.register_profile("devbox", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("devbox")


def pytest_configure(config: pytest.Config) -> None:
    """A shell starts background jobs with Ctrl-C ignored, and children inherit that: interrupts are what we test."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`DEVBOX_TEST_SCALE=full` makes randomized tests longer."""
    from tests.scale import stretch

    stretch(items)


@pytest.fixture(scope="session")
def homes() -> Iterator[Path]:
    """Where `isolated_env` makes its homes. Not below pytest's folder: sockets live in XDG_RUNTIME_DIR, and the path of
    a socket ends at 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="dvb-")).resolve()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def docker_endpoint(homes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The engine that this session's tests use. At the end nothing of any project of the tests may be left on it."""
    from tests import engine_session

    with engine_session.running_engine() as endpoint:
        yield endpoint
        left = engine_session.left_behind(endpoint, (homes, tmp_path_factory.getbasetemp().resolve()))
        assert not left, f"tests left behind: {', '.join(left)}"


@pytest.fixture(scope="session")
def engine(docker_endpoint: Endpoint) -> Engine:
    """The complete engine adapter on it."""
    from devbox.engine.docker_sdk import DockerSdkEngine

    return DockerSdkEngine(docker_endpoint)


@pytest.fixture(scope="session")
def base_image(docker_endpoint: Endpoint) -> str:
    """`devbox-base:bookworm`, Debian without anything else, on that engine. Never removed or retagged by a test."""
    from devbox.core.errors import DevboxError
    from devbox.engine.private import base_image as base
    from devbox.flows import private_engine
    from tests import engine_session

    try:
        engine_session.say(private_engine.ensure_base_image(engine_session.setup(), docker_endpoint))
    except DevboxError as error:
        engine_session.give_up("no base image for the tests", error)
    return base.image_name()


@pytest.fixture(scope="session")
def buildx_env(docker_endpoint: Endpoint, homes: Path) -> dict[str, str]:
    """The environment in which `docker` and `docker buildx` talk to that engine: with a buildx that writes rawjson, and
    nothing of the caller's own docker configuration."""
    from devbox.engine.private.buildx import find_buildx
    from tests.engine_session import LAYOUT

    env = {
        "PATH": os.environ["PATH"], "HOME": str(homes), "DOCKER_HOST": docker_endpoint.url,
        "BUILDX_CONFIG": str(homes / "buildx"),
    }
    found = find_buildx(LAYOUT)
    if os.environ.get("DEVBOX_TEST_ENGINE") and os.environ.get("DOCKER_CONFIG"):
        env["DOCKER_CONFIG"] = os.environ["DOCKER_CONFIG"]
    elif found is not None and found.path == LAYOUT.buildx:
        env["DOCKER_CONFIG"] = str(LAYOUT.docker_config)
    elif found is None and os.environ.get("CI"):
        pytest.fail("no docker buildx 0.13 or newer for the tests", pytrace=False)
    return env


@pytest.fixture
def unique_name() -> Callable[[str], str]:
    """Names that no other test, session or project on the engine has: `unique_name("web")` → `t3f9a1c2b-web`."""
    return lambda stem: f"t{uuid.uuid4().hex[:8]}-{stem}"


@pytest.fixture
def isolated_env(homes: Path) -> dict[str, str]:
    """A minimal environment with HOME and all XDG folders of its own, for a CLI in a subprocess; it names no engine."""
    home = homes / uuid.uuid4().hex[:6]
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb", "USER": "tester"}
    for name, folder in (
        ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"), ("XDG_RUNTIME_DIR", "run"),
    ):
        (home / folder).mkdir(mode=0o700, parents=True)
        env[name] = str(home / folder)
    return env


@pytest.fixture
def cli_env(isolated_env: dict[str, str], buildx_env: dict[str, str]) -> dict[str, str]:
    """`isolated_env` on the tests' engine."""
    engine = {name: value for name, value in buildx_env.items() if name.startswith(("DOCKER_", "BUILDX_"))}
    return {**isolated_env, **engine}
