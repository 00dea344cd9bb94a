"""What the demo puts under itself: the engine that is there, the base image that is nearest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from devbox.core.errors import EngineError
from devbox.core.events import Event, Note
from devbox.engine.stream import Cancellation
from devbox.flows import demo_engine, private_engine
from devbox.flows.demo_engine import PUBLIC_BASE, have_base, have_engine
from devbox.flows.private_engine import EngineSetup
from devbox.flows.workspace import Workspace
from devbox.store.paths import StateDirs

LOCAL_BASE = "devbox-base:bookworm"


class Messages:
    def __init__(self, messages: Iterator[Mapping[str, Any]]) -> None:
        self._messages = messages

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return self._messages

    def close(self) -> None:
        pass


@dataclass
class Registry:
    """An engine as far as images go; `pulling` says what a pull does to it."""

    present: set[str]
    pulling: Callable[[Registry], Iterator[Mapping[str, Any]]]
    endpoint: str = "endpoint"
    pulled: list[str] = field(default_factory=list)

    def image(self, ref: str) -> object | None:
        return object() if ref in self.present else None

    def pull(self, ref: str) -> Messages:
        self.pulled.append(ref)
        return Messages(self.pulling(self))


def answers(registry: Registry) -> Iterator[Mapping[str, Any]]:
    yield {"status": "Pulling"}
    registry.present.add(PUBLIC_BASE)


def refuses(registry: Registry) -> Iterator[Mapping[str, Any]]:
    raise EngineError("the engine can't pull", detail="no such host")
    yield {}


def hangs(registry: Registry) -> Iterator[Mapping[str, Any]]:
    threading.Event().wait(30)
    yield {}


def workspace(tmp_path: Path, connect: Callable[[], Any], **env: str) -> Workspace:
    clock = SimpleNamespace(monotonic=time.monotonic, time=time.time)
    return Workspace(
        root=tmp_path, directory=tmp_path, load_project=lambda: pytest.fail("no project is needed"), connect=connect,
        choose_builder=lambda engine: pytest.fail("nothing is built"), state=StateDirs.from_environment({}, tmp_path),
        env=env, uid=0, gid=0, home=tmp_path, user_name="tester", clock=clock, ask=lambda *_, **__: False,
    )


def setup() -> EngineSetup:
    return EngineSetup(ask=lambda *_, **__: False, env={}, cancel=Cancellation())


def outcome(flow: Generator[Event, None, Any]) -> tuple[Any, str]:
    """What a flow returns, and its notes."""
    notes = []
    while True:
        try:
            event = next(flow)
        except StopIteration as stop:
            return stop.value, "\n".join(notes)
        if isinstance(event, Note):
            notes.append(event.text)


@pytest.fixture
def made_here(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Stands in for debootstrap: half a minute, and root."""
    made: list[object] = []

    def ensure(setup: EngineSetup, endpoint: object) -> Generator[Event, None, str]:
        made.append(endpoint)
        yield Note("made")
        return LOCAL_BASE

    monkeypatch.setattr(private_engine, "ensure_base_image", ensure)
    return made


@pytest.mark.parametrize("present", [{PUBLIC_BASE}, {LOCAL_BASE}, {PUBLIC_BASE, LOCAL_BASE}])
def test_an_image_that_is_there_is_used_without_asking_anybody(tmp_path: Path, present: set[str]) -> None:
    registry = Registry(set(present), refuses)
    base, _ = outcome(have_base(workspace(tmp_path, lambda: registry), setup()))
    assert base in present
    assert registry.pulled == []


def test_a_registry_that_answers_comes_before_debootstrap(tmp_path: Path, made_here: list[object]) -> None:
    base, _ = outcome(have_base(workspace(tmp_path, lambda: Registry(set(), answers)), setup()))
    assert base == PUBLIC_BASE
    assert made_here == []


def test_where_no_registry_answers_the_image_is_made_here_and_that_is_said(
    tmp_path: Path, made_here: list[object]
) -> None:
    base, notes = outcome(have_base(workspace(tmp_path, lambda: Registry(set(), refuses)), setup()))
    assert base == LOCAL_BASE
    assert made_here == ["endpoint"]
    assert "no such host" in notes
    assert "distribution's archive" in notes


def test_a_registry_that_says_nothing_is_not_waited_for(
    tmp_path: Path, made_here: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_engine, "PULL_SILENCE", 0.3)
    began = time.monotonic()
    base, notes = outcome(have_base(workspace(tmp_path, lambda: Registry(set(), hangs)), setup()))
    assert base == LOCAL_BASE
    assert "no news" in notes
    assert time.monotonic() - began < 10


def test_an_engine_that_answers_is_used(tmp_path: Path) -> None:
    started, _ = outcome(have_engine(workspace(tmp_path, object), setup(), None))
    assert started is False


def refuse() -> Any:
    raise EngineError("no engine")


@pytest.mark.parametrize(
    ("flag", "env"), [("unix:///nobody.sock", {}), (None, {"DOCKER_HOST": "unix:///nobody.sock"})], ids=["flag", "env"],
)
def test_an_engine_that_was_named_is_final(tmp_path: Path, flag: str | None, env: dict[str, str]) -> None:
    with pytest.raises(EngineError, match="no engine"):
        outcome(have_engine(workspace(tmp_path, refuse, **env), setup(), flag))


def test_where_none_was_named_the_private_one_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[str] = []

    def start(setup: EngineSetup, *, wanted: str) -> Generator[Event, None, None]:
        running.append(wanted)
        yield Note("started")

    monkeypatch.setattr(private_engine, "start", start)
    connect = cast("Callable[[], Any]", lambda: object() if running else refuse())
    started, notes = outcome(have_engine(workspace(tmp_path, connect), setup(), None))
    assert started is True
    assert running == ["the demo"]
    assert "no engine" in notes, "why one is needed"
