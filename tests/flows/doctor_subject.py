"""What doctor is handed, for tests: a real directory and environment, and an engine that answers as told."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devbox.core.errors import EngineError
from devbox.engine.port import Endpoint, EngineInfo
from tests.flows.toolchain_world import World


class RealClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()


@dataclass
class AnsweringEngine:
    """As much of an engine as doctor asks for; `delay` makes it slow, `error` makes it fail."""

    delay: float = 0.0
    error: EngineError | None = None
    endpoint: Endpoint = field(default_factory=lambda: Endpoint("unix:///run/docker.sock", "default"))

    def info(self) -> EngineInfo:
        time.sleep(self.delay)
        if self.error:
            raise self.error
        return EngineInfo(version="26.1.5", api_version="1.45", os="linux", arch="amd64", storage_driver="overlay2")

    def image(self, ref: str) -> None:
        """It has none."""

    def containers(self, labels: Mapping[str, str], *, all: bool = True) -> tuple[Any, ...]:
        return ()


def no_engine() -> Any:
    raise EngineError("no engine: there is no socket at /var/run/docker.sock", hint="`devbox engine start`")


@dataclass
class NamedBuilder:
    """As much of a builder as doctor asks for."""

    name: str = "buildx 0.13.1 (docker)"
    limits: tuple[str, ...] = ()
    mounts: bool = True


@dataclass
class Subject:
    """The part of a workspace that doctor uses."""

    root: Path
    directory: Path | None
    env: Mapping[str, str]
    home: Path
    connect: Callable[[], Any] = no_engine
    choose_builder: Callable[[Any], Any] = lambda engine: NamedBuilder()
    uid: int = field(default_factory=os.getuid)
    clock: RealClock = field(default_factory=RealClock)


def subject_of(world: World, connect: Callable[[], Any] = no_engine) -> Subject:
    """The subject that stands in this world."""
    return Subject(world.directory, world.directory, world.environment(), world.home, connect)
