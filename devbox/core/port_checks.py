"""Are the ports that the box publishes free, and who has them if not. Pure."""

from __future__ import annotations

from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import Finding
from devbox.core.frozen import dataclass
from devbox.core.judging import collect, found, look

ID = "ports"


@dataclass(frozen=True, slots=True)
class Port:
    """One port that the box publishes, and who has it now."""

    address: str
    host_port: int
    container_port: int
    protocol: str
    origin: Origin | None = None
    holder: str | None = None
    """Who has it, for people; None where it is free or our own box has it."""
    free: int | None = None
    """A port near it that nobody has, where this one is taken."""


def judge(ports: tuple[Port, ...], unknown: str | None) -> Judged:
    """The check of all ports; `unknown` is why it could not be told whether one is free."""
    check = look(ID, f"{len(ports)} ports are published", unknown=unknown)
    return collect([(check, tuple(_taken(port) for port in ports if port.holder))])


def _taken(port: Port) -> Finding:
    message = f"port {port.host_port} on {port.address} is in use by {port.holder}, and the box publishes it"
    written = f"{port.free}:{port.container_port}"
    look_up = f"`ss -ltnp 'sport = :{port.host_port}'` shows who has it"
    return found(
        ID, "warn", message, name=str(port.host_port), subject=f"port {port.host_port}", expected="free",
        actual="taken", origin=port.origin,
        hint=f'{port.free} is free: `ports = ["{written}"]`' if port.free else look_up,
    )
