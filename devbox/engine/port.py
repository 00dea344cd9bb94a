"""The engine port: what devbox asks of a Docker Engine, whoever answers.

Two adapters serve it: `http` (small, fast to import; reads, exec, logs) and `docker_sdk` (everything). `wiring`
composes them so that a command which changes nothing never pays for the SDK's import. Both build request bodies with
`engine.payload` and read replies with `engine.replies`, so they cannot disagree. Decisions live elsewhere.

Every method raises `EngineError` (exit 4) with cause and next step when the engine can't be reached or fails, and
`NotFound`/`Conflict` where the caller may want to act on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from devbox.core.errors import EngineError, ExitCode
from devbox.core.frozen import dataclass
from devbox.engine.objects import (
    CacheRecord,
    ContainerInfo,
    EngineInfo,
    ImageInfo,
    MountInfo,
    NetworkInfo,
    PortInfo,
    VolumeInfo,
)
from devbox.engine.stream import Stream

if TYPE_CHECKING:
    # Not at run time: the project's model costs 5 ms that the adapters do not need.
    from devbox.core.project import Pairs

__all__ = [
    "CacheRecord", "Chunk", "Conflict", "ContainerInfo", "ContainerSpec", "Endpoint", "Engine", "EngineInfo",
    "EngineReader", "ExecSession", "ExecSpec", "ImageInfo", "MountInfo", "NetworkInfo", "NotFound", "PortInfo",
    "PortTaken", "Refused", "Tls", "VolumeInfo",
]


class Refused(EngineError):
    """The engine answered and said no; `detail` holds its own words."""


class NotFound(Refused):
    """The object does not exist (HTTP 404)."""


class Conflict(Refused):
    """The name, state or port is taken (HTTP 409, or a start that fails on a used port)."""


class PortTaken(Conflict):
    """A container can't start because something on the host listens on `address`:`port` already (exit 6)."""

    kind = "not-ready"
    exit_code = ExitCode.NOT_READY

    def __init__(self, address: str, port: int, *, detail: str | None = None) -> None:
        super().__init__(
            f"port {port} on {address} is already in use", detail=detail,
            hint=f"`ss -ltnp 'sport = :{port}'` shows by whom",
        )
        self.address = address
        self.port = port


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS material of a TCP endpoint; paths are absolute."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the engine is and how that was decided."""

    url: str
    """`unix:///…`, `tcp://host:port`, `ssh://user@host[:port]`."""
    source: str
    """For people: `--engine`, `DOCKER_HOST`, `context colima`, `default`, `private engine`."""
    tls: Tls | None = None
    context: str | None = None
    """The docker context's name, where one was used."""

    @property
    def local(self) -> bool:
        """Whether bind mounts of this machine's paths can work."""
        return self.url.startswith("unix://")


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A container to create."""

    name: str
    image: str
    labels: Pairs
    command: tuple[str, ...] | None = None
    """None keeps the image's own."""
    entrypoint: tuple[str, ...] | None = None
    env: Pairs = ()
    user: str | None = None
    workdir: str | None = None
    hostname: str | None = None
    binds: tuple[tuple[str, str, bool], ...] = ()
    """(host path, target, read only)"""
    volumes: tuple[tuple[str, str], ...] = ()
    """(engine volume name, target)"""
    tmpfs: Pairs = ()
    """(target, options)"""
    ports: tuple[tuple[str, int, int, str], ...] = ()
    """(address, host port, container port, protocol)"""
    networks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(network name, aliases); all are joined before the container starts. `(("none", ()),)` is no network at all,
    an empty tuple the engine's default network"""
    init: bool = True
    pids_limit: int | None = 4096
    no_new_privileges: bool = True
    drop_capabilities: tuple[str, ...] = ()
    gpus: str | None = None
    """`all` or a count."""
    stop_timeout: int = 10
    """Seconds."""


@dataclass(frozen=True, slots=True)
class ExecSpec:
    """A process to run in a running container."""

    argv: tuple[str, ...]
    env: Pairs = ()
    user: str | None = None
    workdir: str | None = None
    tty: bool = False
    stdin: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """Raw output of a container or exec."""

    stream: Literal["stdout", "stderr"]
    data: bytes


class ExecSession(Protocol):
    """A running exec: iterate its output, write its stdin, ask for the exit code at the end."""

    def __iter__(self) -> Iterator[Chunk]: ...

    def write(self, data: bytes) -> None: ...

    def end_input(self) -> None:
        """Half-close: the process sees end of file."""

    def resize(self, columns: int, rows: int) -> None: ...

    def exit_code(self) -> int: ...

    def close(self) -> None: ...


class EngineReader(Protocol):
    """What can be asked without changing anything, and exec."""

    @property
    def endpoint(self) -> Endpoint: ...

    def info(self) -> EngineInfo: ...

    def containers(self, labels: Mapping[str, str], *, all: bool = True) -> tuple[ContainerInfo, ...]:
        """Full inspects of the containers that carry all these labels (value `""` = any value)."""

    def container(self, id: str) -> ContainerInfo | None: ...

    def image(self, ref: str) -> ImageInfo | None: ...

    def images(self, labels: Mapping[str, str]) -> tuple[ImageInfo, ...]: ...

    def cache_records(self) -> tuple[CacheRecord, ...]:
        """Everything BuildKit keeps on this engine."""

    def networks(self, labels: Mapping[str, str]) -> tuple[NetworkInfo, ...]: ...

    def volumes(self, labels: Mapping[str, str]) -> tuple[VolumeInfo, ...]: ...

    def logs(
        self, id: str, *, follow: bool = False, tail: int | None = None, since: str | None = None,
        timestamps: bool = False,
    ) -> Stream[Chunk]: ...

    def exec(self, id: str, spec: ExecSpec) -> ExecSession: ...

    def stats(self, id: str) -> Mapping[str, Any]:
        """One raw sample of `/containers/<id>/stats`."""

    def events(self, labels: Mapping[str, str]) -> Stream[Mapping[str, Any]]:
        """Engine events of objects that carry these labels, as they happen."""


class Engine(EngineReader, Protocol):
    """Everything, mutations included. Removing what is gone is no error."""

    def create_network(
        self, name: str, labels: Pairs, *, internal: bool = False, options: Pairs = ()
    ) -> NetworkInfo: ...

    def remove_network(self, id: str) -> None: ...

    def create_volume(self, name: str, labels: Pairs) -> VolumeInfo: ...

    def remove_volume(self, name: str) -> None: ...

    def create_container(self, spec: ContainerSpec) -> str:
        """Create, stopped, joined to all its networks; returns the id."""

    def start(self, id: str) -> None: ...

    def stop(self, id: str, timeout: int = 10) -> None: ...

    def restart(self, id: str, timeout: int = 10) -> None: ...

    def remove_container(self, id: str) -> None:
        """Kill and remove, anonymous volumes included."""

    def put_archive(self, id: str, path: str, tar: bytes) -> None:
        """Unpack a plain tar at `path` of a container, running or not."""

    def read_file(self, id: str, path: str, limit: int = 1 << 20) -> bytes | None:
        """A regular file of a container (links followed by the engine), or None."""

    def pull(self, ref: str) -> Stream[Mapping[str, Any]]:
        """Pull an image; raw progress messages. Raises at the end when it failed."""

    def tag(self, image: str, ref: str) -> None: ...

    def remove_image(self, ref: str, *, force: bool = False) -> None: ...

    def classic_build(
        self, context_tar: Iterator[bytes], *, dockerfile: str, tags: Sequence[str], target: str | None,
        args: Pairs, labels: Pairs, no_cache: bool, pull: bool,
    ) -> Stream[Mapping[str, Any]]:
        """The classic builder's raw JSON messages (spec/buildkit.md 2.2)."""
