"""Real builds on a real engine: hits, breaks of the cache, failures, cancelling, secrets."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devbox.core.build import Cause, StepKey
from devbox.core.errors import BuildError, Cancelled, ConfigError, EngineError, ExitCode
from devbox.core.events import BuildChanged, BuildForeseen, BuildLog, Event
from devbox.core.project import Secret
from devbox.engine.docker_sdk import DockerSdkEngine
from devbox.engine.port import Endpoint, Engine
from devbox.flows.build import BuildOptions
from devbox.flows.quick_build import BYTES
from devbox.store.ledger import Ledger
from tests.engine.relay import Relay
from tests.flows.build_bench import BuildBench

pytestmark = pytest.mark.engine


@pytest.fixture
def make_bench(
    engine: Engine, buildx_env: dict[str, str], base_image: str, tmp_path: Path, unique_name: Callable[[str], str]
) -> Iterator[Callable[..., BuildBench]]:
    """A bench with a Dockerfile FROM the base image; `{id}` in it is unique, so that no cache answers at first."""
    tags: list[str] = []

    def make(dockerfile: str, *, builder: str = "buildx", env: dict[str, str] | None = None) -> BuildBench:
        root = tmp_path / unique_name("project")
        root.mkdir()
        text = dockerfile.replace("{base}", base_image).replace("{id}", uuid.uuid4().hex)
        (root / "Dockerfile").write_text(text)
        (root / "seed").write_text(uuid.uuid4().hex)
        tags.append(f"devbox-test/{unique_name('box')}:1")
        return BuildBench(
            root, tmp_path / "home", lambda: engine, {**buildx_env, **(env or {})}, builder=builder, tag=tags[-1]
        )

    (tmp_path / "home").mkdir()
    yield make
    for tag in tags:
        # Earlier builds too, which lost the tag to later ones.
        for image in engine.images({"dev.devbox.test": tag}):
            engine.remove_image(image.id, force=True)


BUILDKIT = ["buildx", "api"]
"""The two ways to the same builder; what they show must be the same."""
STEPS = "FROM {base} AS dev\nCOPY seed /seed\nRUN echo {id}\nCOPY late /late\nRUN cat /late\n"


@pytest.mark.parametrize("builder", BUILDKIT)
def test_first_build_then_hits_then_a_break_where_the_edit_is(
    make_bench: Callable[..., BuildBench], engine: Engine, builder: str
) -> None:
    bench = make_bench(STEPS, builder=builder)
    (bench.root / "late").write_text("one")
    first = bench.run()
    assert first.words() == ["base", "miss!", "miss", "miss", "miss"]
    assert first.log(StepKey("dev", 5)) == b"one"
    second = bench.run()
    assert second.words() == ["base", "hit", "hit", "hit", "hit"]
    assert second.image == first.image
    assert second.state.saved_seconds is not None
    assert all(step.past_seconds is not None for step in second.state.steps[1:])
    (bench.root / "late").write_text("another")
    third = bench.run()
    assert third.words() == ["base", "hit", "hit", "miss!", "miss"]
    assert third.state.steps[4].after == StepKey("dev", 4)
    assert [(c.kind, c.detail) for c in third.state.steps[4].causes] == [("parent-missed", "dev 4")]
    assert third.state.steps[3].causes == (Cause("file-changed", "late", "content"),)
    assert [step.line for step in third.state.steps] == [1, 2, 3, 4, 5]
    found = engine.image(bench.tag)
    assert found is not None
    assert found.id == third.image
    assert found.labels["dev.devbox.test"] == bench.tag
    with_ledger = Ledger.open(bench.state)
    assert [b.outcome for b in with_ledger.builds(_project_id(bench))] == ["ok", "ok", "ok"]


def _project_id(bench: BuildBench) -> str:
    from devbox.core.labels import project_id

    return project_id(str(bench.root), os.getuid())


def test_no_cache_runs_every_step_and_target_stops_early(make_bench: Callable[..., BuildBench]) -> None:
    bench = make_bench("FROM {base} AS one\nRUN echo {id}\nFROM one AS two\nRUN false\n")
    assert bench.run(BuildOptions(target="one")).error is None
    again = bench.run(BuildOptions(target="one", no_cache=True))
    assert again.words() == ["base", "miss!"]
    assert [cause.kind for cause in again.state.steps[1].causes] == ["no-cache"]
    only = bench.run(BuildOptions(target="one", no_cache_filter=("one",)))
    assert only.words() == ["base", "miss!"]


@pytest.mark.parametrize("builder", BUILDKIT)
def test_failing_run_names_step_line_and_last_lines(make_bench: Callable[..., BuildBench], builder: str) -> None:
    text = "FROM {base}\n\nRUN echo {id}\nRUN seq 40; echo 'E: x'; exit 42\nRUN echo never\n"
    bench = make_bench(text, builder=builder)
    built = bench.run()
    error = built.error
    assert isinstance(error, BuildError)
    assert error.exit_code == ExitCode.BUILD
    assert error.summary.startswith("build of box failed in 3/4 RUN seq 40")
    assert (error.path, error.line) == ("Dockerfile", 4)
    lines = (error.detail or "").split("\n")
    assert len(lines) == 21
    assert lines[-2].startswith("E: ")
    assert "exit code: 42" in lines[-1]
    assert built.words()[-2:] == ["failed", "skipped"]


@pytest.mark.parametrize("builder", BUILDKIT)
def test_missing_file_names_the_copy(make_bench: Callable[..., BuildBench], builder: str) -> None:
    error = make_bench("FROM {base}\nCOPY nope /x\n", builder=builder).run().error
    assert isinstance(error, BuildError)
    assert "2/2 COPY nope /x" in error.summary
    assert "/nope" in (error.detail or "")
    assert error.line == 2


@pytest.mark.parametrize("builder", ["buildx", "api", "classic"])
def test_base_image_that_cannot_be_had_is_named(make_bench: Callable[..., BuildBench], builder: str) -> None:
    error = make_bench("FROM localhost:1/nosuch:1\nRUN true\n", builder=builder).run().error
    assert isinstance(error, BuildError)
    assert error.summary == "base image localhost:1/nosuch:1 of box can't be had"
    assert "docker pull localhost:1/nosuch:1" in (error.hint or "")


@pytest.mark.parametrize("builder", ["buildx", "api", "classic"])
def test_unknown_instruction_is_a_build_error_with_its_line(
    make_bench: Callable[..., BuildBench], builder: str
) -> None:
    error = make_bench("FROM {base}\nCOPPY a b\n", builder=builder).run().error
    assert isinstance(error, BuildError)
    assert "COPPY" in error.summary
    assert (error.path, error.line) == ("Dockerfile", 2)


def test_missing_dockerfile_is_a_config_error(make_bench: Callable[..., BuildBench]) -> None:
    bench = make_bench("FROM {base}\n")
    (bench.root / "Dockerfile").unlink()
    error = bench.run().error
    assert isinstance(error, ConfigError)
    assert error.path == "Dockerfile"


SLOW = "FROM {base}\nRUN echo {id}; echo quick\nRUN echo started; sleep 300\nRUN echo after\n"


def when_started(act: Callable[[], None]) -> Callable[[Event], None]:
    """Act, once, in another thread, when the slow step has begun to talk."""
    done: list[bool] = []

    def seen(event: Event) -> None:
        if not done and isinstance(event, BuildLog) and b"started" in event.data:
            done.append(True)
            threading.Thread(target=act).start()

    return seen


@pytest.mark.parametrize("builder", ["buildx", "api", "classic"])
def test_cancel_from_another_thread_ends_the_build_and_keeps_what_finished(
    make_bench: Callable[..., BuildBench], builder: str
) -> None:
    bench = make_bench(SLOW, builder=builder)
    began = time.monotonic()
    built = bench.run(on_event=when_started(bench.workspace.cancel.cancel))
    assert isinstance(built.error, Cancelled)
    assert time.monotonic() - began < 60
    assert built.state.outcome == "cancelled"
    assert "cancelled" in built.words()
    assert not children_of(bench)
    again = BuildBench(bench.root, bench.workspace.home, bench.workspace.connect, bench.workspace.env, builder=builder,
                       tag=bench.tag)
    repeated = again.run(on_event=when_started(again.workspace.cancel.cancel))
    assert repeated.words()[1] == "hit"


def test_leaving_the_flow_in_the_middle_stops_the_builder(make_bench: Callable[..., BuildBench]) -> None:
    bench = make_bench(SLOW)
    flow = bench.start()
    for event in flow:
        if isinstance(event, BuildLog) and b"started" in event.data:
            break
    assert children_of(bench)
    flow.close()
    assert not children_of(bench)
    [record] = Ledger.open(bench.state).builds(_project_id(bench))
    assert record.outcome == "cancelled"


def test_killed_builder_is_one_clear_error_and_the_next_build_works(make_bench: Callable[..., BuildBench]) -> None:
    bench = make_bench("FROM {base}\nRUN echo {id}; echo started; sleep 3\n")

    def kill() -> None:
        for pid in children_of(bench):
            os.kill(pid, signal.SIGKILL)

    built = bench.run(on_event=when_started(kill))
    assert isinstance(built.error, BuildError)
    assert built.error.summary == "the build of box was cut off"
    assert built.words()[-1] == "interrupted!"
    assert bench.run().error is None


@pytest.mark.parametrize("builder", ["buildx", "api", "classic"])
def test_engine_that_dies_in_the_middle_is_said_so(
    buildx_env: dict[str, str], docker_endpoint: Endpoint, base_image: str, tmp_path: Path, builder: str
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="dvb-"))  # the path of a socket ends at 107 bytes
    relay = Relay(folder / "s", docker_endpoint.url.removeprefix("unix://"))
    (tmp_path / "Dockerfile").write_text(SLOW.replace("{base}", base_image).replace("{id}", uuid.uuid4().hex))
    engine = DockerSdkEngine(Endpoint(relay.url, "test"))
    bench = BuildBench(tmp_path, tmp_path / "home", lambda: engine, {**buildx_env, "DOCKER_HOST": relay.url},
                       builder=builder)
    try:
        built = bench.run(on_event=when_started(relay.cut))
    finally:
        relay.cut()
        folder.rmdir()
    assert isinstance(built.error, EngineError)
    assert built.error.exit_code == ExitCode.ENGINE
    assert built.error.hint
    assert not children_of(bench)


def children_of(bench: BuildBench) -> list[int]:
    """Processes whose command line names this build's tag."""
    found = []
    for name in os.listdir("/proc"):
        try:
            words = Path("/proc", name, "cmdline").read_bytes() if name.isdigit() else b""
        except OSError:
            continue
        if f"--tag={bench.tag}".encode() in words:
            found.append(int(name))
    return found


def test_auto_sends_a_small_context_over_the_api_and_both_ways_share_the_cache(
    make_bench: Callable[..., BuildBench]
) -> None:
    bench = make_bench(STEPS, builder="auto")
    (bench.root / "late").write_text("one")
    first = bench.run()
    assert first.words() == ["base", "miss!", "miss", "miss", "miss"]
    assert (first.state.builder, first.state.limits) == ("engine API (BuildKit)", ())
    (bench.root / "large").write_bytes(bytes(BYTES))
    second = bench.run()
    assert second.state.builder.startswith("buildx")
    assert second.words() == ["base", "hit", "hit", "hit", "hit"]
    assert [step.forecast for step in second.state.steps[1:]] == ["hit"] * 4
    assert second.image == first.image
    os.truncate(bench.root / "large", 0)
    # An edit that buildx would not see (spec 4.3): the API sends the file itself.
    status = os.stat(bench.root / "late")
    (bench.root / "late").write_text("two")
    os.utime(bench.root / "late", ns=(status.st_atime_ns, status.st_mtime_ns))
    third = bench.run()
    assert third.words() == ["base", "hit", "hit", "miss!", "miss"]
    assert [step.forecast for step in third.state.steps[1:]] == ["hit", "hit", "miss", "miss"]
    assert third.log(StepKey("dev", 5)) == b"two"


def test_what_depended_is_settled_while_the_build_runs(make_bench: Callable[..., BuildBench]) -> None:
    bench = make_bench(
        "FROM {base} AS made\nRUN echo {id}\nCOPY seed /seed\nRUN wc -c < /seed > /out\n"
        "FROM {base} AS dev\nRUN echo {id} first\nCOPY --from=made /out /out\nRUN sleep 1\nRUN echo {id} last\n"
    )
    assert bench.run().error is None
    (bench.root / "seed").write_text("of another length")
    built = bench.run()
    foreseen = [event.forecast for event in built.events if isinstance(event, BuildForeseen)]
    words = [[step.word for step in each.steps if step.stage == "dev" and step.word != "base"] for each in foreseen]
    assert words[0] == ["hit", "depends", "depends", "depends"]
    assert words[-1] == ["hit", "miss", "miss", "miss"]
    assert [step.forecast for step in built.state.steps if step.key.stage == "dev"][2:] == ["depends"] * 3


def test_the_root_of_the_context_is_another_for_each_way_and_forecast_so(
    make_bench: Callable[..., BuildBench]
) -> None:
    bench = make_bench("FROM {base}\nCOPY seed /seed\nCOPY . /all\n", builder="auto")
    first = bench.run()
    assert first.state.builder.startswith("buildx")
    again = BuildBench(bench.root, bench.workspace.home, bench.workspace.connect, bench.workspace.env, builder="api",
                       tag=bench.tag)
    second = again.run()
    assert second.words() == ["base", "hit", "miss!"]
    assert [step.forecast for step in second.state.steps[1:]] == ["hit", "miss"]
    for each in (again, bench):
        built = each.run()
        assert built.words() == ["base", "hit", "hit"]
        assert [step.forecast for step in built.state.steps[1:]] == ["hit", "hit"]


def test_a_cancelled_step_is_dead_within_a_second(make_bench: Callable[..., BuildBench]) -> None:
    mark = f"3{time.time_ns()}"
    bench = make_bench(f"FROM {{base}}\nRUN echo started; sleep {mark}\n", builder="api")
    seen: list[bool] = []
    at: list[float] = []

    def cancel() -> None:
        waited = time.monotonic() + 5
        while not running(mark) and time.monotonic() < waited:
            time.sleep(0.02)
        seen.append(running(mark))
        at.append(time.monotonic())
        bench.workspace.cancel.cancel()

    built = bench.run(on_event=when_started(cancel))
    assert isinstance(built.error, Cancelled)
    if not seen[0]:
        pytest.skip("the engine's processes are not this machine's")
    while running(mark):
        assert time.monotonic() - at[0] < 1
        time.sleep(0.02)


def running(word: str) -> bool:
    """Whether some process has this word as an argument."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if word.encode() in Path("/proc", name, "cmdline").read_bytes().split(b"\0"):
                return True
    return False


def test_secret_reaches_the_step_and_nothing_else(make_bench: Callable[..., BuildBench], engine: Engine) -> None:
    value = f"s3cret-{uuid.uuid4().hex}"
    bench = make_bench(
        "FROM {base}\nRUN --mount=type=secret,id=tok test -s /run/secrets/tok && echo {id} && cat /run/secrets/tok"
        " && sleep 1\n",
        env={"BUILD_TOKEN": value},
    )
    assert bench.service.build is not None
    secrets = (Secret("tok", env="BUILD_TOKEN"),)
    bench.service = replace(bench.service, build=replace(bench.service.build, secrets=secrets))
    exposed: list[bytes] = []

    def look(event: Event) -> None:
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path("/proc", name, "cmdline").read_bytes()
            except OSError:
                continue
            if value.encode() in words:
                exposed.append(words)

    built = bench.run(on_event=look)
    assert built.error is None
    assert exposed == []
    assert "•••" in built.log(StepKey("", 2)).decode()
    said = repr(built.events) + bench.state.ledger.read_bytes().decode("latin-1")
    assert value not in said
    found = engine.image(bench.tag)
    assert found is not None
    assert value not in repr(found.raw)


def test_host_bundle_is_there_while_steps_run_and_not_in_the_image(
    make_bench: Callable[..., BuildBench], engine: Engine, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("not really a certificate\n")
    bench = make_bench(
        "FROM {base}\nRUN echo {id}; cat $SSL_CERT_FILE\nRUN cat $PIP_CERT; exit 7\n",
        env={"SSL_CERT_FILE": str(bundle)},
    )
    bench.service = replace(bench.service, host_ca=True)
    built = bench.run()
    assert isinstance(built.error, BuildError)
    assert built.error.line == 3, "the line of the user's Dockerfile, not of the one that was built"
    assert "not really a certificate" in (built.error.detail or "")
    assert not any("--mount" in step.instruction for step in built.state.steps)
    text = (bench.root / "Dockerfile").read_text()
    (bench.root / "Dockerfile").write_text(text.replace("exit 7", "true"))
    assert bench.run().error is None
    found = engine.image(bench.tag)
    assert found is not None
    assert not any(variable.startswith(("SSL_CERT_FILE", "PIP_CERT")) for variable in found.env)


def test_ignore_file_beside_the_dockerfile_counts_when_the_text_is_replaced(
    make_bench: Callable[..., BuildBench], tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("x\n")
    bench = make_bench("FROM {base}\nCOPY . /all\nRUN echo {id}; ls /all\n", env={"SSL_CERT_FILE": str(bundle)})
    (bench.root / "Dockerfile.dockerignore").write_text("seed\n")
    bench.service = replace(bench.service, host_ca=True)
    built = bench.run()
    assert built.error is None
    listed = built.log(StepKey("", 3)).split()
    assert b"Dockerfile" in listed
    assert b"seed" not in listed


def test_classic_builder_shows_hits_and_says_what_it_cannot(make_bench: Callable[..., BuildBench]) -> None:
    bench = make_bench(STEPS + "ENV A=1\n", builder="classic")
    (bench.root / "late").write_text("one")
    (bench.root / ".dockerignore").write_text("unrelated\n")
    first = bench.run()
    # The last step is the labels, which this builder turns into an instruction of its own.
    assert first.words() == ["base", "miss!", "miss", "miss", "miss", "miss", "miss"]
    assert b"one" in first.log(StepKey("", 5))
    (bench.root / "unrelated").write_text("x")
    second = bench.run()
    assert second.words() == ["base", *["hit"] * 6]
    assert second.image == first.image
    assert second.state.limits
    (bench.root / "late").write_text("two")
    third = bench.run()
    assert third.words() == ["base", "hit", "hit", "miss!", "miss", "miss", "miss"]
    assert [step.line for step in third.state.steps] == [1, 2, 3, 4, 5, 6, None]


def test_classic_builder_failing_step(make_bench: Callable[..., BuildBench]) -> None:
    error = make_bench("FROM {base}\nRUN echo {id}; exit 9\n", builder="classic").run().error
    assert isinstance(error, BuildError)
    assert error.line == 2
    assert "non-zero code: 9" in (error.detail or "")


@pytest.mark.parametrize("builder", BUILDKIT)
def test_states_come_at_most_ten_times_a_second(make_bench: Callable[..., BuildBench], builder: str) -> None:
    text = "FROM {base}\nRUN echo {id}; i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done\n"
    bench = make_bench(text, builder=builder)
    times: list[float] = []
    built = bench.run(on_event=lambda e: times.append(time.monotonic()) if isinstance(e, BuildChanged) else None)
    assert built.error is None
    gaps = [later - earlier for earlier, later in itertools.pairwise(times[:-1])]
    assert all(gap > 0.09 for gap in gaps)
    assert built.log(StepKey("", 2)).count(b"\n") == 3001
