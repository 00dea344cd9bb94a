"""What exists on an engine, as the port reports it: frozen values, read from replies by `engine.replies`. Part of the
port: import them from `devbox.engine.port`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the engine says of itself (`/version`, `/info`)."""

    version: str
    api_version: str
    os: str
    arch: str
    kernel: str = ""
    name: str = ""
    operating_system: str = ""
    cpus: int = 0
    memory: int = 0
    storage_driver: str = ""
    containerd_store: bool = False
    cgroup_driver: str = ""
    cgroup_version: str = ""
    rootless: bool = False
    data_root: str = ""
    runtimes: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MountInfo:
    """A mount of an existing container."""

    kind: str
    source: str
    target: str
    read_only: bool
    volume: str | None = None


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A published port of an existing container."""

    address: str
    host_port: int
    container_port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """An existing container (`/containers/<id>/json`)."""

    id: str
    name: str
    image: str
    """Image id, `sha256:…`."""
    image_ref: str
    state: str
    exit_code: int | None
    error: str
    created: str
    started_at: str | None
    finished_at: str | None
    health: str | None
    labels: Mapping[str, str]
    env: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""
    mounts: tuple[MountInfo, ...] = ()
    ports: tuple[PortInfo, ...] = ()
    networks: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An existing image (`/images/<ref>/json`)."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    labels: Mapping[str, str]
    env: tuple[str, ...]
    command: tuple[str, ...]
    entrypoint: tuple[str, ...]
    user: str
    workdir: str
    exposed: tuple[str, ...]
    volumes: tuple[str, ...]
    layers: tuple[str, ...]
    os: str
    arch: str
    size: int
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class CacheRecord:
    """One record of the engine's build cache (`/system/df`; spec/buildkit.md 5)."""

    id: str
    kind: str
    """`regular` for the result of a step, `source.local` for the copy of a context."""
    description: str
    created: str | None
    """As the engine writes times."""
    parents: tuple[str, ...] = ()
    """The records that it was made on."""
    used: str | None = None
    """When a build last used it."""


@dataclass(frozen=True, slots=True)
class NetworkInfo:
    """An existing network."""

    id: str
    name: str
    driver: str
    internal: bool
    options: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VolumeInfo:
    """An existing volume."""

    name: str
    labels: Mapping[str, str]
