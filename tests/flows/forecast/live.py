"""Made-up projects on a real engine: forecast, edit, build, compare."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from devbox.core.build_forecast import BuildForecast
from devbox.core.events import BuildForeseen
from devbox.core.project import Build, Secret
from devbox.engine.http_client import HttpClient
from devbox.engine.port import Endpoint, Engine
from devbox.flows.build import BuildOptions
from tests.flows.build_bench import BuildBench, Built
from tests.flows.forecast.dockerfiles import Dialect, make_project
from tests.flows.forecast.editing import Edit, Editor
from tests.flows.forecast.edits import EDITS
from tests.flows.forecast.projects import Disk, Project
from tests.flows.forecast.score import Judged, judge

SECRET = "s3cr3t-of-the-test"
IMAGES = {
    "B": "RUN echo other > /other-base\n", "C": "ENV BASE_SAYS=hello\nLABEL of=c\nUSER 0\n",
    "O": "ONBUILD COPY conf /onbuild{name}\nONBUILD ARG MODE=o\nONBUILD RUN echo {name} > /triggered\n",
}


@dataclass(frozen=True)
class World:
    """An engine and what the builds on it need."""

    engine: Engine
    endpoint: Endpoint
    env: Mapping[str, str]
    base: str
    folder: Path
    name: Callable[[str], str]
    images: Mapping[str, str]
    """What the tag in FROM may name, by letter (`make_images`)."""
    prunes: bool = True
    alone: bool = False
    """Nobody else uses the engine, so that its copies of contexts may be dropped, too."""
    tags: list[str] = field(default_factory=list)
    """Images that trials made."""

    @property
    def dialect(self) -> Dialect:
        """What its frontend understands."""
        return Dialect(int(self.engine.info().version.partition(".")[0]) >= 23)

    def docker(self, *words: str) -> None:
        """Run the docker CLI on it."""
        run_docker(self.env, *words)

    def clean(self) -> None:
        """Remove every image that was made here."""
        for tag in (*self.tags, self.tag, *(image for image in self.images.values() if image != self.base)):
            image = self.engine.image(tag)
            if image is not None:
                self.engine.remove_image(tag, force=True)
        for image in self.engine.images({"dev.devbox.test": ""}):
            if image.labels["dev.devbox.test"] in self.tags:
                self.engine.remove_image(image.id, force=True)

    @property
    def tag(self) -> str:
        """What all projects are built on, one after another. A tag for each would fill the label in which the
        containerd image store notes the names of a blob."""
        return self.images["B"].replace("-b:1", "-base:1")

    def drop(self, ids: list[str]) -> None:
        """Prune these records of its build cache, newest first."""
        client = HttpClient(self.endpoint)
        for id in ids:
            query = {"all": "1", "filters": json.dumps({"id": {id: True}})}
            client.json("POST", "/build/prune", query, doing="drop a record")


@dataclass(frozen=True)
class Round:
    """One build of a trial."""

    seed: int
    number: int
    edit: Edit | None
    """The one before it; None for the first."""
    dockerfile: str
    foreseen: BuildForecast
    built: Built

    @property
    def judged(self) -> list[Judged]:
        """Its verdicts."""
        return judge(self.foreseen, self.built.state)

    @property
    def wrong(self) -> list[Judged]:
        """Those that committed themselves and were not right."""
        return [step for step in self.judged if step.said in ("hit", "miss") and step.said != step.truth]

    def __str__(self) -> str:
        edit = f"{self.edit.name} {self.edit.note}" if self.edit else "first build"
        steps = (
            f"{' !'[step.guess != step.truth]} {step.place}: {step.said}, was {step.truth}: {step.instruction}"
            for step in self.judged
        )
        return "\n".join((f"seed {self.seed}, build {self.number}: {edit}", self.dockerfile, *steps))


@dataclass
class Trial:
    """One made-up project, built again and again."""

    world: World
    seed: int
    outside: float = 0.0
    """How often somebody builds it with buildx alone before devbox looks."""

    def run(self, builds: int) -> Iterator[Round]:
        """Each build, after an edit."""
        world, source, elsewhere = self.world, random.Random(self.seed * 7919), random.Random(self.seed)
        id = self.id = world.name("fc")
        world.tags.append(f"devbox-test/{id}:1")
        project = make_project(self.seed, id, world.tag, world.dialect)
        editor = Editor(source, world.dialect, EDITS, world.prunes)
        disk = Disk(world.folder / id)
        disk.root.mkdir()
        bench = BuildBench(
            disk.root, world.folder / "home", lambda: world.engine, {**world.env, "TOKEN": SECRET},
            tag=f"devbox-test/{id}:1",
        )
        before = {record.id for record in world.engine.cache_records()}
        edit: Edit | None = None
        image = ""
        for number in range(builds):
            if number:
                edit = editor.edit(project)
                project = edit.project
                if edit.prune:
                    self._prune(before, source)
            disk.bring(project, keep_times=edit.keep_times if edit else frozenset())
            for path in edit.touch if edit else ():
                disk.touch(path)
            if project.image != image:
                image = project.image
                world.docker("tag", world.images[image], world.tag)
            bench.service = replace(bench.service, build=Build(
                str(disk.root), str(disk.root / "Dockerfile"), target=project.target,
                args=tuple(sorted(project.args.items())),
                secrets=(Secret("token", env="TOKEN"),) if "id=token" in project.dockerfile() else (),
            ))
            if elsewhere.random() < self.outside:
                self._build_outside(project, disk)
            built = bench.run(BuildOptions(
                no_cache=project.no_cache, no_cache_filter=project.no_cache_filter, always=True))
            foreseen = next((event.forecast for event in built.events if isinstance(event, BuildForeseen)), None)
            assert foreseen is not None, (built.error, built.notes)
            yield Round(self.seed, number, edit, project.dockerfile(), foreseen, built)

    def _build_outside(self, project: Project, disk: Disk) -> None:
        words = ["buildx", "build", "--builder", "default", "-q", "--secret", "id=token,env=TOKEN"]
        words += [f"--build-arg={name}={value}" for name, value in project.args.items()]
        words += [f"--target={project.target}"] if project.target else []
        env = {**self.world.env, "TOKEN": SECRET}
        # Whether it succeeds is not the point.
        subprocess.run(["docker", *words, disk.root], env=env, capture_output=True)

    def _prune(self, before: set[str], source: random.Random) -> None:
        records = sorted(self.world.engine.cache_records(), key=lambda record: record.created or "")
        mine: set[str] = set()
        for record in records:
            sources = self.world.alone and "local source" in record.description
            if record.id not in before and (
                self.id in record.description or not mine.isdisjoint(record.parents) or sources
            ):
                mine.add(record.id)
        own = [record for record in reversed(records) if record.id in mine]
        keep = source.choice((0, 0, 0, len(own) // 2, len(own) - 2))
        self.world.drop([record.id for record in own[: len(own) - max(keep, 0)]])


def run_docker(env: Mapping[str, str], *words: str, text: str = "") -> None:
    """Run the docker CLI, `text` as its input."""
    ran = subprocess.run(["docker", *words], env=dict(env), input=text.encode(), capture_output=True)
    assert ran.returncode == 0, ran.stderr.decode()


def make_images(env: Mapping[str, str], base: str, name: str) -> dict[str, str]:
    """The images that FROM may name, by letter: a layer more, another configuration, ONBUILD."""
    for letter, text in IMAGES.items():
        run_docker(env, "buildx", "build", "--builder", "default", "--load", "-t", f"{name}-{letter}:1".lower(), "-",
                   text=f"FROM {base}\n{text}".replace("{name}", name.rpartition("/")[2]))
    return {"A": base, **{letter: f"{name}-{letter}:1".lower() for letter in IMAGES}}
