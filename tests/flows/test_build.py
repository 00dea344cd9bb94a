"""The build flow around a scripted builder: what real engines do not do on demand."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.errors import BuildError, Cancelled, ConfigError, EngineError, UsageError
from devbox.core.events import BuildChanged, BuildForeseen, BuildLog, BuildStarted
from devbox.core.project import Secret
from devbox.engine import buildx_program
from devbox.engine.api_builder import ApiBuilder
from devbox.engine.builder import BuildRequest, Output, Progress
from devbox.engine.builders import choose_builder
from devbox.engine.buildx import BuildxBuilder
from devbox.engine.classic import ClassicBuilder
from devbox.engine.port import CacheRecord, Endpoint, EngineInfo, ImageInfo
from devbox.store.ledger_schema import VERSION
from tests.engine.fake import image_info
from tests.flows.build_bench import BuildBench, pack

STEP = StepKey("dev", 2)


def state(status: StepStatus, outcome: str = "running", **more: Any) -> BuildState:
    steps = (Step(StepKey("dev", 1), 2, "FROM x", StepStatus.BASE), Step(STEP, 2, "RUN x", status, 2.0))
    return BuildState(steps=steps, outcome=outcome, **more)  # type: ignore[arg-type]


OK = [Progress(state(StepStatus.RUNNING)), Progress(state(StepStatus.MISS, "ok", image="sha256:1"))]


@dataclass
class ScriptedBuilder:
    """Says what it is told to; `closed` is set by `close()`."""

    updates: Sequence[Progress | Output]
    name: str = "scripted"
    limits: tuple[str, ...] = ()
    mounts: bool = True
    session: bool = True
    requests: list[BuildRequest] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def quick(self, info: EngineInfo) -> None:
        """There is nothing quicker."""

    def build(self, request: BuildRequest) -> ScriptedBuilder:
        self.requests.append(request)
        return self

    def __iter__(self) -> Generator[Progress | Output, None, None]:
        yield from self.updates

    def close(self) -> None:
        self.closed.set()


class SmallEngine:
    """An engine that has the image, and may be gone."""

    endpoint = Endpoint("unix:///nowhere", "test")

    def __init__(self, gone: bool = False) -> None:
        self.gone = gone

    def image(self, ref: str) -> ImageInfo:
        return image_info(ref, id="sha256:of-the-tag")

    def info(self) -> Any:
        if self.gone:
            raise EngineError("nothing answers at unix:///nowhere")
        return EngineInfo("20.10.24", "1.41", "linux", "x86_64")

    def cache_records(self) -> tuple[CacheRecord, ...]:
        return ()


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., BuildBench]:
    root = tmp_path / "project"
    root.mkdir()
    (root / "Dockerfile").write_text("FROM x AS dev\nRUN x\n")

    def bench(builder: ScriptedBuilder, *, gone: bool = False, env: dict[str, str] | None = None) -> BuildBench:
        engine: Any = SmallEngine(gone)
        return BuildBench(root, tmp_path / "home", lambda: engine, env or {}, choose=lambda _: builder)

    return bench


def test_the_image_is_what_the_tag_names_afterwards(make: Callable[..., BuildBench]) -> None:
    built = make(ScriptedBuilder(OK)).run()
    assert built.image == "sha256:of-the-tag"
    assert isinstance(built.events[0], BuildForeseen)
    assert built.events[1] == BuildStarted("box")
    assert built.state.outcome == "ok"


def test_states_between_two_beats_are_left_out_but_never_the_last(make: Callable[..., BuildBench]) -> None:
    built = make(ScriptedBuilder([Progress(state(StepStatus.RUNNING))] * 500 + OK[1:])).run()
    changes = [event for event in built.events if isinstance(event, BuildChanged)]
    assert len(changes) < 20
    assert changes[-1].state.outcome == "ok"


def test_what_the_ledger_knows_is_in_the_next_builds_states(make: Callable[..., BuildBench]) -> None:
    assert make(ScriptedBuilder(OK)).run().state.steps[1].past_seconds is None
    second = make(ScriptedBuilder([Progress(state(StepStatus.HIT, "ok"))])).run()
    assert second.state.steps[1].past_seconds == 2.0
    assert second.state.saved_seconds == 2.0


def test_nothing_known_is_no_saved_time(make: Callable[..., BuildBench]) -> None:
    assert make(ScriptedBuilder([Progress(state(StepStatus.HIT, "ok"))])).run().state.saved_seconds is None


def test_broken_ledger_is_a_note_and_no_failed_build(make: Callable[..., BuildBench]) -> None:
    bench = make(ScriptedBuilder(OK))
    bench.state.ensure(bench.state.state)
    bench.state.ledger.write_bytes(b"garbage" * 100)
    built = bench.run()
    assert built.error is None
    assert "set aside" in built.notes[0]


def test_ledger_that_cannot_be_written_is_a_note(
    make: Callable[..., BuildBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    from devbox.core.errors import ExhaustedError
    from devbox.store.ledger import Ledger

    def full(self: Ledger, build: object) -> int:
        raise ExhaustedError("cannot write ledger.sqlite3: no space left on the disk")

    monkeypatch.setattr(Ledger, "record", full)
    built = make(ScriptedBuilder(OK)).run()
    assert built.error is None
    assert "no space left" in built.notes[0]


def test_ledger_of_a_newer_devbox_stops_before_anything_is_built(make: Callable[..., BuildBench]) -> None:
    make(ScriptedBuilder(OK)).run()
    builder = ScriptedBuilder(OK)
    bench = make(builder)
    with sqlite3.connect(bench.state.ledger) as raw:
        raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    built = bench.run()
    assert isinstance(built.error, ConfigError)
    assert built.events == []


def test_engine_that_went_away_is_an_engine_error(make: Callable[..., BuildBench]) -> None:
    updates = [Progress(state(StepStatus.RUNNING)), Progress(state(StepStatus.INTERRUPTED, "interrupted"))]
    built = make(ScriptedBuilder(updates), gone=True).run()
    assert isinstance(built.error, EngineError)
    assert "went away while box was built" in built.error.summary
    assert built.error.hint


def test_failed_step_is_a_build_error_even_when_the_engine_is_gone(make: Callable[..., BuildBench]) -> None:
    built = make(ScriptedBuilder([Progress(state(StepStatus.FAILED, "failed"))]), gone=True).run()
    assert isinstance(built.error, BuildError)


def test_last_lines_of_the_failing_step_only(make: Callable[..., BuildBench]) -> None:
    updates: list[Progress | Output] = [
        Output(None, b"elsewhere\n"), *[Output(STEP, b"x" * 1000 + b"\n")] * 100, Output(STEP, b"E: boom\n"),
        Progress(state(StepStatus.FAILED, "failed")),
    ]
    error = make(ScriptedBuilder(updates)).run().error
    assert isinstance(error, BuildError)
    assert (error.detail or "").endswith("E: boom")
    assert "elsewhere" not in (error.detail or "")
    assert len(error.detail or "") < 25_000


def test_cancel_ends_in_cancelled_after_the_last_state(make: Callable[..., BuildBench]) -> None:
    builder = ScriptedBuilder([Progress(state(StepStatus.CANCELLED, "cancelled"))])
    built = make(builder).run()
    assert isinstance(built.error, Cancelled)
    assert built.state.outcome == "cancelled"
    assert builder.closed.is_set()


def test_cancelled_before_it_began_builds_nothing(make: Callable[..., BuildBench]) -> None:
    bench = make(ScriptedBuilder(OK))
    bench.workspace.cancel.cancel()
    assert isinstance(bench.run().error, Cancelled)


def test_secret_is_masked_in_logs_across_chunks_and_in_errors(make: Callable[..., BuildBench]) -> None:
    failed = state(StepStatus.FAILED, "failed", text=("ERROR: echo s3cret-value",))
    failed = replace(failed, steps=(failed.steps[0], replace(failed.steps[1], error="ran s3cret-value")))
    builder = ScriptedBuilder([Output(STEP, b"my s3cr"), Output(STEP, b"et-value is out\n"), Progress(failed)])
    bench = make(builder, env={"TOKEN": "s3cret-value"})
    assert bench.service.build is not None
    bench.service = replace(bench.service, build=replace(bench.service.build, secrets=(Secret("t", env="TOKEN"),)))
    built = bench.run()
    assert "s3cret" not in repr(built.events) + repr(vars(built.error))
    assert "•••" in b"".join(e.data for e in built.events if isinstance(e, BuildLog)).decode()


@pytest.mark.parametrize("secret", [Secret("t", env="NOT_SET"), Secret("t", file="/nonexistent/token")])
def test_missing_secret_is_said_before_anything_is_built(make: Callable[..., BuildBench], secret: Secret) -> None:
    builder = ScriptedBuilder(OK)
    bench = make(builder)
    assert bench.service.build is not None
    bench.service = replace(bench.service, build=replace(bench.service.build, secrets=(secret,)))
    built = bench.run()
    assert isinstance(built.error, BuildError)
    assert builder.requests == []


def test_request_carries_what_the_service_asks_for(make: Callable[..., BuildBench]) -> None:
    builder = ScriptedBuilder(OK)
    bench = make(builder, env={"HTTPS_PROXY": "http://user:pass@proxy"})
    (bench.root / "Dockerfile.dockerignore").write_text("x\n")
    bench.service = replace(bench.service, proxy="host")
    bench.run()
    [request] = builder.requests
    assert request.args_from_env == ("HTTPS_PROXY",)
    assert "pass" not in repr(request.args)
    assert request.ignore_text == "x\n"
    assert request.outline.stages == ("dev",)


def test_dockerfile_of_another_syntax_is_left_to_the_builder(make: Callable[..., BuildBench]) -> None:
    builder = ScriptedBuilder(OK)
    bench = make(builder)
    (bench.root / "Dockerfile").write_text("# syntax=example/other\nBUILD WITH MAGIC\n")
    assert bench.run().error is None
    assert builder.requests[0].outline.lines == ()


def choose(name: str, tmp_path: Path, env: dict[str, str]) -> Any:
    engine: Any = SmallEngine()
    return choose_builder(
        name, engine, env=env, home=tmp_path, project=tmp_path / "p", private_folders=(), scratch=tmp_path, pack=pack
    )


def test_unknown_builder_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no builder `kaniko`"):
        choose("kaniko", tmp_path, {})


def test_without_buildx_the_engines_api_builds_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buildx_program, "SYSTEM_FOLDERS", ())
    found = choose("auto", tmp_path, {})
    assert isinstance(found, ApiBuilder)
    assert "buildx is not installed" in found.limits[0]
    with pytest.raises(BuildError, match="buildx is not installed"):
        choose("buildx", tmp_path, {})


def test_without_buildx_and_buildkit_the_classic_builder_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buildx_program, "SYSTEM_FOLDERS", ())
    podman = EngineInfo("4.3.1", "1.41", "linux", "amd64", raw={"version": {"Components": [{"Name": "Podman Engine"}]}})
    monkeypatch.setattr(SmallEngine, "info", lambda self: podman)
    found = choose("auto", tmp_path, {})
    assert isinstance(found, ClassicBuilder)
    assert "buildx is not installed" in found.limits[0]
    assert "Podman has no BuildKit" in found.limits[0]
    with pytest.raises(BuildError, match="Podman has no BuildKit"):
        choose("api", tmp_path, {})


def test_a_usable_buildx_is_taken_and_any_builder_can_be_named(tmp_path: Path) -> None:
    folder = tmp_path / ".docker" / "cli-plugins"
    folder.mkdir(parents=True)
    (folder / "docker-buildx").write_text("#!/bin/sh\necho github.com/docker/buildx v0.15.0 x\n")
    (folder / "docker-buildx").chmod(0o755)
    assert isinstance(choose("auto", tmp_path, {}), BuildxBuilder)
    assert isinstance(choose("api", tmp_path, {}), ApiBuilder)
    assert isinstance(choose("classic", tmp_path, {}), ClassicBuilder)


def test_only_auto_on_an_engine_of_this_machine_has_a_quick_builder(tmp_path: Path) -> None:
    folder = tmp_path / ".docker" / "cli-plugins"
    folder.mkdir(parents=True)
    (folder / "docker-buildx").write_text("#!/bin/sh\necho github.com/docker/buildx v0.15.0 x\n")
    (folder / "docker-buildx").chmod(0o755)
    info = EngineInfo("26.1.5", "1.45", "linux", "x86_64")
    auto = choose("auto", tmp_path, {})
    assert isinstance(auto.quick(info), ApiBuilder)
    assert auto.quick(info).limits == ()
    assert auto.quick(replace(info, containerd_store=True)) is None
    assert choose("buildx", tmp_path, {}).quick(info) is None
    assert choose("api", tmp_path, {}).quick(info) is None
