"""Which engine, and is it one devbox can use: contract.md's precedence, then one question to it.

The first that is *named* is final: an engine that was named and does not answer is an error, never a reason to take
another one. Only where nothing is named are the usual sockets tried, then devbox's own private engine.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from devbox.core.errors import ConfigError
from devbox.engine.address import parse_url
from devbox.engine.contexts import context_endpoint, current_context, docker_config_dir, tls_from_environment
from devbox.engine.deadline import QUICK, Deadline
from devbox.engine.http import HttpEngine
from devbox.engine.port import Endpoint
from devbox.engine.user_files import read_user_file

DEFAULT_SOCKET = Path("/var/run/docker.sock")


def resolve_endpoint(
    flag: str | None, env: Mapping[str, str], home: Path, *,
    settings: Path | None = None, private_socket: Path | None = None, default_socket: Path = DEFAULT_SOCKET,
) -> Endpoint:
    """The endpoint by precedence: `--engine`, DOCKER_HOST, DOCKER_CONTEXT, the user's config.toml (`settings`), the
    current docker context, the usual sockets, the private engine.

    Raises EngineError for a name that leads nowhere, ConfigError for a settings file that can't be read.
    """
    config = docker_config_dir(env, home)

    def named(value: str, source: str) -> Endpoint:
        if "://" in value:
            scheme = parse_url(value, source).scheme
            return Endpoint(value, source, tls_from_environment(env, home) if scheme in ("tcp", "https") else None)
        if value == "default":
            return _unnamed(env, home, private_socket, default_socket)
        return context_endpoint(value, config, source)

    for value, source in (
        (flag, "--engine"), (env.get("DOCKER_HOST"), "DOCKER_HOST"), (env.get("DOCKER_CONTEXT"), "DOCKER_CONTEXT"),
    ):
        if value:
            return named(value, source)
    chosen = default_engine(settings) if settings else None
    if chosen:
        return named(chosen, str(settings))
    context = current_context(config)
    if context:
        return context_endpoint(context, config, f"context {context}")
    return _unnamed(env, home, private_socket, default_socket)


def connect(endpoint: Endpoint, *, seconds: float = QUICK) -> HttpEngine:
    """An engine that answers and is new enough. Raises EngineError with cause and next step, at the latest after
    `seconds`."""
    engine = HttpEngine(endpoint)
    try:
        engine.negotiate(Deadline.after(seconds))
    except BaseException:
        engine.close()
        raise
    return engine


def default_engine(settings: Path) -> str | None:
    """`engine = "URL or context"` of the user's config.toml. Raises ConfigError when the file is invalid."""
    content = read_user_file(settings)
    if content is None:
        return None
    import tomllib  # 5 ms, and few users have the file

    try:
        value = tomllib.loads(content.decode("utf-8")).get("engine")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _invalid_settings(settings, str(error)) from error
    if value is None or isinstance(value, str):
        return value or None
    raise ConfigError(
        "`engine` is not a string", path=str(settings), hint='write `engine = "unix:///path"` or the name of a context'
    )


def _unnamed(env: Mapping[str, str], home: Path, private_socket: Path | None, default_socket: Path) -> Endpoint:
    runtime = env.get("XDG_RUNTIME_DIR", "")
    usual = [default_socket, home / ".docker" / "run" / "docker.sock"]
    if os.path.isabs(runtime):
        usual.insert(1, Path(runtime) / "docker.sock")
    for path in usual:
        if _listens(path):
            return Endpoint(f"unix://{path}", "default")
    if private_socket is not None and _listens(private_socket):
        return Endpoint(f"unix://{private_socket}", "private engine")
    # None answers: name the one whose trouble is worth telling.
    return Endpoint(f"unix://{next((path for path in usual if path.exists()), default_socket)}", "default")


def _listens(path: Path) -> bool:
    """Whether something accepts connections there. Another local socket is asked for nothing more than that."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (OSError, ValueError):
            return False
    return True


def _invalid_settings(settings: Path, message: str) -> ConfigError:
    position = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line, column = (int(position[1]), int(position[2])) if position else (None, None)
    return ConfigError("not valid TOML", path=str(settings), line=line, column=column)
