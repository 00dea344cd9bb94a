"""A project whose box is built, and the flow around it, for the tests of `devbox.flows.build`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devbox.core.build import BuildState, StepKey
from devbox.core.events import BuildChanged, BuildLog, Event, Note
from devbox.core.project import Build, Project, Service
from devbox.engine.builder import Builder, BuildRequest
from devbox.engine.builders import choose_builder
from devbox.engine.port import Engine
from devbox.flows.build import BuildOptions, build_image
from devbox.flows.workspace import Ask, Workspace
from devbox.project.context_tar import PackedContext, pack_context
from devbox.store.paths import StateDirs


class RealClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()


def touch_nothing(question: str, *, detail: str = "", trust: bool = False) -> bool:
    """No to the one question that a build may have."""
    assert question.startswith("touch "), f"asked: {question}"
    return False


def pack(request: BuildRequest) -> PackedContext:
    return pack_context(
        request.context, request.dockerfile, ignore_text=request.ignore_text, dockerfile_text=request.dockerfile_text
    )


@dataclass
class Built:
    """What one run of the flow said."""

    events: list[Event] = field(default_factory=list)
    image: str | None = None
    error: BaseException | None = None

    @property
    def state(self) -> BuildState:
        return [event.state for event in self.events if isinstance(event, BuildChanged)][-1]

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Note)]

    def log(self, key: StepKey) -> bytes:
        return b"".join(e.data for e in self.events if isinstance(e, BuildLog) and e.step == key)

    def words(self) -> list[str]:
        """Status of each step, `!` where the cache breaks."""
        return [f"{step.status}{'!' if step.root else ''}" for step in self.state.steps]


class BuildBench:
    """One project folder and everything the flow needs around it."""

    def __init__(
        self, root: Path, home: Path, connect: Callable[[], Engine], env: Mapping[str, str], *, builder: str = "auto",
        choose: Callable[[Engine], Builder] | None = None, tag: str = "devbox-test/box:1", ask: Ask = touch_nothing,
    ) -> None:
        self.root = root
        self.tag = tag
        self.state = StateDirs.from_environment({}, home)

        def chosen(engine: Engine) -> Builder:
            return choose_builder(
                builder, engine, env=env, home=home, project=root, private_folders=(),
                scratch=self.state.ensure(self.state.cache / "builds"), pack=pack,
            )

        self.workspace = Workspace(
            root=root, directory=root, load_project=self._project, connect=connect, choose_builder=choose or chosen,
            state=self.state, env=env, uid=os.getuid(), gid=os.getgid(), home=home, user_name="tester",
            clock=RealClock(), ask=ask,
        )
        self.service = Service("box", "box", build=Build(str(root), str(root / "Dockerfile")))

    def _project(self) -> Project:
        return Project("test", str(self.root), "devbox.toml", self.service)

    def start(self, options: BuildOptions | None = None) -> Generator[Event, None, str]:
        """Without options the builder is asked in any case, so that there is a stream to look at."""
        labels, asked = (("dev.devbox.test", self.tag),), options or BuildOptions(always=True)
        return build_image(self.workspace, self.service, tag=self.tag, labels=labels, options=asked)

    def run(self, options: BuildOptions | None = None, *, on_event: Callable[[Event], None] | None = None) -> Built:
        """Run the flow to its end, whatever that is."""
        built, flow = Built(), self.start(options)
        try:
            while True:
                event = next(flow)
                built.events.append(event)
                if on_event is not None:
                    on_event(event)
        except StopIteration as stop:
            built.image = stop.value
        except Exception as error:
            built.error = error
        return built
