"""Engine URLs: what `--engine` and `DOCKER_HOST` may say, taken apart and checked. Pure text; connects to nothing."""

from __future__ import annotations

import re

from devbox.core.errors import EngineError
from devbox.core.frozen import dataclass

_NETWORK = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.@-]*)@)?(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?/?"
)
"""Neither user nor host may begin with `-`: ssh would take it for an option."""

DEFAULT_PORTS = {"tcp": 2375, "http": 2375, "https": 2376, "ssh": 22}


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an engine URL: `path` for unix, the rest for the others."""

    scheme: str
    path: str = ""
    host: str = ""
    port: int = 0
    user: str | None = None
    port_given: bool = False


def parse_url(url: str, source: str) -> Address:
    """The parts of an engine URL; `source` says who named it, for the error.

    Raises EngineError for a scheme or form that devbox does not speak.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        if rest.startswith("/") and "\0" not in rest:
            return Address("unix", path=rest)
        raise _invalid(url, source, "a socket needs an absolute path: `unix:///var/run/docker.sock`")
    if scheme not in DEFAULT_PORTS:
        raise _invalid(url, source, "use `unix:///path`, `tcp://host:port` or `ssh://user@host`")
    match = _NETWORK.fullmatch(rest)
    port = int(match["port"] or DEFAULT_PORTS[scheme]) if match else 0
    if match is None or not 1 <= port <= 65535 or (match["user"] and scheme != "ssh"):
        raise _invalid(url, source, f"expected `{scheme}://host:port`")
    return Address(
        scheme, host=match["host"].strip("[]"), port=port, user=match["user"], port_given=match["port"] is not None
    )


def _invalid(url: str, source: str, hint: str) -> EngineError:
    # A password in a URL is a secret (security.md 7.2).
    shown = re.sub(r"//[^/@]*:[^/@]*@", "//…@", url)
    return EngineError(f"cannot use {shown} from {source} as an engine", hint=hint)
