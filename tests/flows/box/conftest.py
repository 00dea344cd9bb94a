"""Projects, workspaces and a tidy end for the box's tests."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from devbox.core.events import Event, PlanMade
from devbox.core.labels import PROJECT_ID, project_id
from devbox.core.project import Project, Service
from devbox.engine.port import Engine
from devbox.flows.workspace import Workspace
from devbox.store.paths import StateDirs
from tests.engine.fake import FakeEngine

IMAGE = "devbox-base:bookworm"
"""What the fake engine has under the name of the real one's base image."""


class RealClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()


def never_ask(question: str, *, detail: str = "", trust: bool = False) -> bool:
    raise AssertionError(f"asked: {question}")


def never_build(engine: Engine) -> Any:
    raise AssertionError("these projects have images: nothing is built")


@dataclass
class Bench:
    """One project on one engine; `edit` changes what the project says between runs."""

    workspace: Workspace
    project: Project
    runs: list[list[Event]] = field(default_factory=list)

    def edit(self, **changes: Any) -> None:
        """Change the box."""
        self.project = replace(self.project, box=replace(self.project.box, **changes))

    def run(self, events: Iterable[Event]) -> list[Event]:
        """Every event of a flow."""
        seen: list[Event] = []
        self.runs.append(seen)
        for event in events:
            seen.append(event)
        return seen

    def plan(self, events: Iterable[Event]) -> list[str]:
        """The operations a flow announced, as text."""
        return [str(each) for event in self.run(events) if isinstance(event, PlanMade) for each in event.operations]


@pytest.fixture
def make_bench(tmp_path: Path) -> Callable[..., Bench]:
    """A bench for a box of this image and these sidecars."""

    def make(engine: Engine, image: str, *sidecars: Service, name: str = "bench", **box: Any) -> Bench:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        state = tmp_path / "state"
        dirs = StateDirs(state, tmp_path / "cache", tmp_path / "config", tmp_path / "run")
        service = Service("box", "box", image=image, **box)
        project = Project(name, str(root), "devbox.toml", service, sidecars)
        bench: Bench
        workspace = Workspace(
            root=root, directory=root, load_project=lambda: bench.project, connect=lambda: engine,
            choose_builder=never_build, state=dirs, env={"PATH": os.environ["PATH"]},
            uid=os.getuid(), gid=os.getgid(), home=Path.home(),
            user_name="tester", clock=RealClock(), ask=never_ask, trust_granted="",
        )
        bench = Bench(workspace, project)
        return bench

    return make


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.engine)])
def any_bench(request: pytest.FixtureRequest, make_bench: Callable[..., Bench]) -> Callable[..., Bench]:
    """Benches on the fake engine, then the same on the real one."""
    if request.param == "real":
        real: Callable[..., Bench] = request.getfixturevalue("real_bench")
        return real
    return fake_benches(make_bench)


@pytest.fixture
def fake_bench(make_bench: Callable[..., Bench]) -> Callable[..., Bench]:
    """Benches on one fake engine, for what a real one does not do on demand."""
    return fake_benches(make_bench)


def fake_benches(make_bench: Callable[..., Bench]) -> Callable[..., Bench]:
    engine = FakeEngine()
    engine.add_image(IMAGE)
    return lambda *sidecars, **box: make_bench(engine, box.pop("image", IMAGE), *sidecars, **box)


def remove_everything(engine: Engine, root: Path) -> None:
    """What a test left on the engine, whatever state it is in."""
    labels = {PROJECT_ID: project_id(str(root), os.getuid())}
    for container in engine.containers(labels):
        engine.remove_container(container.id)
    for network in engine.networks(labels):
        engine.remove_network(network.id)
    for volume in engine.volumes(labels):
        engine.remove_volume(volume.name)
    for image in engine.images(labels):
        engine.remove_image(image.id, force=True)


@pytest.fixture
def real_bench(make_bench: Callable[..., Bench], engine: Engine, base_image: str) -> Iterator[Callable[..., Bench]]:
    """Benches on the real engine, cleaned up whatever happens."""
    made: list[Bench] = []

    def make(*sidecars: Service, **box: Any) -> Bench:
        bench = make_bench(engine, box.pop("image", base_image), *sidecars, **box)
        made.append(bench)
        return bench

    yield make
    for bench in made:
        remove_everything(engine, bench.workspace.root)
