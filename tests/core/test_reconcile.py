"""Plans as text: what differs between desired and observed, in order, each with its cause."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devbox.core.desired import SLEEPERS, Desired, Surroundings, desire
from devbox.core.observed import Observed, ObservedContainer, ObservedImage, ObservedNetwork, ObservedVolume
from devbox.core.project import BOX, Hooks, Mount, PortBinding, Project, Ready, Service, VolumeMount
from devbox.core.reconcile import reconcile
from devbox.core.staleness import staleness

CALLER = Surroundings(uid=1000, gid=1000, user_name="mara")
DATA = VolumeMount("pgdata", "/data")
DB = Service("db", "sidecar", image="postgres:15", volumes=(DATA,), ready=Ready("tcp", "5432"))


def project(*sidecars: Service, **box: Any) -> Project:
    return Project("shop", "/home/mara/shop", "devbox.toml", Service(BOX, "box", image="python:3.12", **box), sidecars)


def wanted(made: Project, around: Surroundings = CALLER) -> Desired:
    desired = desire(made, around)
    return desired.with_images({container.service: f"sha256:{container.service}" for container in desired.containers})


def container_of(desired: Desired, service: str, **changes: Any) -> ObservedContainer:
    """The container that `up` makes for it."""
    made = desired.container(service)
    assert made is not None
    networks = {"private": ("shop-private-1", "p1"), "egress": ("shop-egress-1", "e1")}
    found = ObservedContainer(
        id=f"{service}-1", name=f"shop-{service}-1", service=service, role=made.role, generation=1, digest=made.digest,
        mode="default", hooks=made.hooks_digest, image_id=made.image_id or "", image_ref=made.image, state="running",
        env=(*made.env, ("PATH", "/bin")), command=made.command or (), entrypoint=made.entrypoint or (),
        user=made.user or "", workdir=made.workdir or "", binds=made.binds,
        volumes=tuple((name, target) for _, name, target in made.volumes), ports=made.ports,
        networks=tuple(networks[kind] for kind in made.networks), no_new_privileges=made.no_new_privileges,
    )
    return replace(found, **changes)


NETWORKS = (
    ObservedNetwork("p1", "shop-private-1", "private", 1, internal=True, hostless=True),
    ObservedNetwork("e1", "shop-egress-1", "egress", 1, internal=False, hostless=False),
)


def observed(desired: Desired, *containers: ObservedContainer) -> Observed:
    """What the engine has after `up`, with these containers instead of the usual ones."""
    usual = tuple(container_of(desired, each.service) for each in desired.containers)
    mounted = {name for container in containers for name, _ in container.volumes}
    volumes = tuple(ObservedVolume(volume.name, volume.declared) for volume in desired.volumes)
    volumes += tuple(ObservedVolume(name, "") for name in mounted - {volume.name for volume in desired.volumes})
    images = tuple(ObservedImage(f"sha256:{each.service}", (("PATH", "/bin"),)) for each in desired.containers)
    return Observed(containers or usual, NETWORKS, volumes, images)


def plan(desired: Desired, found: Observed) -> list[str]:
    return [str(operation) for operation in reconcile(desired, found).operations]


def test_nothing_there_makes_everything_in_order() -> None:
    desired = wanted(project(DB, hooks=Hooks(create=("make",), start=("serve",)), ready=Ready("http", "http://x/")))
    assert plan(desired, Observed()) == [
        "create network private: not found",
        "create network egress: not found",
        "create volume pgdata: not found",
        "create container db: not found",
        "wait ready db: tcp 5432",
        "create container box: not found",
        "run hook box: create: once in each container",
        "run hook box: start: at each start",
        "wait ready box: http://x/",
    ]


def test_nothing_changed_is_an_empty_plan() -> None:
    desired = wanted(project(DB, env=(("DEBUG", "1"),), hooks=Hooks(start=("serve",))))
    assert plan(desired, observed(desired)) == []


def test_missing_images_are_named_first() -> None:
    desired = desire(project(DB), CALLER)
    assert plan(desired, Observed())[:2] == [
        "pull image postgres:15: not on this engine", "pull image python:3.12: not on this engine",
    ]


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ({"env": (("DEBUG", "1"),)}, {"env": (("DEBUG", "0"),)}, "env DEBUG changed: 1 → 0"),
        ({"env": (("DEBUG", "1"),)}, {}, "env DEBUG removed"),
        ({}, {"env": (("DEBUG", "1"),)}, "env DEBUG added: 1"),
        ({"env": (("DB_PASSWORD", "one"),)}, {"env": (("DB_PASSWORD", "two"),)}, "env DB_PASSWORD changed: ••• → •••"),
        ({"command": ("serve", "a")}, {"command": ("serve", "b")}, "command changed: serve a → serve b"),
        ({}, {"command": ("serve",)}, "command changed: sleep infinity → serve"),
        ({"user": "app"}, {"user": "root"}, "user changed: app → root"),
        ({}, {"user": "root"}, "env USER removed, user changed: 1000:1000 → root"),
        ({"workdir": "/a"}, {"workdir": "/b"}, "workdir changed: /a → /b"),
        ({}, {"mounts": (Mount("/src", "/app"),)}, "mount /app added: /src"),
        (
            {"mounts": (Mount("/src", "/app"),)}, {"mounts": (Mount("/src", "/app", read_only=True),)},
            "mount /app changed: /src → /src (read-only)",
        ),
        ({"volumes": (VolumeMount("venv", "/venv"),)}, {"volumes": ()}, "volume /venv removed"),
        (
            {"ports": (PortBinding(80, 8000),)}, {"ports": (PortBinding(80, 8001),)},
            "port 80/tcp changed: 127.0.0.1:8000 → 127.0.0.1:8001",
        ),
        ({}, {"sudo": True}, "sudo changed: no → yes"),
        ({}, {"gpu": "all"}, "settings changed: as created → as declared"),
    ],
)
def test_a_changed_setting_recreates_with_its_cause(before: dict[str, Any], after: dict[str, Any], cause: str) -> None:
    old, new = wanted(project(**before)), wanted(project(**after))
    assert plan(new, observed(new, container_of(old, BOX)))[-1] == f"recreate container box: {cause}"


def test_a_changed_image_recreates() -> None:
    desired = wanted(project())
    found = observed(desired, container_of(desired, BOX, image_id="sha256:0123456789abcdef"))
    assert plan(desired, found) == ["recreate container box: image changed: 0123456789ab → box"]


def test_many_differences_are_counted() -> None:
    old, new = wanted(project()), wanted(project(env=tuple((f"V{n}", "1") for n in range(5))))
    [recreate] = plan(new, observed(new, container_of(old, BOX)))
    assert recreate == "recreate container box: env V0 added: 1, env V1 added: 1, 3 more"


def test_order_of_settings_means_nothing() -> None:
    one, other = (("A", "1"), ("B", "2")), (("B", "2"), ("A", "1"))
    old, new = wanted(project(env=one)), wanted(project(env=other))
    assert plan(new, observed(new, container_of(old, BOX))) == []


def test_readiness_and_start_hooks_recreate_nothing() -> None:
    old, new = wanted(project()), wanted(project(ready=Ready("tcp", "80"), hooks=Hooks(start=("serve",))))
    assert plan(new, observed(new, container_of(old, BOX))) == []


def test_an_engine_own_additions_recreate_nothing() -> None:
    desired = wanted(project())
    found = container_of(desired, BOX, env=(("container", "podman"), ("PATH", "/bin")), workdir="/elsewhere")
    assert plan(desired, observed(desired, found)) == []


def test_another_way_to_sleep_is_what_was_asked_for() -> None:
    old, new = wanted(project()), wanted(project(env=(("A", "1"),)))
    found = container_of(old, BOX, entrypoint=SLEEPERS[1][:1], command=SLEEPERS[1][1:])
    assert plan(new, observed(new, found)) == ["recreate container box: env A added: 1"]


def test_a_changed_create_hook_recreates() -> None:
    old, new = wanted(project(hooks=Hooks(create=("a",)))), wanted(project(hooks=Hooks(create=("b",))))
    [recreate, hook] = plan(new, observed(new, container_of(old, BOX)))
    assert recreate.startswith("recreate container box: create hooks changed: ")
    assert hook == "run hook box: create: once in each container"


def test_a_create_hook_that_did_not_finish_runs_again() -> None:
    desired = wanted(project(hooks=Hooks(create=("make",))))
    found = observed(desired, container_of(desired, BOX, prepared=False))
    assert plan(desired, found) == ["run hook box: create: it has not run in this container"]


def test_a_container_that_was_stopped_is_not_said_to_have_failed() -> None:
    desired = wanted(project())
    found = observed(desired, container_of(desired, BOX, state="exited", exit_code=143))
    assert plan(desired, found) == ["start container box: it is stopped"]


def test_a_stopped_container_starts_again() -> None:
    desired = wanted(project(hooks=Hooks(start=("serve",)), ready=Ready("tcp", "80")))
    found = observed(desired, container_of(desired, BOX, state="exited", exit_code=137))
    assert plan(desired, found) == [
        "start container box: it has exited with code 137",
        "run hook box: start: at each start",
        "wait ready box: tcp 80",
    ]


def test_a_paused_container_restarts() -> None:
    desired = wanted(project())
    found = observed(desired, container_of(desired, BOX, state="paused"))
    assert plan(desired, found) == ["restart container box: it is paused"]


def test_an_orphan_goes() -> None:
    desired = wanted(project())
    orphan = replace(container_of(desired, BOX), id="old", service="cache", role="sidecar")
    found = observed(desired, container_of(desired, BOX), orphan)
    assert plan(desired, found) == ["remove container cache: service cache is no longer declared"]


def test_a_container_that_never_started_goes_and_the_old_one_stays() -> None:
    desired = wanted(project())
    half = container_of(desired, BOX, id="half", generation=2, state="created", started=False)
    found = observed(desired, container_of(desired, BOX), half)
    made = reconcile(desired, found)
    assert [str(each) for each in made.operations] == ["remove container box: left unfinished by an interrupted run"]
    assert made.leftovers[0].id == "half"


def test_the_newer_of_two_generations_wins() -> None:
    desired = wanted(project())
    newer = container_of(desired, BOX, id="newer", generation=2)
    older = container_of(desired, BOX, id="older", state="exited", exit_code=0)
    step = reconcile(desired, observed(desired, newer, older)).service(BOX)
    assert step is not None
    assert (step.action, step.current, step.old) == ("adopt", "newer", ("older",))


def test_a_new_generation_counts_on_from_every_container_there_is() -> None:
    old, new = wanted(project()), wanted(project(env=(("A", "1"),)))
    half = container_of(old, BOX, id="half", generation=4, state="created", started=False)
    step = reconcile(new, observed(new, container_of(old, BOX), half)).service(BOX)
    assert step is not None
    assert (step.generation, step.old) == (5, ("box-1",))


def test_a_network_that_the_host_can_reach_is_replaced_and_everybody_moves() -> None:
    desired = wanted(project(DB))
    open_network = replace(NETWORKS[0], hostless=False)
    found = replace(observed(desired), networks=(open_network, NETWORKS[1]))
    assert plan(desired, found) == [
        "create network private: shop-private-1 is reachable from the host",
        "recreate container db: network private changed: gone → to be created",
        "wait ready db: tcp 5432",
        "recreate container box: network private changed: gone → to be created",
        "remove network private: replaced by a new one",
    ]


def test_a_container_on_a_network_of_the_same_name_that_is_gone_is_recreated() -> None:
    desired = wanted(project())
    found = container_of(desired, BOX, networks=(("shop-private-1", "gone"), ("shop-egress-1", "e1")))
    [recreate] = plan(desired, observed(desired, found))
    assert recreate == "recreate container box: network private changed: not joined → shop-private-1"


def test_volumes_no_longer_declared_keep_their_data() -> None:
    desired = wanted(project())
    found = replace(observed(desired), volumes=(ObservedVolume("shop-old", "old"),))
    assert plan(desired, found) == []


def test_sidecars_publish_nothing_and_stay_inside_unless_told_otherwise() -> None:
    chatty = replace(DB, name="api", egress=True, ports=(PortBinding(80, 80),))
    quiet = replace(DB, egress=False, ports=(PortBinding(80, 80),))
    desired = wanted(project(chatty, quiet))
    api, db = desired.container("api"), desired.container("db")
    assert api is not None
    assert db is not None
    assert (api.ports, db.ports) == ((), ())
    assert (api.networks, db.networks) == (("egress", "private"), ("private",))


def test_start_order_follows_needs() -> None:
    worker = Service("worker", "sidecar", image="w", needs=("db",))
    assert wanted(project(worker, DB)).levels == (("db",), ("worker",), (BOX,))
    assert wanted(project(worker, DB, needs=("db",))).levels == (("db",), ("worker", BOX))


def test_host_user_is_root_where_the_engine_runs_as_the_caller() -> None:
    rootless = wanted(project(), replace(CALLER, rootless=True)).container(BOX)
    ordinary = wanted(project()).container(BOX)
    assert rootless is not None
    assert ordinary is not None
    assert (rootless.user, rootless.named_user) == ("0:0", None)
    assert (ordinary.user, ordinary.named_user) == ("1000:1000", "mara")


def test_the_host_ca_never_overrides_the_project() -> None:
    around = replace(CALLER, ca_bundle="/etc/ssl/ca.crt")
    made = wanted(project(host_ca=True, env=(("PIP_CERT", "/mine"),)), around).container(BOX)
    assert made is not None
    env = dict(made.env)
    assert (env["PIP_CERT"], env["SSL_CERT_FILE"]) == ("/mine", "/etc/devbox/host-ca.crt")
    assert ("/etc/ssl/ca.crt", "/etc/devbox/host-ca.crt", True) in made.binds


def test_stale_says_was_now_and_the_smallest_action() -> None:
    old, new = wanted(project(env=(("A", "1"),))), wanted(project(env=(("A", "2"),)))
    box = new.container(BOX)
    assert box is not None
    found = observed(new, container_of(old, BOX))
    [stale] = staleness(box, new, found.containers[0], found)
    assert (stale.field, stale.was, stale.now, stale.action) == ("env A", "1", "2", "recreate")


def test_an_image_that_is_not_built_asks_for_a_rebuild() -> None:
    desired = wanted(project())
    box = desired.container(BOX)
    assert box is not None
    unbuilt = replace(box, image_id=None, builds=True)
    found = observed(desired)
    [stale] = staleness(unbuilt, desired, found.containers[0], found)
    assert (stale.field, stale.action) == ("image", "rebuild")
