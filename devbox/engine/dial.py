"""Open one connection to an engine: UNIX socket, TCP, TLS, or a program's pipes (ssh). Both adapters dial here, so that
every kind of endpoint and every way it can fail is told in one place.

Speaks no HTTP. Raises EngineError with the cause and the next step.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from devbox.core.errors import EngineError, ExhaustedError
from devbox.engine.address import Address, parse_url
from devbox.engine.deadline import Deadline
from devbox.engine.port import Endpoint

UNNAMED = ("default", "private engine")
"""Sources of an endpoint that nobody named."""
START = "`devbox engine start` installs and starts one of devbox's own"


def dial(endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    """A connected socket; the caller closes it."""
    address = parse_url(endpoint.url, endpoint.source)
    if address.scheme == "unix":
        return _dial_unix(address.path, endpoint, deadline)
    if address.scheme == "ssh":
        from devbox.engine.ssh import dial_ssh  # pulls in subprocess (10 ms); only remote engines need it

        return dial_ssh(address, endpoint)
    plain = _dial_tcp(address, endpoint, deadline)
    if endpoint.tls is None and address.scheme != "https":
        return plain
    from devbox.engine.tls import wrap_tls  # pulls in ssl (8 ms); only TLS endpoints need it

    return wrap_tls(plain, address.host, endpoint, deadline)


def _dial_unix(path: str, endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _closing_on_error(sock):
        sock.settimeout(deadline.remaining())
        try:
            sock.connect(path)
        except OSError as error:
            raise unix_failure(path, endpoint, error) from error
    return sock


def _dial_tcp(address: Address, endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    try:
        return socket.create_connection((address.host, address.port), timeout=deadline.remaining())
    except OSError as error:
        raise tcp_failure(address, endpoint, error) from error


def unix_failure(path: str, endpoint: Endpoint, error: OSError) -> EngineError:
    """Why a UNIX socket can't be connected, with the next step."""
    unnamed = endpoint.source in UNNAMED
    other = START if unnamed else f"that is what {endpoint.source} names; `devbox --engine URL` chooses another engine"
    if isinstance(error, FileNotFoundError):
        return EngineError(f"no engine: there is no socket at {path}", hint=other)
    if isinstance(error, PermissionError):
        return _permission_failure(path)
    if isinstance(error, ConnectionRefusedError):
        start = f"start it: `sudo systemctl start docker`; or {START}" if unnamed else other
        return EngineError(
            f"the engine is not running: nothing listens on {path}", hint=start,
            detail="the socket file is there, but the engine that made it is gone",
        )
    if isinstance(error, TimeoutError):
        return hung(endpoint)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        raise ExhaustedError("too many open files", hint="raise the limit: `ulimit -n 4096`") from error
    return EngineError(f"cannot connect to {path}: {error.strerror or error}", hint=other)


def tcp_failure(address: Address, endpoint: Endpoint, error: OSError) -> EngineError:
    """Why a TCP connection can't be made, with the next step."""
    where = f"{address.host}:{address.port}"
    named = f"that is what {endpoint.source} names; `devbox --engine URL` chooses another engine"
    if isinstance(error, TimeoutError):
        return hung(endpoint)
    if isinstance(error, ConnectionRefusedError):
        return EngineError(f"the engine is not running: nothing listens on {where}", hint=named)
    if isinstance(error, socket.gaierror):
        return EngineError(f"no engine: the name {address.host} can't be resolved", hint=named, detail=error.strerror)
    return EngineError(f"cannot connect to {where}: {error.strerror or error}", hint=named)


class NoAnswer(EngineError):
    """The engine accepts connections but does not answer in time."""


def hung(endpoint: Endpoint) -> NoAnswer:
    """No answer within the call's deadline."""
    return NoAnswer(
        f"the engine at {endpoint.url} does not answer",
        hint="its log says why; restarting it usually helps: `sudo systemctl restart docker`",
    )


def _permission_failure(path: str) -> EngineError:
    group = _owning_group(path)
    hint = "run devbox as a user who may use the engine"
    if group not in (None, "root"):
        hint = f"join the group: `sudo usermod -aG {group} \"$USER\"`, then log in again (that group equals root)"
    return EngineError(
        f"permission denied on {path}" + (f", which is for the group {group}" if group else ""), hint=hint
    )


def _owning_group(path: str) -> str | None:
    import grp  # only this failure needs them
    import os

    try:
        gid = os.stat(path).st_gid
    except OSError:
        return None
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


@contextmanager
def _closing_on_error(sock: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        sock.close()
        raise
