"""What the project asks the engine to have, as plain values derived from it; the other input of `reconcile`. Pure.

Rules: security.md 4.4 and 6 (user, networks, ports), contract.md "devbox.toml".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, field, replace
from types import MappingProxyType
from typing import Any, Literal

from devbox.core.frozen import dataclass
from devbox.core.labels import SCHEMA_VERSION, Identity
from devbox.core.project import BOX, Hooks, Pairs, Project, Ready, Service

NetworkKind = Literal["private", "egress"]

SLEEP = ("sleep", "infinity")
"""What a box runs when nothing else is said."""
SLEEPERS = (
    SLEEP,
    ("sh", "-c", "while :; do sleep 3600; done"),
    ("tail", "-f", "/dev/null"),
    ("python3", "-c", "import signal; signal.pause()"),
    ("node", "-e", "setInterval(() => {}, 1 << 30)"),
)
"""In this order where the image lacks the one before; any of them is what was asked for."""

_NONE: Mapping[str, str] = MappingProxyType({})

CA_PATH = "/etc/devbox/host-ca.crt"
"""Where a container finds the host's CA bundle."""
CA_VARIABLES = (
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
    "AWS_CA_BUNDLE", "CARGO_HTTP_CAINFO",
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desired state depends on besides the project: the caller and the engine's abilities."""

    uid: int
    gid: int
    user_name: str
    rootless: bool = False
    """The engine runs as the caller: root inside is the caller outside."""
    ca_bundle: str | None = None
    """Absolute path of the host's CA bundle, where the engine can mount it."""
    proxies: Pairs = ()
    """The caller's proxy settings."""
    gpu: bool = False
    """Whether the engine can hand out GPUs."""

    @property
    def host_user(self) -> str:
        """The `uid:gid` under which files in a live mount belong to the caller."""
        return "0:0" if self.rootless else f"{self.uid}:{self.gid}"


@dataclass(frozen=True, slots=True)
class DesiredContainer:
    """One service's container. `image_id` is None while its image is not built or pulled."""

    service: str
    role: str
    mode: str
    image: str
    image_id: str | None
    builds: bool
    command: tuple[str, ...] | None
    entrypoint: tuple[str, ...] | None
    env: Pairs
    user: str | None
    named_user: str | None
    """For `user = "host"` of an ordinary user: the name that gets passwd and group entries and a home."""
    workdir: str | None
    binds: tuple[tuple[str, str, bool], ...]
    volumes: tuple[tuple[str, str, str], ...]
    """(declared name, engine name, target)"""
    own_volumes: tuple[str, ...]
    """Declared names of volumes that no other service mounts."""
    ports: tuple[tuple[str, int, int, str], ...]
    networks: tuple[NetworkKind, ...]
    init: bool = True
    pids_limit: int = 4096
    no_new_privileges: bool = True
    gpus: str | None = None
    ready: Ready | None = None
    hooks: Hooks = field(default_factory=Hooks)

    @property
    def sleeps(self) -> bool:
        """Whether it only has to stay up, whatever does that."""
        return self.entrypoint == SLEEP

    @property
    def hooks_digest(self) -> str:
        """A digest of the create hooks; empty without any."""
        return _digest(self.hooks.create)[:16] if self.hooks.create else ""

    @property
    def digest(self) -> str:
        """What the container was made from, its image aside (that is compared by id): 32 hex digits."""
        settings = asdict(self)
        for name in ("image", "image_id", "builds", "ready", "hooks", "own_volumes"):
            del settings[name]
        # The order of variables, mounts and ports means nothing.
        for name in ("env", "binds", "volumes", "ports", "networks"):
            settings[name] = sorted(settings[name])
        return _digest([SCHEMA_VERSION, settings, self.hooks_digest])[:32]


@dataclass(frozen=True, slots=True)
class DesiredVolume:
    """A named volume; `service` is the first that mounts it."""

    declared: str
    name: str
    service: str
    role: str


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything the project asks for. Containers are in start order."""

    identity: Identity
    mode: str
    containers: tuple[DesiredContainer, ...]
    volumes: tuple[DesiredVolume, ...]
    networks: tuple[NetworkKind, ...] = ("private", "egress")
    levels: tuple[tuple[str, ...], ...] = ()
    """Services in waves: each needs only services of earlier waves."""

    def container(self, service: str) -> DesiredContainer | None:
        """That service's container."""
        return next((container for container in self.containers if container.service == service), None)

    def with_images(self, ids: Mapping[str, str]) -> Desired:
        """The same with image ids by service, as they are known now."""
        known = tuple(replace(each, image_id=ids.get(each.service, each.image_id)) for each in self.containers)
        return replace(self, containers=known)


def desire(project: Project, around: Surroundings, volumes: Mapping[str, str] = _NONE) -> Desired:
    """The desired state of a project, image ids aside.

    `volumes` are the engine's names of volumes that exist, by declared name: they keep their data when the project is
    renamed, since names are decoration (security.md 9.1).
    """
    identity = Identity.of(project.name, project.root, around.uid)
    names = {
        volume.name: volumes.get(volume.name) or identity.volume_name(volume.name)
        for service in project.services for volume in service.volumes
    }
    levels = start_levels(project)
    services = [service for level in levels for name in level if (service := project.service(name))]
    containers = tuple(_container(project, service, identity, around, names) for service in services)
    return Desired(identity, project.mode, containers, _volumes(services, names), levels=levels)


def start_levels(project: Project) -> tuple[tuple[str, ...], ...]:
    """Services in waves by `needs`; the box needs every sidecar unless it says otherwise. A cycle starts together."""
    left = {service.name: set(_needs(project, service)) for service in project.services}
    levels = []
    while left:
        wave = tuple(name for name, needs in left.items() if not needs & left.keys()) or tuple(left)
        levels.append(wave)
        for name in wave:
            del left[name]
    return tuple(levels)


def _needs(project: Project, service: Service) -> tuple[str, ...]:
    if service.needs is not None:
        return service.needs
    return tuple(sidecar.name for sidecar in project.sidecars) if service.name == BOX else ()


def _container(
    project: Project, service: Service, identity: Identity, around: Surroundings, volumes: Mapping[str, str]
) -> DesiredContainer:
    box = service.role == "box"
    asks_host = (service.user or ("host" if box else None)) == "host"
    user = around.host_user if asks_host else service.user
    named = around.user_name if asks_host and user != "0:0" else None
    sleeps = box and service.command is None
    return DesiredContainer(
        service=service.name, role=service.role, mode=project.mode,
        image=service.image or identity.image_ref(service.name, project.mode), image_id=None,
        builds=service.build is not None,
        command=() if sleeps else None if service.command in (None, "image") else tuple(service.command or ()),
        entrypoint=SLEEP if sleeps else None,
        env=_environment(service, around, named), user=user, named_user=named, workdir=service.workdir,
        binds=_binds(service, around),
        volumes=tuple((each.name, volumes[each.name], each.target) for each in service.volumes),
        own_volumes=_own_volumes(project, service),
        ports=tuple((each.address, each.host_port, each.container_port, each.protocol) for each in service.ports)
        if box else (),
        networks=("egress", "private") if box or service.egress else ("private",),
        no_new_privileges=not (box and service.sudo), gpus=_gpus(project, service, around),
        ready=service.ready, hooks=service.hooks,
    )


def _environment(service: Service, around: Surroundings, named_user: str | None) -> Pairs:
    """What devbox adds first, so that the project's own settings win."""
    env: dict[str, str] = {}
    if service.host_ca and around.ca_bundle:
        env.update(dict.fromkeys(CA_VARIABLES, CA_PATH))
    if service.proxy == "host":
        env.update(around.proxies)
    elif service.proxy != "none":
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            env[name] = env[name.lower()] = service.proxy
    if named_user:
        env["USER"] = named_user
    env.update(service.env)
    return tuple(env.items())


def _binds(service: Service, around: Surroundings) -> tuple[tuple[str, str, bool], ...]:
    binds = tuple((mount.source, mount.target, mount.read_only) for mount in service.mounts)
    if service.host_ca and around.ca_bundle:
        binds += ((around.ca_bundle, CA_PATH, True),)
    return binds


def _own_volumes(project: Project, service: Service) -> tuple[str, ...]:
    others = {volume.name for other in project.services if other.name != service.name for volume in other.volumes}
    return tuple(volume.name for volume in service.volumes if volume.name not in others)


def _gpus(project: Project, service: Service, around: Surroundings) -> str | None:
    if service.role != "box" or service.gpu == "none":
        return None
    if service.gpu == "auto":
        return "all" if project.gpu is not None and around.gpu else None
    return service.gpu


def _volumes(services: list[Service], names: Mapping[str, str]) -> tuple[DesiredVolume, ...]:
    found: dict[str, DesiredVolume] = {}
    for service in services:
        for volume in service.volumes:
            wanted = DesiredVolume(volume.name, names[volume.name], service.name, service.role)
            found.setdefault(volume.name, wanted)
    return tuple(found.values())


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
