"""What `up`, `down` and the others do, the same on the fake engine and on a real one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from devbox.core.errors import NotReadyError
from devbox.core.events import PlanMade
from devbox.core.labels import PROJECT_ID, project_id
from devbox.core.project import Hooks, Ready, Service, VolumeMount
from devbox.engine.port import ContainerInfo
from devbox.flows.box import api as box
from tests.engine.fake import FakeEngine, Program
from tests.flows.box.conftest import IMAGE

SLEEP = ("sleep", "600")
FAILING = ("sh", "-c", "echo no such file: app.py; exit 3")


def labels(bench: Any) -> dict[str, str]:
    return {PROJECT_ID: project_id(str(bench.workspace.root), os.getuid())}


def container(bench: Any) -> ContainerInfo:
    [found] = bench.workspace.engine.containers({**labels(bench), "dev.devbox.service": "box"})
    return found  # type: ignore[no-any-return]


def script(bench: Any, argv: tuple[str, ...], program: Program) -> None:
    """Tell the fake what a command does; the real engine knows."""
    if isinstance(bench.workspace.engine, FakeEngine):
        bench.workspace.engine.programs[argv] = program


def db(**changes: Any) -> Service:
    return Service("db", "sidecar", image=IMAGE, command=SLEEP, egress=False, **changes)


def test_up_then_up_then_edit_then_down(any_bench: Callable[..., Any]) -> None:
    bench = any_bench(db(volumes=(VolumeMount("pgdata", "/data"),)), env=(("DEBUG", "1"),))
    engine = bench.workspace.engine
    assert bench.plan(box.up(bench.workspace)) == [
        "create network private: not found", "create network egress: not found", "create volume pgdata: not found",
        "create container db: not found", "create container box: not found",
    ]
    before = container(bench)

    assert bench.plan(box.up(bench.workspace)) == []
    assert (container(bench).id, container(bench).started_at) == (before.id, before.started_at)

    bench.edit(env=(("DEBUG", "0"),))
    assert bench.plan(box.up(bench.workspace)) == ["recreate container box: env DEBUG changed: 1 → 0"]
    assert container(bench).id != before.id
    assert "DEBUG=0" in container(bench).env

    bench.run(box.down(bench.workspace))
    assert (engine.containers(labels(bench)), engine.networks(labels(bench))) == ((), ())
    assert len(engine.volumes(labels(bench))) == 1
    bench.run(box.down(bench.workspace, volumes=True))
    assert engine.volumes(labels(bench)) == ()
    assert bench.plan(box.down(bench.workspace, volumes=True, images=True)) == []


def test_everything_carries_every_label(any_bench: Callable[..., Any]) -> None:
    bench = any_bench(db(volumes=(VolumeMount("pgdata", "/data"),)))
    bench.run(box.up(bench.workspace))
    engine = bench.workspace.engine
    made = (*engine.containers(labels(bench)), *engine.networks(labels(bench)), *engine.volumes(labels(bench)))
    names = {f"dev.devbox.{name}" for name in (
        "project-id", "root", "service", "role", "generation", "config-digest", "mode", "schema"
    )}
    assert len(made) == 5
    for each in made:
        assert {name for name in names if each.labels.get(name)} == names


def test_the_private_network_has_no_host_and_the_sidecar_no_other(any_bench: Callable[..., Any]) -> None:
    bench = any_bench(db())
    bench.run(box.up(bench.workspace))
    networks = {each.labels["dev.devbox.network"]: each for each in bench.workspace.engine.networks(labels(bench))}
    private, egress = networks["private"], networks["egress"]
    assert private.internal
    assert private.options["com.docker.network.bridge.inhibit_ipv4"] == "true"
    assert not egress.internal
    found = {each.labels["dev.devbox.service"]: each for each in bench.workspace.engine.containers(labels(bench))}
    assert found["db"].networks == (private.name,)
    assert set(found["box"].networks) == {private.name, egress.name}
    assert found["db"].ports == ()


def test_a_container_that_exits_at_once_says_its_last_lines(any_bench: Callable[..., Any]) -> None:
    bench = any_bench(command=FAILING)
    script(bench, FAILING, Program(stdout=b"no such file: app.py\n", exit_code=3))
    with pytest.raises(NotReadyError, match="box exited with code 3") as caught:
        bench.run(box.up(bench.workspace))
    assert caught.value.detail == "no such file: app.py"
    [status] = box.observe(bench.workspace).services
    assert (status.state, status.exit_code, status.last_lines) == ("exited", 3, (b"no such file: app.py",))


def test_what_does_not_get_ready_is_replaced_by_what_ran_before(any_bench: Callable[..., Any]) -> None:
    bench = any_bench()
    bench.run(box.up(bench.workspace))
    before = container(bench)
    script(bench, ("sh", "-c", "echo not yet; false"), Program(stdout=b"not yet\n", exit_code=1))
    bench.edit(env=(("A", "1"),), ready=Ready("run", "echo not yet; false", 0.5))
    with pytest.raises(NotReadyError, match=r"box is not ready after .*not yet"):
        bench.run(box.up(bench.workspace))
    assert (container(bench).id, container(bench).state) == (before.id, "running")
    bench.edit(ready=None)
    assert bench.plan(box.up(bench.workspace)) == ["recreate container box: env A added: 1"]


def test_a_failing_hook_names_itself_and_runs_again_next_time(any_bench: Callable[..., Any]) -> None:
    command = "test -e /tmp/ok || { echo missing; touch /tmp/ok; false; }"
    bench = any_bench(hooks=Hooks(create=(command,)))
    script(bench, ("sh", "-c", command), Program(stdout=b"missing\n", exit_code=1))
    with pytest.raises(NotReadyError, match="create hook of box failed with code 1") as caught:
        bench.run(box.up(bench.workspace))
    assert caught.value.detail == "missing"
    script(bench, ("sh", "-c", command), Program())
    assert bench.plan(box.up(bench.workspace)) == ["run hook box: create: it has not run in this container"]
    assert bench.plan(box.up(bench.workspace)) == []


def test_a_service_that_is_no_longer_declared_goes(any_bench: Callable[..., Any]) -> None:
    bench = any_bench(db())
    bench.run(box.up(bench.workspace))
    bench.project = replace(bench.project, sidecars=())
    assert [service.name for service in box.observe(bench.workspace).services] == ["box", "db"]
    assert bench.plan(box.up(bench.workspace)) == ["remove container db: service db is no longer declared"]
    assert len(bench.workspace.engine.containers(labels(bench))) == 1


@pytest.mark.parametrize("state", ["stopped", "removed", "network removed"])
def test_what_somebody_else_did_is_put_right(any_bench: Callable[..., Any], state: str) -> None:
    bench = any_bench()
    engine = bench.workspace.engine
    bench.run(box.up(bench.workspace))
    made = container(bench)
    if state == "stopped":
        engine.stop(made.id, 0)
    else:
        engine.remove_container(made.id)
    if state == "network removed":
        for network in engine.networks(labels(bench)):
            engine.remove_network(network.id)
    bench.run(box.up(bench.workspace))
    assert container(bench).state == "running"
    assert bench.plan(box.up(bench.workspace)) == []


def test_stop_start_restart_keep_the_container(any_bench: Callable[..., Any]) -> None:
    bench = any_bench(db())
    bench.run(box.up(bench.workspace))
    made = container(bench)
    bench.run(box.stop(bench.workspace))
    assert {each.state for each in bench.workspace.engine.containers(labels(bench))} == {"exited"}
    bench.run(box.start(bench.workspace, ("box",)))
    bench.run(box.restart(bench.workspace))
    assert {each.state for each in bench.workspace.engine.containers(labels(bench))} == {"running"}
    assert container(bench).id == made.id


def test_a_plan_needs_no_trust_and_changes_nothing(any_bench: Callable[..., Any]) -> None:
    bench = any_bench()
    workspace = replace(bench.workspace, trust_granted=None)
    kinds = [operation.kind for operation in box.plan_up(workspace)]
    assert kinds == ["create-network", "create-network", "create-container"]
    assert workspace.engine.networks(labels(bench)) == ()


def test_dry_run_says_the_plan_and_stops(any_bench: Callable[..., Any]) -> None:
    bench = any_bench()
    [event] = bench.run(box.up(bench.workspace, box.UpOptions(dry_run=True)))
    assert isinstance(event, PlanMade)
    assert bench.workspace.engine.containers(labels(bench)) == ()


def test_the_status_says_what_is_stale(any_bench: Callable[..., Any]) -> None:
    bench = any_bench(env=(("API_TOKEN", "first"), ("DEBUG", "1")))
    bench.run(box.up(bench.workspace))
    bench.edit(env=(("API_TOKEN", "second"), ("DEBUG", "0")), workdir="/srv")
    [status] = box.observe(bench.workspace).services
    told = [(each.field, each.was, each.now, each.action) for each in status.stale]
    assert told == [
        ("env API_TOKEN", "•••", "•••", "recreate"), ("env DEBUG", "1", "0", "recreate"),
        ("workdir", "not set", "/srv", "recreate"),
    ]


def test_a_renamed_project_keeps_its_data_and_its_containers(any_bench: Callable[..., Any]) -> None:
    bench = any_bench(volumes=(VolumeMount("cache", "/cache"),))
    bench.run(box.up(bench.workspace))
    [volume] = bench.workspace.engine.volumes(labels(bench))
    bench.project = replace(bench.project, name="another")
    assert bench.plan(box.up(bench.workspace)) == []
    bench.edit(env=(("A", "1"),))
    assert bench.plan(box.up(bench.workspace)) == ["recreate container box: env A added: 1"]
    assert [each.volume for each in container(bench).mounts if each.kind == "volume"] == [volume.name]
