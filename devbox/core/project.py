"""The project: what devbox.toml (or what was inferred without one) asks for, as frozen values.

Pure data, already validated and merged (profile, devbox.toml, devbox.local.toml, mode). Reading lives in
`devbox.project`; nothing here touches files. Field meaning: contract.md, "devbox.toml".
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from devbox.core.facts import Origin
from devbox.core.frozen import dataclass
from devbox.core.team import Cache, PolicyRule, Share

Pairs = tuple[tuple[str, str], ...]
"""A small ordered mapping of strings."""

BOX = "box"
"""The service name of the dev container."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A live (bind) mount of a host path."""

    source: str
    """Absolute canonical host path."""
    target: str
    read_only: bool = False
    declared: str = ""
    """As written, e.g. `.:/app`."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class VolumeMount:
    """A named volume; `name` is the declared one, the engine's name carries the project."""

    name: str
    target: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class PortBinding:
    """A published port of the box; `address` is 127.0.0.1 unless written out."""

    container_port: int
    host_port: int
    address: str = "127.0.0.1"
    protocol: Literal["tcp", "udp"] = "tcp"
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """When a service counts as ready; probed from inside it."""

    kind: Literal["http", "tcp", "run", "log"]
    value: str
    """A URL, a port number, a shell command, or a regular expression."""
    timeout: float = 60.0
    """Seconds."""
    origin: Origin | None = None

    @property
    def words(self) -> str:
        """For people: `http://…` says its kind itself, the others do not."""
        return self.value if self.kind == "http" else f"{self.kind} {self.value}"


@dataclass(frozen=True, slots=True)
class Secret:
    """A build secret: exactly one of `env` (a variable of the caller) and `file` (absolute path)."""

    id: str
    env: str | None = None
    file: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Build:
    """How a service's image is built."""

    context: str
    """Absolute canonical path."""
    dockerfile: str
    """Absolute canonical path."""
    target: str | None = None
    args: Pairs = ()
    secrets: tuple[Secret, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class WatchRule:
    """What to do when matching files change (`[[box.watch]]`)."""

    path: str
    action: Literal["sync", "restart", "rebuild", "run"]
    target: str | None = None
    run: str | None = None
    ignore: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Hooks:
    """Commands inside the box: once per container (`create`), at each start (`start`)."""

    create: tuple[str, ...] = ()
    start: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """The box or a sidecar. Exactly one of `image` and `build` is set, except in a project that was loaded only to be
    looked at (`load_project(launching=False)`) and says nothing of its box: then neither is."""

    name: str
    role: Literal["box", "sidecar"]
    image: str | None = None
    build: Build | None = None
    command: tuple[str, ...] | Literal["image"] | None = None
    """None: the box sleeps so that it stays up, a sidecar keeps its image's command; `image` keeps it explicitly."""
    workdir: str | None = None
    user: str | None = None
    """`host`, a name, or uid:gid; None: `host` for the box, the image's own for a sidecar."""
    sudo: bool = False
    mounts: tuple[Mount, ...] = ()
    volumes: tuple[VolumeMount, ...] = ()
    ports: tuple[PortBinding, ...] = ()
    env: Pairs = ()
    """`env_file` first, then `env`; later names win."""
    needs: tuple[str, ...] | None = None
    """Services that must be ready first; None for the box means all sidecars."""
    ready: Ready | None = None
    hooks: Hooks = Hooks()
    secrets: tuple[Secret, ...] = ()
    host_ca: bool = False
    ssh_agent: bool = False
    git_identity: bool = False
    proxy: str = "none"
    """`host`, `none` or a URL."""
    gpu: str = "auto"
    """`auto`, `all`, `none` or a count."""
    egress: bool = True
    """May reach the outside; always true for the box, false by default for sidecars."""
    watch: tuple[WatchRule, ...] = ()
    sync_back: tuple[str, ...] = ()
    origin: Origin | None = None
    """Where its table starts."""
    origins: tuple[tuple[str, Origin], ...] = ()
    """Where each key of its table was written, whichever file won."""

    def origin_of(self, key: str) -> Origin | None:
        """Where a key of its table was written, or its table where the key is not written."""
        return dict(self.origins).get(key, self.origin)


@dataclass(frozen=True, slots=True)
class HostNeeds:
    """`[host]`: what this project needs of any machine. Sizes in bytes."""

    min_memory: int | None = None
    min_disk: int | None = None
    arch: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class GpuNeeds:
    """`[gpu]`; an absent table is `None` on the project and means no GPU is wanted."""

    required: bool = False
    min_compute_capability: str | None = None
    min_driver: str | None = None
    min_memory: int | None = None
    """Bytes."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class ToolPin:
    """One line of `[toolchains]`."""

    tool: str
    constraint: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Policy:
    """`[policy]`: severities by check id or dotted prefix, and the team's own rules."""

    lock: Literal["require", "forbid"] | None = None
    severity: Pairs = ()
    rules: tuple[PolicyRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a task's container may use."""

    cpus: float | None = None
    memory: int | None = None
    """Bytes."""
    pids: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One `[tasks.NAME]`: a command with declared inputs and outputs."""

    name: str
    run: str
    """A shell command."""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    env: Pairs = ()
    executor: Literal["container", "host"] = "container"
    network: Literal["none", "box"] = "none"
    memo_failures: bool = False
    limits: Limits = Limits()
    needs: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Mode:
    """One `[modes.NAME]`: a variant of the box."""

    name: str
    box: Service
    """The box with the mode's own keys over it."""
    when: Pairs = ()
    """Facts and what they must be, as text; all must hold. No fact: chosen only by name."""
    probe: str | None = None
    """A shell command, run in the built image to confirm the choice."""
    warn_after: float | None = None
    """Seconds of expected build time after which to ask."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """One project, merged and validated."""

    name: str
    root: str
    """Absolute canonical directory."""
    source: str
    """What it was read from, relative to the root: `devbox.toml`, or `Dockerfile` when inferred."""
    box: Service
    sidecars: tuple[Service, ...] = ()
    toolchains: tuple[ToolPin, ...] = ()
    host: HostNeeds = field(default_factory=HostNeeds)
    gpu: GpuNeeds | None = None
    policy: Policy = field(default_factory=Policy)
    mode: str = "default"
    modes: tuple[str, ...] = ()
    """Names of `variants`."""
    profile: str | None = None
    default_mode: str = "default"
    variants: tuple[Mode, ...] = ()
    tasks: tuple[Task, ...] = ()
    share: Share | None = None
    cache: Cache | None = None

    @property
    def services(self) -> tuple[Service, ...]:
        """All services, sidecars first (the order in which they start when nothing else is said)."""
        return (*self.sidecars, self.box)

    def service(self, name: str) -> Service | None:
        """The service of that name."""
        return next((service for service in self.services if service.name == name), None)
