"""A builder and an engine that do what a test says, around devbox's own build flow: forecasts of what real engines do
not do on demand."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.build_forecast import BuildForecast
from devbox.core.errors import EngineError
from devbox.core.events import BuildForeseen
from devbox.engine.builder import Builder, BuildRequest, Output, Progress
from devbox.engine.port import CacheRecord, Endpoint, EngineInfo, ImageInfo
from tests.engine.fake import image_info
from tests.flows.build_bench import BuildBench, Built

WORDS = {"hit": StepStatus.HIT, "miss": StepStatus.MISS, "failed": StepStatus.FAILED, "-": StepStatus.SKIPPED,
         "cancelled": StepStatus.CANCELLED}


@dataclass
class ScriptedEngine:
    """Has one image, and the records that its builds make."""

    records: list[CacheRecord] = field(default_factory=list)
    silent: bool = False
    """It does not tell what its cache holds."""
    id: str = "one"
    endpoint: Endpoint = field(default_factory=lambda: Endpoint("unix:///nowhere", "scripted"))
    counted: int = 0

    def image(self, ref: str) -> ImageInfo | None:
        """Any image but `missing`."""
        return None if ref == "missing" else replace(image_info(ref, id=f"sha256:{ref}"), layers=("l1",))

    def info(self) -> EngineInfo:
        """An engine of its own id."""
        return EngineInfo("26.1.5", "1.45", "linux", "x86_64", storage_driver="overlay2", raw={"info": {"ID": self.id}})

    def cache_records(self) -> tuple[CacheRecord, ...]:
        """All of them, or EngineError."""
        if self.silent:
            raise EngineError("the engine does not answer")
        return tuple(self.records)

    def add(self, description: str, *parents: str) -> str:
        """One record more, in the order of their making."""
        self.counted += 1
        id = f"record{self.counted}"
        made = f"2026-01-01T00:00:{self.counted % 60:02}Z"
        self.records.append(CacheRecord(id, "regular", description, made, parents, made))
        return id


@dataclass
class ScriptedBuilder:
    """Says of each step what it is told to, and keeps a record of what ran."""

    engine: ScriptedEngine
    outcomes: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    """What happens while it builds."""
    name: str = "scripted"
    limits: tuple[str, ...] = ()
    mounts: bool = True
    session: bool = True
    request: BuildRequest | None = None

    def quick(self, info: EngineInfo) -> Builder | None:
        """There is no faster way."""
        return None

    def build(self, request: BuildRequest) -> ScriptedBuilder:
        """Start."""
        self.request = request
        return self

    def __iter__(self) -> Generator[Progress | Output, None, None]:
        assert self.request is not None
        lines = [line for line in Path(self.request.dockerfile).read_text().splitlines() if line.startswith(
            ("FROM", "RUN", "COPY"))]
        steps, parent = [], "base"
        for number, (line, word) in enumerate(zip(lines, ["base", *self.outcomes], strict=True), start=1):
            status = StepStatus.BASE if word == "base" else WORDS[word]
            steps.append(Step(StepKey("dev", number), len(lines), line, status, 1.0))
            if status is StepStatus.MISS:
                run = line.startswith("RUN ")
                parent = self.engine.add(
                    f"mount / from exec /bin/sh -c {line[4:]}" if run else f"[dev {number}/{len(lines)}] {line}", parent
                )
        self.meanwhile()
        failed = "failed" in self.outcomes
        yield Progress(BuildState(
            steps=tuple(steps), outcome="failed" if failed else "ok", image=None if failed else "sha256:built"
        ))

    def close(self) -> None:
        """Nothing runs."""


class Scene:
    """One project with both."""

    def __init__(self, folder: Path, dockerfile: str, *, engine: ScriptedEngine | None = None) -> None:
        self.engine = engine or ScriptedEngine()
        self.builder = ScriptedBuilder(self.engine)
        self.root = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Dockerfile").write_text(dockerfile)
        (folder.parent / "home").mkdir(exist_ok=True)
        any_engine: Any = self.engine
        self.bench = BuildBench(
            folder, folder.parent / "home", lambda: any_engine, {}, choose=lambda _: self.builder
        )

    def build(self, *outcomes: str) -> Built:
        """Build, its steps coming out so (FROM left out)."""
        self.builder.outcomes = list(outcomes)
        return self.bench.run()

    def foresee(self) -> BuildForecast:
        """The forecast alone: the flow is left before its builder starts."""
        flow = self.bench.start()
        try:
            return next(event.forecast for event in flow if isinstance(event, BuildForeseen))
        finally:
            flow.close()

    def words(self) -> list[str]:
        """What is said of each step."""
        return [step.word for step in self.foresee().steps]
