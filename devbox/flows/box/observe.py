"""Observe: what the project asks for beside what the engine has. Changes nothing and needs no trust."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from devbox.core import labels as label
from devbox.core.desired import Desired, DesiredContainer, Surroundings, desire
from devbox.core.frozen import dataclass
from devbox.core.labels import Identity
from devbox.core.observed import Observed, ObservedContainer, ObservedImage, ObservedNetwork, ObservedVolume
from devbox.core.plan import Operation
from devbox.core.project import Pairs, Project
from devbox.core.reconcile import reconcile
from devbox.core.status import BoxStatus
from devbox.engine.port import (
    ContainerInfo,
    Engine,
    EngineInfo,
    EngineReader,
    ImageInfo,
    NetworkInfo,
    VolumeInfo,
)
from devbox.flows.box.staging import account_name
from devbox.flows.box.summary import summarize
from devbox.flows.workspace import Workspace
from devbox.host.ca import find_bundle

HOSTLESS = "com.docker.network.bridge.inhibit_ipv4"
"""The bridge option that keeps the host off a network (security.md 6.1)."""
MARKER = "/etc/devbox/created"
"""Inside a container: its create hooks have run."""
ROLES = ("box", "sidecar")
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class View:
    """One look at a project on its engine."""

    project: Project
    info: EngineInfo
    desired: Desired
    observed: Observed
    containers: tuple[ContainerInfo, ...]
    """The same containers as the engine describes them."""
    looked: float
    """When, on the monotonic clock."""

    def info_of(self, id: str) -> ContainerInfo | None:
        """The engine's description of one container."""
        return next((container for container in self.containers if container.id == id), None)


def observe(workspace: Workspace) -> BoxStatus:
    """The whole project as it is now, each service with what is stale. Raises ConfigError and EngineError."""
    return summarize(look(workspace), workspace)


def plan_up(workspace: Workspace) -> tuple[Operation, ...]:
    """What `up` would do with the images that exist now, each operation with its cause."""
    view = look(workspace)
    return reconcile(view.desired, view.observed).operations


def look(workspace: Workspace) -> View:
    """Ask the engine everything that a plan or a status needs."""
    project, engine = workspace.project, workspace.engine
    info = engine.info()
    selector = Identity.of(project.name, project.root, workspace.uid).selector
    volumes = engine.volumes(selector)
    named = {declared: each.name for each in volumes if (declared := each.labels.get(label.VOLUME))}
    desired = desire(project, surroundings(workspace, info), named)
    ids = {container.service: id for container in desired.containers if (id := image_id(engine, container, desired))}
    return _look(workspace, project, info, desired.with_images(ids), volumes)


def look_again(workspace: Workspace, view: View, desired: Desired | None = None) -> View:
    """The engine's side anew, the project's as it was (or as given)."""
    desired = desired or view.desired
    volumes = workspace.engine.volumes(desired.identity.selector)
    return _look(workspace, view.project, view.info, desired, volumes)


def _look(
    workspace: Workspace, project: Project, info: EngineInfo, desired: Desired, volumes: tuple[VolumeInfo, ...]
) -> View:
    found = project_containers(workspace.engine, desired.identity)
    observed = _observe(workspace.engine, desired, found, volumes)
    return View(project, info, desired, observed, found, workspace.clock.monotonic())


def project_containers(engine: EngineReader, identity: Identity) -> tuple[ContainerInfo, ...]:
    """Box and sidecars of this project, left-over generations included; other helpers have their own keepers."""
    found = engine.containers(identity.selector)
    return tuple(each for each in found if each.labels.get(label.ROLE) in ROLES and each.labels.get(label.SERVICE))


def surroundings(workspace: Workspace, info: EngineInfo) -> Surroundings:
    """What the desired state takes from this machine and engine."""
    local = workspace.engine.endpoint.local
    return Surroundings(
        uid=workspace.uid, gid=workspace.gid, user_name=account_name(workspace.user_name),
        rootless=info.rootless,
        ca_bundle=find_bundle(workspace.env) if local else None, proxies=_proxies(workspace.env),
        gpu="nvidia" in info.runtimes,
    )


def image_id(engine: EngineReader, wanted: DesiredContainer, desired: Desired) -> str | None:
    """The id of the image that a container would be made from now; None when it is not there.

    A tag that looks like ours on somebody else's image counts as absent.
    """
    found = engine.image(wanted.image)
    if found is None or (wanted.builds and found.labels.get(label.PROJECT_ID) != desired.identity.project_id):
        return None
    return found.id


def _proxies(env: Mapping[str, str]) -> Pairs:
    found: dict[str, str] = {}
    for lower in _PROXIES:
        value = env.get(lower) or env.get(lower.upper())
        if value:
            found[lower] = found[lower.upper()] = value
    return tuple(found.items())


def _observe(
    engine: Engine, desired: Desired, found: tuple[ContainerInfo, ...], listed: tuple[VolumeInfo, ...]
) -> Observed:
    containers = tuple(_container(engine, each, desired) for each in found)
    stale_ids = {
        each.image_id for each in containers
        if (wanted := desired.container(each.service)) and wanted.digest != each.digest
    }
    images = tuple(_image(image) for id in sorted(stale_ids) if (image := engine.image(id)))
    volumes = tuple(ObservedVolume(each.name, each.labels.get(label.VOLUME, "")) for each in listed)
    networks = tuple(map(_network, engine.networks(desired.identity.selector)))
    return Observed(containers, networks, volumes, images)


def _container(engine: Engine, found: ContainerInfo, desired: Desired) -> ObservedContainer:
    labels = found.labels
    wanted = desired.container(labels[label.SERVICE])
    has_hooks = wanted is not None and bool(wanted.hooks.create)
    host_config = found.raw.get("HostConfig") or {}
    security = " ".join(host_config.get("SecurityOpt") or ())
    return ObservedContainer(
        id=found.id, name=found.name, service=labels[label.SERVICE], role=labels[label.ROLE],
        generation=_number(labels.get(label.GENERATION)), digest=labels.get(label.CONFIG_DIGEST, ""),
        mode=labels.get(label.MODE, ""), hooks=labels.get(label.HOOKS, ""), image_id=found.image,
        image_ref=found.image_ref, state=found.state, exit_code=found.exit_code,
        started=found.state != "created" and found.started_at is not None,
        prepared=not has_hooks or engine.read_file(found.id, MARKER) is not None,
        env=_pairs(found.env), command=found.command, entrypoint=found.entrypoint, user=found.user,
        workdir=found.workdir,
        binds=tuple((each.source, each.target, each.read_only) for each in found.mounts if each.kind == "bind"),
        volumes=tuple((each.volume, each.target) for each in found.mounts if each.kind == "volume" and each.volume),
        ports=_asked_ports(host_config), networks=_networks(found),
        no_new_privileges="no-new-privileges" in security if host_config else None,
    )


def _asked_ports(host_config: Mapping[str, object]) -> tuple[tuple[str, int, int, str], ...]:
    """The ports a container was created with: a stopped one publishes nothing, yet asks for the same."""
    bindings = host_config.get("PortBindings")
    found = []
    with suppress(AttributeError, TypeError, ValueError):  # an engine may answer anything
        for inside, places in (bindings or {}).items():  # type: ignore[attr-defined]
            port, _, protocol = inside.partition("/")
            for place in places or ():
                found.append((place.get("HostIp", ""), int(place.get("HostPort") or 0), int(port), protocol))
    return tuple(found)


def _networks(found: ContainerInfo) -> tuple[tuple[str, str], ...]:
    settings = (found.raw.get("NetworkSettings") or {}).get("Networks") or {}
    return tuple((name, str((settings.get(name) or {}).get("NetworkID") or "")) for name in found.networks)


def _network(found: NetworkInfo) -> ObservedNetwork:
    labels = found.labels
    return ObservedNetwork(
        id=found.id, name=found.name, kind=labels.get(label.NETWORK, ""),
        generation=_number(labels.get(label.GENERATION)), internal=found.internal,
        hostless=found.options.get(HOSTLESS) == "true",
    )


def _image(found: ImageInfo) -> ObservedImage:
    return ObservedImage(found.id, _pairs(found.env), found.command, found.entrypoint, found.user, found.workdir)


def _pairs(env: tuple[str, ...]) -> Pairs:
    return tuple((name, value) for name, _, value in (each.partition("=") for each in env))


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0
