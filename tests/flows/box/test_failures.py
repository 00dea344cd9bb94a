"""What a real engine does not do on demand: every way a run can go wrong leaves something the next run puts right."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from devbox.core.errors import (
    BuildError,
    Cancelled,
    ConfigError,
    EngineError,
    ExitCode,
    NotReadyError,
    RequirementError,
    TimedOutError,
    UsageError,
)
from devbox.core.events import Note, OperationChanged
from devbox.core.project import Build, GpuNeeds, HostNeeds, Mount, PortBinding, Ready, Service, VolumeMount
from devbox.engine.port import Endpoint, EngineInfo, PortTaken, Refused
from devbox.flows.box import api as box
from tests.engine.fake import FakeEngine, Program, image_info

READY = Ready("run", "probe", 0.4)
PROBE = ("sh", "-c", "probe")


def engine_of(bench: Any) -> FakeEngine:
    engine = bench.workspace.engine
    assert isinstance(engine, FakeEngine)
    return engine


def running(bench: Any) -> list[str]:
    return [info.id for info in engine_of(bench).containers({}) if info.state == "running"]


def test_a_replacement_creates_stops_starts_and_removes_in_this_order(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench()
    bench.run(box.up(bench.workspace))
    bench.edit(env=(("A", "1"),))
    engine = engine_of(bench)
    engine.calls.clear()
    bench.run(box.up(bench.workspace))
    # The name of a container ends in its generation.
    calls = [(call.split()[0], call.rsplit("-", 1)[1]) for call in engine.calls if "container" in call]
    assert calls == [
        ("create-container", "2"), ("stop-container", "1"), ("start-container", "2"), ("remove-container", "1"),
    ]


@pytest.mark.parametrize("call", ["create-container", "stop-container", "start-container"])
def test_a_failure_while_replacing_brings_the_old_one_back(fake_bench: Callable[..., Any], call: str) -> None:
    bench = fake_bench(command=("serve",))
    bench.run(box.up(bench.workspace))
    before = running(bench)
    bench.edit(env=(("A", "1"),))
    engine_of(bench).fail(call, EngineError("the engine stumbled"))
    with pytest.raises(EngineError, match="the engine stumbled"):
        bench.run(box.up(bench.workspace))
    assert running(bench) == before
    assert bench.plan(box.up(bench.workspace))[-1] == "recreate container box: env A added: 1"
    assert bench.plan(box.up(bench.workspace)) == []


@pytest.mark.parametrize("call", [
    "create-network", "create-volume", "create-container", "start-container",
])
def test_a_failure_in_the_first_run_is_put_right_by_the_next(fake_bench: Callable[..., Any], call: str) -> None:
    bench = fake_bench(volumes=(VolumeMount("venv", "/venv"),))
    engine_of(bench).fail(call, EngineError("the engine stumbled"))
    with pytest.raises(EngineError, match="the engine stumbled"):
        bench.run(box.up(bench.workspace))
    bench.run(box.up(bench.workspace))
    assert len(running(bench)) == 1
    assert bench.plan(box.up(bench.workspace)) == []


def test_a_cancel_while_waiting_brings_the_old_one_back(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench()
    bench.run(box.up(bench.workspace))
    before = running(bench)
    engine_of(bench).programs[PROBE] = Program(exit_code=1)
    bench.edit(env=(("A", "1"),), ready=replace(READY, timeout=30.0))
    notes = []

    def run() -> None:
        for event in box.up(bench.workspace):
            if isinstance(event, OperationChanged) and event.operation.kind == "wait-ready":
                bench.workspace.cancel.cancel()
            if isinstance(event, Note):
                notes.append(event.text)

    with pytest.raises(Cancelled):
        run()
    assert running(bench) == before
    assert notes == ["box: the container that ran before runs again"]


def test_closing_the_flow_early_brings_the_old_one_back(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench()
    bench.run(box.up(bench.workspace))
    before = running(bench)
    engine_of(bench).programs[PROBE] = Program(exit_code=1)
    bench.edit(env=(("A", "1"),), ready=replace(READY, timeout=30.0))
    with closing(box.up(bench.workspace)) as events:  # type: ignore[type-var]
        for event in events:
            if isinstance(event, OperationChanged) and event.operation.kind == "wait-ready":
                break
    assert running(bench) == before


def test_an_image_that_is_not_here_is_pulled(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench(Service("db", "sidecar", image="postgres:15", egress=False))
    engine_of(bench).registry["postgres:15"] = image_info("postgres:15")
    events = bench.run(box.up(bench.workspace))
    told = [event for event in events if isinstance(event, OperationChanged)]
    assert [event.state for event in told if event.operation.kind == "pull-image"] == ["started", "done"]


def test_an_image_that_can_not_be_had_is_exit_5(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench(Service("db", "sidecar", image="postgres:15", egress=False))
    with pytest.raises(BuildError, match="image postgres:15 of db can't be had") as caught:
        bench.run(box.up(bench.workspace))
    assert caught.value.exit_code == ExitCode.BUILD
    assert running(bench) == []


def test_no_build_needs_the_image(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench(image=None, build=Build("/src", "/src/Dockerfile"))
    with pytest.raises(BuildError, match="the image of box is not built"):
        bench.run(box.up(bench.workspace, box.UpOptions(build="never")))


def test_a_box_without_sleep_stays_up_some_other_way(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench()
    engine_of(bench).fail("start-container", Refused("exec: sleep: executable file not found"), times=2)
    bench.run(box.up(bench.workspace))
    [info] = engine_of(bench).containers({})
    assert (*info.entrypoint, *info.command) == ("tail", "-f", "/dev/null")
    assert bench.plan(box.up(bench.workspace)) == []


def test_a_box_that_nothing_keeps_up_says_so(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench()
    engine_of(bench).fail("start-container", Refused("no such file"), times=9)
    with pytest.raises(NotReadyError, match="box does not start: no such file") as caught:
        bench.run(box.up(bench.workspace))
    assert "[box] command" in (caught.value.hint or "")
    assert engine_of(bench).containers({}) == ()


def test_a_port_taken_after_the_check_is_exit_6_and_leaves_nothing_half_made(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench(ports=(PortBinding(80, 1),))
    engine_of(bench).fail("start-container", PortTaken("127.0.0.1", 1))
    with pytest.raises(NotReadyError, match=r"port 1 on 127\.0\.0\.1 is already in use") as caught:
        bench.run(box.up(bench.workspace))
    assert caught.value.exit_code == ExitCode.NOT_READY
    assert engine_of(bench).containers({}) == ()


def test_a_live_mount_on_another_machine_is_refused_before_anything_is_made(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench(mounts=(Mount("/src", "/app"),))
    engine_of(bench).endpoint = Endpoint("ssh://build-host", "DOCKER_HOST")
    with pytest.raises(EngineError, match=r"live mounts.*another machine"):
        bench.run(box.up(bench.workspace))
    assert engine_of(bench).calls == []


@pytest.mark.parametrize(("needs", "words"), [
    (HostNeeds(min_memory=64 << 30), "min_memory is 64.0 GiB, the engine has 8.0 GiB"),
    (HostNeeds(arch=("aarch64",)), "arch is aarch64, the engine runs on x86_64"),
    (HostNeeds(env=("DATABASE_URL",)), "DATABASE_URL is not set"),
    (HostNeeds(min_disk=1 << 60), "min_disk is"),
])
def test_unmet_host_needs_stop_before_anything_starts(
    fake_bench: Callable[..., Any], needs: HostNeeds, words: str
) -> None:
    bench = fake_bench()
    engine_of(bench).engine_info = EngineInfo("20.10.24", "1.41", "linux", "amd64", memory=8 << 30)
    bench.project = replace(bench.project, host=needs)
    with pytest.raises(RequirementError, match=words) as caught:
        bench.run(box.up(bench.workspace))
    assert caught.value.exit_code == ExitCode.FINDINGS
    assert engine_of(bench).calls == []


def test_a_gpu_is_asked_for_only_where_one_is_wanted_and_can_be_had(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench()
    engine = engine_of(bench)
    asked = []
    for gpu, runtimes in ((None, ("nvidia",)), (GpuNeeds(), ("runc",)), (GpuNeeds(), ("nvidia",))):
        engine.engine_info = EngineInfo("20.10.24", "1.41", "linux", "amd64", runtimes=runtimes)
        bench.project = replace(bench.project, gpu=gpu)
        bench.run(box.up(bench.workspace))
        [made] = engine.boxes.values()
        asked.append(made.spec.gpus)
    assert asked == [None, None, "all"]


def test_the_timeout_ends_a_run_that_is_not_waiting_for_readiness(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench()
    with pytest.raises(TimedOutError) as caught:
        bench.run(box.up(bench.workspace, box.UpOptions(timeout=0.0)))
    assert caught.value.exit_code == ExitCode.TIMED_OUT
    bench.run(box.up(bench.workspace))
    assert bench.plan(box.up(bench.workspace)) == []


def test_the_box_is_locked_down_by_default(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench(Service("db", "sidecar", image="devbox-base:bookworm", egress=False))
    bench.run(box.up(bench.workspace))
    specs = {made.spec.hostname: made.spec for made in engine_of(bench).boxes.values()}
    assert all(spec.no_new_privileges and spec.init and spec.pids_limit for spec in specs.values())
    assert specs["box"].user == f"{os.getuid()}:{os.getgid()}"
    assert specs["db"].user is None
    assert specs["db"].drop_capabilities == ("NET_RAW",), "raw packets reach the host's link-local address"
    assert specs["box"].drop_capabilities == ()
    bench.edit(sudo=True)
    bench.run(box.up(bench.workspace))
    specs = {made.spec.hostname: made.spec for made in engine_of(bench).boxes.values()}
    assert not specs["box"].no_new_privileges


def test_down_works_where_the_project_file_is_broken(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench()
    bench.run(box.up(bench.workspace))

    def broken() -> Any:
        raise ConfigError("not valid TOML")

    bench.run(box.down(replace(bench.workspace, load_project=broken)))
    assert engine_of(bench).containers({}) == ()


def test_down_touches_nothing_of_another_project(fake_bench: Callable[..., Any]) -> None:
    one, two = fake_bench(name="one"), fake_bench(name="two")
    one.run(box.up(one.workspace))
    two.run(box.up(two.workspace))
    one.run(box.down(one.workspace, volumes=True, images=True))
    assert len(running(two)) == 1
    assert two.plan(box.up(two.workspace)) == []


def test_an_image_that_names_a_home_does_not_get_the_callers_files(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench(image="python:3.12")
    engine_of(bench).add_image("python:3.12", env=("HOME=/root", "PATH=/bin"))
    bench.workspace = replace(bench.workspace, uid=4321, gid=4321, user_name="mara")
    bench.run(box.up(bench.workspace))
    [made] = engine_of(bench).boxes.values()
    assert dict(made.spec.env) == {"HOME": "/home/mara", "USER": "mara"}
    bench.edit(env=(("A", "1"),))
    assert bench.plan(box.up(bench.workspace)) == ["recreate container box: env A added: 1"]


def test_a_host_without_a_ca_bundle_is_said(fake_bench: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devbox.host.ca.BUNDLES", ())
    bench = fake_bench(host_ca=True)
    notes = [event.text for event in bench.run(box.up(bench.workspace)) if isinstance(event, Note)]
    assert any("no CA bundle" in note for note in notes)
    assert len(running(bench)) == 1


def test_a_stage_that_no_dockerfile_has_is_refused_before_anything_is_built(fake_bench: Callable[..., Any]) -> None:
    bench = fake_bench()
    root = bench.workspace.root
    (root / "Dockerfile").write_text("FROM x AS base\nFROM base AS Dev\nRUN true\n")
    bench.edit(image=None, build=Build(str(root), str(root / "Dockerfile")))
    for dry_run in (True, False):
        options = box.RebuildOptions(no_cache_filter=("DEV", "nosuch"), dry_run=dry_run)
        with pytest.raises(UsageError, match="there is no stage nosuch") as caught:
            bench.run(box.rebuild(bench.workspace, options))
        assert caught.value.hint == "stages here: base, dev"
    assert engine_of(bench).calls == []
    bench.run(box.rebuild(bench.workspace, box.RebuildOptions(no_cache_filter=("DEV",), dry_run=True)))
