"""Who listens on a TCP port of this machine, and which port is free. Opens nothing that stays open."""

from __future__ import annotations

import contextlib
import socket

from devbox.core.frozen import dataclass

ANY = ("0.0.0.0", "::", "")


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens; the process is None where this user may not see it."""

    address: str
    port: int
    pid: int | None = None
    program: str | None = None


def listener_on(address: str, port: int) -> Listener | None:
    """What a listener on this address and port would collide with; None when nothing is known to be there."""
    import psutil  # 20 ms; only asked before a port is about to be published

    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        # macOS shows other processes' sockets to root only: trying is the one way left.
        return None if _can_listen(address, port) else Listener(address, port)
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or connection.laddr.port != port:
            continue
        if _overlap(address, connection.laddr.ip):
            return Listener(connection.laddr.ip, port, connection.pid, _program(connection.pid))
    return None


def free_port(address: str, near: int) -> int | None:
    """A port that can be listened on now, close above `near`, else any."""
    for port in range(near + 1, min(near + 50, 65536)):
        if _can_listen(address, port):
            return port
    with contextlib.suppress(OSError), socket.socket(_family(address)) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
    return None


def _overlap(one: str, other: str) -> bool:
    return one == other or one in ANY or other in ANY or other == f"::ffff:{one}"


def _program(pid: int | None) -> str | None:
    if pid is None:
        return None
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        return str(psutil.Process(pid).name())
    return None


def _can_listen(address: str, port: int) -> bool:
    try:
        with socket.socket(_family(address)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            probe.listen(1)
    except PermissionError:
        return True  # a low port: the engine may, we may not
    except OSError:
        return False
    return True


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
