"""What runs, as `devbox status` and the Box screen show it (contract.md, status)."""

from __future__ import annotations

from typing import Literal

from devbox.core.frozen import dataclass

Action = Literal["none", "restart", "recreate", "rebuild"]


@dataclass(frozen=True, slots=True)
class Stale:
    """One field that differs from what the project asks, and the smallest cure. Values are masked where secret."""

    field: str
    was: str
    now: str
    action: Action


@dataclass(frozen=True, slots=True)
class PortStatus:
    """A published port as the engine reports it."""

    address: str
    host_port: int
    container_port: int
    protocol: str = "tcp"
    scheme: str = ""
    """`http` where that is known to be spoken there."""

    @property
    def place(self) -> str:
        """Where it is reached: `127.0.0.1:8000`, `http://127.0.0.1:8000/`."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        place = f"{address}:{self.host_port}"
        return f"{self.scheme}://{place}/" if self.scheme else place


@dataclass(frozen=True, slots=True)
class MountStatus:
    """A mount as the engine reports it."""

    kind: Literal["bind", "volume", "tmpfs"]
    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service, desired or left over."""

    name: str
    role: str
    state: str
    """`running`, `exited`, `created`, `restarting`, `paused`, `dead`, or `absent` when there is no container."""
    health: str | None = None
    """`healthy`, `unhealthy`, `starting`, or None where nothing checks."""
    container: str | None = None
    image: str | None = None
    exit_code: int | None = None
    started_at: str | None = None
    """RFC 3339 as the engine gives it."""
    finished_at: str | None = None
    stale: tuple[Stale, ...] = ()
    ports: tuple[PortStatus, ...] = ()
    mounts: tuple[MountStatus, ...] = ()
    egress: bool = False
    last_lines: tuple[bytes, ...] = ()
    """The end of the log of a stopped or failed container."""


@dataclass(frozen=True, slots=True)
class BoxStatus:
    """The whole project on the engine."""

    project: str
    mode: str
    engine: str
    """How the engine was chosen and what it is, for people: `20.10.24 at unix:///… (DOCKER_HOST)`."""
    services: tuple[ServiceStatus, ...] = ()
    network: str | None = None
    volumes: tuple[str, ...] = ()
