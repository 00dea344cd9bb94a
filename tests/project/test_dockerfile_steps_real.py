"""Our steps equal the vertex names of real builds, for every Dockerfile of `tests/data/dockerfiles/steps.txt`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from devbox.engine.port import Engine
from devbox.project.dockerfile import parse_dockerfile
from devbox.project.dockerfile_steps import BaseConfig, step_names
from tests.project.real_builds import vertex_names

DATA = Path(__file__).parents[1] / "data" / "dockerfiles"
_SIGNS = {"@TAB@": "\t", "@CR@": "\r", "@BOM@": "\ufeff"}


@dataclass(frozen=True)
class Case:
    """One Dockerfile of the collection."""

    name: str
    text: str
    target: str | None
    args: dict[str, str]
    needs: int
    """The first engine whose builder knows what it writes."""


def collection() -> Iterator[Case]:
    """The cases of `steps.txt`."""
    text = (DATA / "steps.txt").read_text(encoding="utf-8")
    for chunk in text.split("\n==== ")[1:]:
        title, _, body = chunk.partition("\n")
        words = title.split()
        settings = dict(word.split("=", 1) for word in words if "=" in word)
        name = " ".join(word for word in words if "=" not in word)
        for sign, character in _SIGNS.items():
            body = body.replace(sign, character)
        target, needs = settings.pop("target", None), int(settings.pop("needs", "20"))
        yield Case(name, body if body.endswith("\n") else body + "\n", target, settings, needs)


CASES = tuple(collection())


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the Dockerfiles copy."""
    folder = tmp_path_factory.mktemp("steps")
    (folder / "dir").mkdir()
    for name in ("a.txt", "b.txt", "dir/one", "dir/two"):
        (folder / name).write_text(name)
    return folder


def base_config(engine: Engine, ref: str) -> BaseConfig:
    image = engine.image(ref)
    assert image is not None
    env = tuple((name, value) for name, _, value in (word.partition("=") for word in image.env))
    return BaseConfig(env=env, workdir=image.workdir)


@pytest.mark.engine
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_steps_are_the_vertices_of_the_build(
    case: Case, context: Path, base_image: str, buildx_env: dict[str, str], engine: Engine, tmp_path: Path
) -> None:
    # One build after the other: vertices that two builds share at one time appear under the name of either.
    version = engine.info().version
    if int(version.partition(".")[0]) < case.needs:
        pytest.skip(f"the builder of engine {version} does not know this syntax, or names it by other rules")
    text = case.text.replace("@BASE@", base_image)
    (tmp_path / "Dockerfile").write_bytes(text.encode())
    everything = vertex_names(context, tmp_path / "Dockerfile", buildx_env, target=case.target, args=case.args)
    real = {name for name in everything if name.startswith("[") and "internal] " not in name[:40]}
    dockerfile = parse_dockerfile(text.encode(), "Dockerfile")
    ours = set(step_names(dockerfile, case.target, args=case.args, bases={base_image: base_config(engine, base_image)}))
    assert real <= ours
    twins = {name.partition("] ")[2] for name in real}
    missing = {name for name in ours - everything if name.partition("] ")[2] not in twins}
    assert missing == set(), "identical steps of two stages are one vertex, shown under either name"


@pytest.mark.engine
def test_triggers_of_a_base_image_are_steps_too(
    context: Path, buildx_env: dict[str, str], engine: Engine, tmp_path: Path, unique_name: Callable[[str], str]
) -> None:
    tag = f"{unique_name('onbuild')}:1"
    (tmp_path / "Base").write_text("FROM scratch\nWORKDIR /base\nENV X=1\nONBUILD COPY a.txt /$X\nONBUILD WORKDIR t\n")
    vertex_names(context, tmp_path / "Base", buildx_env, tag=tag)
    try:
        text = f"FROM {tag} AS parent\nCOPY b.txt /b\nWORKDIR /x\n"
        (tmp_path / "Dockerfile").write_text(text)
        everything = vertex_names(context, tmp_path / "Dockerfile", buildx_env)
        image = engine.image(tag)
        assert image is not None
        config = replace(base_config(engine, tag), onbuild=tuple(image.raw["Config"]["OnBuild"]))
        ours = step_names(parse_dockerfile(text.encode(), "Dockerfile"), bases={tag: config})
        assert set(ours) == {name for name in everything if "internal] " not in name[:40] and name.startswith("[")}
        assert len(ours) == 5
    finally:
        engine.remove_image(tag, force=True)


def test_there_are_enough_of_them() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len([case for case in CASES if case.needs <= 20]) >= 60, "also with the oldest engine"
