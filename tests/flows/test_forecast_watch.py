"""The forecast while files are saved: made anew at each change that counts, never in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from devbox.core.build_forecast import BuildForecast, LiveForecast
from devbox.core.errors import EngineError
from devbox.engine.port import Engine
from devbox.flows import forecast_watch
from devbox.flows.box.foresee import SeenBuild, foresee_builds
from devbox.flows.forecast_watch import WATCHED, live_forecast, watch_for
from devbox.host.file_events import Unwatchable
from tests.flows.build_bench import BuildBench
from tests.flows.test_build import OK, ScriptedBuilder, SmallEngine
from tests.host.test_file_events import count_looks
from tests.waiting import wait_until


@dataclass
class Live:
    """The flow in a thread, and what it said."""

    bench: BuildBench
    said: list[LiveForecast] = field(default_factory=list)

    def run(self) -> None:
        for each in live_forecast(self.bench.workspace, lambda: self.bench.workspace):
            self.said.append(each)

    @property
    def last(self) -> LiveForecast:
        return self.said[-1]


@contextmanager
def running(bench: BuildBench) -> Iterator[Live]:
    live = Live(bench)
    thread = threading.Thread(target=live.run, daemon=True)
    thread.start()
    try:
        yield live
    finally:
        bench.workspace.cancel.cancel()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildBench:
    """A project whose forecast names the content of its file; no engine is asked."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "Dockerfile").write_text("FROM x\n")
    engine: Any = SmallEngine()
    made = BuildBench(root, tmp_path / "home", lambda: engine, {}, choose=lambda _: ScriptedBuilder(OK))

    def foreseen(workspace: object) -> tuple[SeenBuild, ...]:
        return (SeenBuild(BuildForecast("box", "", "Dockerfile", reason=(root / "Dockerfile").read_text())),)

    monkeypatch.setattr(forecast_watch, "foresee_builds", foreseen)
    return made


def test_a_saved_file_makes_a_new_forecast_and_nothing_happens_in_between(
    bench: BuildBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(bench) as live:
        wait_until(lambda: live.said and live.last.watching == WATCHED)
        looked = count_looks(monkeypatch)
        before = len(live.said)
        threading.Event().wait(1.2)  # more than two turns of the watcher
        assert (looked, len(live.said)) == ([], before)
        (bench.root / "Dockerfile").write_text("FROM y\n")
        wait_until(lambda: live.last.builds[0].reason == "FROM y\n")
        assert live.last.edits == 1


def test_a_change_that_does_not_count_makes_none(bench: BuildBench) -> None:
    (bench.root / "app.log").touch()
    with running(bench) as live:
        wait_until(lambda: live.said and live.last.watching == WATCHED)
        before = len(live.said)
        (bench.root / "app.log").write_text("line\n")
        (bench.root / "Dockerfile").write_text("FROM y\n")
        wait_until(lambda: live.last.builds[0].reason == "FROM y\n")
        assert len(live.said) == before + 1


def test_where_nothing_is_told_it_looks_again_and_says_so(bench: BuildBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> Iterator[frozenset[str]]:
        raise Unwatchable("no watches are left")
        yield frozenset()

    monkeypatch.setattr(forecast_watch, "file_events", none)
    monkeypatch.setattr(forecast_watch, "EVERY", 0.05)
    with running(bench) as live:
        wait_until(lambda: live.said and "looking every 0 s: no watches are left" in live.last.watching)
        (bench.root / "Dockerfile").write_text("FROM y\n")
        wait_until(lambda: live.last.builds and live.last.builds[0].reason == "FROM y\n")


def test_an_error_is_said_and_the_next_save_tries_again(bench: BuildBench, monkeypatch: pytest.MonkeyPatch) -> None:
    good = forecast_watch.foresee_builds
    monkeypatch.setattr(forecast_watch, "foresee_builds", lambda workspace: (_ for _ in ()).throw(EngineError("gone")))
    with running(bench) as live:
        wait_until(lambda: live.said and live.last.watching == WATCHED)
        assert (live.last.builds, str(live.last.error)) == ((), "gone")
        monkeypatch.setattr(forecast_watch, "foresee_builds", good)
        (bench.root / "devbox.toml").write_text("\n")
        wait_until(lambda: live.last.builds and live.last.error is None)


@pytest.mark.engine
def test_an_edit_is_foretold_with_its_cause_while_it_is_looked_at(
    engine: Engine, base_image: str, tmp_path: Path, buildx_env: dict[str, str], unique_name: Callable[[str], str]
) -> None:
    root = tmp_path / unique_name("project")
    (root / "src" / "deep").mkdir(parents=True)
    (root / "src" / "deep" / "a").write_text(unique_name("a"))
    (root / "unrelated").mkdir()
    (root / "Dockerfile").write_text(f"FROM {base_image}\nRUN echo {unique_name('x')}\nCOPY src /src\nRUN ls /src\n")
    bench = BuildBench(root, tmp_path / "home", lambda: engine, buildx_env, tag=f"devbox-test/{unique_name('box')}:1")
    assert bench.run().error is None

    def words(live: Live) -> list[str]:
        return [step.word for build in live.last.builds for step in build.steps]

    try:
        watched = watch_for(str(root), foresee_builds(bench.workspace))
        assert {str(root), str(root / "src"), str(root / "src" / "deep")} == set(watched.folders)
        with running(bench) as live:
            wait_until(lambda: live.said and live.last.watching == WATCHED)
            assert words(live) == ["base", "hit", "hit", "hit"]
            (root / "src" / "deep" / "a").write_text("edited")
            wait_until(lambda: words(live) == ["base", "hit", "miss", "miss"])
            [step] = [step for step in live.last.builds[0].steps if step.root]
            assert [(cause.kind, cause.path) for cause in step.causes] == [("file-changed", "src/deep/a")]
            (root / "src" / "new").mkdir()
            (root / "src" / "new" / "b").write_text("b")
            wait_until(lambda: len(next(s for s in live.last.builds[0].steps if s.root).causes) > 1)
    finally:
        for image in engine.images({"dev.devbox.test": bench.tag}):
            engine.remove_image(image.id, force=True)
