"""The suite's own engine: started once per test session by devbox's own code, in folders that outlive it.

Image, buildx and layers stay in `ROOT` between sessions; the engine itself is stopped when the last session that uses
it ends. `DEVBOX_TEST_ENGINE` names an engine that runs already instead.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from devbox.core import labels
from devbox.core.errors import DevboxError
from devbox.core.events import Note, OperationChanged
from devbox.engine.docker_sdk import DockerSdkEngine
from devbox.engine.port import Endpoint
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.mounts import mounts_below
from devbox.flows import private_engine

LAYOUT = PrivateLayout(Path("/var/lib/devbox-engine-test"), Path("/run/devbox-engine-test"))
GIVEN = "DEVBOX_TEST_ENGINE"


def setup(layout: PrivateLayout = LAYOUT) -> private_engine.EngineSetup:
    """What the flows may do here: install packages in CI and as root, never on the laptop of somebody who just runs
    the tests."""
    return private_engine.EngineSetup(
        ask=lambda question, detail="", trust=False: _may_install(), env=os.environ, layout=layout, timeout=300
    )


@contextmanager
def running_engine() -> Iterator[Endpoint]:
    """The engine of this session; a failure in CI and a skip on a laptop where there is none (style.md, Tests)."""
    given = os.environ.get(GIVEN)
    if given:
        yield Endpoint(given, GIVEN)
    elif not _may_install() and _answers(private_engine.SYSTEM_ENGINE):
        yield private_engine.SYSTEM_ENGINE
    else:
        with _private_engine() as endpoint:
            yield endpoint


def give_up(what: str, error: DevboxError) -> NoReturn:
    """Say why there is no engine, and what would help."""
    reason = "; ".join(part for part in (f"{what}: {error.summary}", error.hint, error.detail) if part)
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def say(events: Iterator[object]) -> None:
    """Run a flow to its end; its news go to pytest's captured output, shown when something fails."""
    for event in events:
        if isinstance(event, Note):
            print(event.text)
        elif isinstance(event, OperationChanged):
            print(event.operation, event.state, event.detail or "")


def left_behind(endpoint: Endpoint, roots: tuple[Path, ...]) -> list[str]:
    """Containers, networks and volumes of projects below these folders."""
    engine = DockerSdkEngine(endpoint)
    wanted = {labels.ROOT: ""}
    found = [
        *((f"container {item.name}", item.labels) for item in engine.containers(wanted)),
        *((f"network {item.name}", item.labels) for item in engine.networks(wanted)),
        *((f"volume {item.name}", item.labels) for item in engine.volumes(wanted)),
    ]
    prefixes = tuple(f"{root}/" for root in roots)
    return [what for what, its in found if its[labels.ROOT].startswith(prefixes)]


@contextmanager
def _private_engine() -> Iterator[Endpoint]:
    path = Path(tempfile.gettempdir(), f"devbox-engine-test.{os.getuid()}.users")
    users = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            say(private_engine.start(setup()))
        except DevboxError as error:
            give_up("no engine for the tests", error)
        try:
            yield LAYOUT.endpoint
        finally:
            if _is_last(users):
                say(private_engine.stop(setup()))
                assert not mounts_below(LAYOUT.root), "the tests' engine left something mounted"
                assert not mounts_below(LAYOUT.run), "the tests' engine left something mounted"
    finally:
        os.close(users)


def _is_last(users: int) -> bool:
    """Whether no other session holds the lock; a session that starts now waits until the engine is stopped."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _may_install() -> bool:
    return bool(os.environ.get("CI")) or os.geteuid() == 0


def _answers(endpoint: Endpoint) -> bool:
    try:
        DockerSdkEngine(endpoint).info()
    except DevboxError:
        return False
    return True
