"""Edits that BuildKit does not notice: said before the build, and cured by new times where the person says yes."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devbox.core.events import BuildForeseen
from devbox.engine.port import Engine
from devbox.flows.workspace import Ask
from devbox.project.touch import touch
from tests.flows.build_bench import BuildBench, Built, touch_nothing

OLD = 1_700_000_000


@pytest.fixture
def make_bench(
    engine: Engine, buildx_env: dict[str, str], base_image: str, tmp_path: Path, unique_name: Callable[[str], str]
) -> Iterator[Callable[[Ask], BuildBench]]:
    """A project with one copied file, built on the same engine and from the same folder each time."""
    tag, root = f"devbox-test/{unique_name('stale')}:1", tmp_path / unique_name("project")
    root.mkdir()
    (root / "Dockerfile").write_text(f"FROM {base_image}\nRUN echo {uuid.uuid4().hex}\nCOPY . /in/\nRUN cat /in/d/f\n")
    home = tmp_path / "home"
    yield lambda ask: BuildBench(root, home, lambda: engine, buildx_env, builder="buildx", tag=tag, ask=ask)
    for image in engine.images({"dev.devbox.test": tag}):
        engine.remove_image(image.id, force=True)


def edit(bench: BuildBench, content: str) -> None:
    """Size and time stay."""
    (bench.root / "d").mkdir(exist_ok=True)
    (bench.root / "d" / "f").write_text(content)
    os.utime(bench.root / "d" / "f", (OLD, OLD))


def said(built: Built) -> list[tuple[tuple[str, ...], list[str]]]:
    """Each forecast: what will not be noticed, and the words of the steps that take the file."""
    return [(event.forecast.unseen, [step.word for step in event.forecast.steps[2:]])
            for event in built.events if isinstance(event, BuildForeseen) and event.forecast.steps][:2]


def yes(asked: list[str]) -> Ask:
    def answer(question: str, *, detail: str = "", trust: bool = False) -> bool:
        asked.append(f"{question}\n{detail}")
        return not trust

    return answer


def log(built: Built) -> bytes:
    return b"".join(built.log(step.key) for step in built.state.steps)


@pytest.mark.engine
def test_an_edit_of_equal_size_and_time_is_baked_as_it_was_and_said_so(
    make_bench: Callable[[Ask], BuildBench]
) -> None:  # E111
    bench = make_bench(touch_nothing)
    edit(bench, "one\n")
    bench.run()
    edit(bench, "two\n")
    built = bench.run()
    assert said(built)[0] == (("d/f",), ["hit", "hit"])
    assert [str(step.status) for step in built.state.steps[2:]] == ["hit", "hit"], "as was foretold"
    assert any("d/f: edited with size and time kept" in note for note in built.notes)
    assert any("the old content will be built" in note for note in built.notes)
    assert (bench.root / "d" / "f").stat().st_mtime == OLD, "nobody wanted it touched"


@pytest.mark.engine
def test_touched_it_is_built_as_it_is(make_bench: Callable[[Ask], BuildBench]) -> None:
    asked: list[str] = []
    bench = make_bench(yes(asked))
    edit(bench, "one\n")
    bench.run()
    edit(bench, "two\n")
    built = bench.run()
    assert asked == ["touch it, so that BuildKit sees the new content?\n  d/f"]
    assert said(built) == [(("d/f",), ["hit", "hit"]), ((), ["miss", "miss"])]
    assert [str(step.status) for step in built.state.steps[2:]] == ["miss", "miss"]
    assert b"two" in log(built)
    again = bench.run()
    assert said(again)[0] == ((), ["hit", "hit"])
    assert len(asked) == 1


@pytest.mark.engine
def test_a_folders_new_mode_is_not_noticed_and_foretold_so(make_bench: Callable[[Ask], BuildBench]) -> None:  # E108
    bench = make_bench(touch_nothing)
    edit(bench, "one\n")
    bench.run()
    (bench.root / "d").chmod(0o700)
    built = bench.run()
    assert said(built)[0] == ((), ["hit", "hit"])
    assert [str(step.status) for step in built.state.steps[2:]] == ["hit", "hit"]


def test_only_a_regular_file_of_the_project_is_touched(tmp_path: Path) -> None:
    outside, project = tmp_path / "outside", tmp_path / "project"
    for folder in (outside, project / "d"):
        folder.mkdir(parents=True)
        (folder / "f").write_text("x")
        os.utime(folder / "f", (OLD, OLD))
    (project / "file").symlink_to(outside / "f")
    (project / "folder").symlink_to(outside)
    os.mkfifo(project / "pipe")
    touch(str(project), "d/f")
    assert (project / "d" / "f").stat().st_mtime > OLD
    assert (project / "d" / "f").read_text() == "x"
    for path in ("file", "folder/f", "pipe", "d", "nothing"):
        with pytest.raises(OSError, match=r"\w"):
            touch(str(project), path)
    assert (outside / "f").stat().st_mtime == OLD
