"""Random projects and random edits on real engines: what is forecast comes true (issue C).

A slice in each run, on an engine that others use, too; with `DEVBOX_TEST_SCALE=full` 200 projects on the classic and on
the containerd image store of a newer engine of our own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devbox.core.errors import DevboxError
from devbox.core.events import BuildForeseen
from devbox.engine.docker_sdk import DockerSdkEngine
from devbox.engine.port import Endpoint, Engine
from devbox.flows import private_engine
from tests import engine_session
from tests.flows.build_bench import BuildBench
from tests.flows.forecast.live import Trial, World, make_images
from tests.flows.forecast.newer_engine import newer_engine
from tests.flows.forecast.score import Score
from tests.scale import FULL

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

SEEDS = range(1000, 1040) if FULL else range(1000, 1004)
ALL_SEEDS = range(3000, 3200)
OUTSIDE_SEEDS = range(2000, 2050) if FULL else range(2000, 2002)
BUILDS = 9 if FULL else 6


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's folder: the names of projects must be unique, and short."""
    with tempfile.TemporaryDirectory(prefix="dvf-") as name:
        (Path(name) / "home").mkdir()
        yield Path(name).resolve()


@pytest.fixture
def make_world(
    buildx_env: dict[str, str], base_image: str, folder: Path, unique_name: Callable[[str], str]
) -> Iterator[Callable[[Engine, Endpoint, bool], World]]:
    """Made-up projects on an engine; the images that they leave are removed."""
    worlds: list[World] = []

    def make(engine: Engine, endpoint: Endpoint, alone: bool) -> World:
        env = {**buildx_env, "DOCKER_HOST": endpoint.url}
        images = make_images(env, base_image, f"devbox-test/{unique_name('forecast')}")
        worlds.append(World(engine, endpoint, env, base_image, folder, unique_name, images, alone=alone))
        return worlds[-1]

    yield make
    for world in worlds:
        if not world.alone:
            world.clean()


def hold(world: World, seeds: range) -> Score:
    """Build and compare everything; the first wrong verdict fails with all there is to know of it."""
    score = Score()
    for seed in seeds:
        for one in Trial(world, seed).run(BUILDS):
            assert not one.wrong, str(one)
            if one.number:
                score.add(one.judged)
    print(score)
    return score


def test_what_is_forecast_comes_true(
    make_world: Callable[[Engine, Endpoint, bool], World], engine: Engine, docker_endpoint: Endpoint
) -> None:
    score = hold(make_world(engine, docker_endpoint, False), SEEDS)
    # What other tests built there is no less unknown than what anybody else builds.
    assert score.guessed / score.steps >= 0.85, score


def test_what_others_build_on_the_same_builder_makes_no_verdict_wrong(
    make_world: Callable[[Engine, Endpoint, bool], World], engine: Engine, docker_endpoint: Endpoint
) -> None:
    world = make_world(engine, docker_endpoint, False)
    score = Score()
    for seed in OUTSIDE_SEEDS:
        for one in Trial(world, seed, outside=0.5).run(BUILDS - 2):
            assert not one.wrong, str(one)
            score.add(one.judged)
    print(score)
    assert score.share("unknown") > 0, score


@pytest.mark.skipif(not FULL, reason="starts an engine of its own: only at full length")
@pytest.mark.parametrize("store", ["classic", "containerd"])
def test_two_hundred_projects_are_forecast_as_well_as_issue_c_asks(
    make_world: Callable[[Engine, Endpoint, bool], World], store: str
) -> None:
    try:
        with newer_engine(store) as endpoint:
            engine_session.say(private_engine.ensure_base_image(engine_session.setup(), endpoint))
            score = hold(make_world(DockerSdkEngine(endpoint), endpoint, True), ALL_SEEDS)
    except DevboxError as error:
        engine_session.give_up("no newer engine", error)
    assert score.share("depends") <= 0.06, score
    assert score.guessed / score.steps >= 0.98, score
    assert score.right / score.builds >= 0.92, score


def test_a_folder_of_the_same_name_gets_the_other_ones_file(
    engine: Engine, buildx_env: dict[str, str], base_image: str, folder: Path, unique_name: Callable[[str], str]
) -> None:  # E451, E1104: the builder knows its copy of a context by the folder's own name
    id = unique_name("same")
    benches = []
    for number, content in enumerate(("first\n", "other\n")):
        root = folder / str(number) / id
        root.mkdir(parents=True)
        (root / "Dockerfile").write_text(f"FROM {base_image}\nRUN echo {id}\nCOPY f /f\nRUN cat /f\n")
        (root / "f").write_text(content)
        os.utime(root / "f", (1_700_000_000, 1_700_000_000))
        benches.append(BuildBench(
            root, folder / "home", lambda: engine, buildx_env, builder="buildx", tag=f"devbox-test/{id}:{number}"
        ))
    try:
        for bench, words in zip(benches, (["miss"] * 3, ["hit"] * 3), strict=True):
            built = bench.run()
            foreseen = next(event.forecast for event in built.events if isinstance(event, BuildForeseen))
            assert [step.word for step in foreseen.steps[1:]] == words
            assert [str(step.status) for step in built.state.steps[1:]] == words
        assert foreseen.unseen == ("f",)
    finally:
        for bench in benches:
            engine.remove_image(bench.tag, force=True)
