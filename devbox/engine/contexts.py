"""Docker's contexts as the docker CLI stores them: `config.json` and `contexts/` below `DOCKER_CONFIG`. Only reads."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devbox.core.errors import ConfigError, EngineError
from devbox.engine.port import Endpoint, Tls
from devbox.engine.replies import table, text
from devbox.engine.user_files import read_user_file

_MOST = 1000
"""Contexts that are looked at for the list of names."""


def docker_config_dir(env: Mapping[str, str], home: Path) -> Path:
    """Where the docker CLI keeps its settings."""
    named = env.get("DOCKER_CONFIG")
    return Path(named) if named and os.path.isabs(named) else home / ".docker"


def current_context(config: Path) -> str | None:
    """The context that `docker context use` chose; None for the default one."""
    name = text(_read_json(config / "config.json").get("currentContext"))
    return name if name not in ("", "default") else None


def context_endpoint(name: str, config: Path, source: str) -> Endpoint:
    """The endpoint of a context. Raises EngineError for an unknown one, with the nearest name."""
    # Deferred: OpenSSL costs 3 ms, and few people name a context.
    import hashlib

    identity = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    meta = _read_json(config / "contexts" / "meta" / identity / "meta.json")
    docker = table(table(meta.get("Endpoints")).get("docker"))
    host = text(docker.get("Host"))
    if text(meta.get("Name")) != name or not host:
        raise _unknown(name, config, source)
    folder = config / "contexts" / "tls" / identity / "docker"
    ca, cert, key = (str(path) if path.exists() else None for path in (folder / f for f in _TLS_FILES))
    verify = docker.get("SkipTLSVerify") is not True
    tls = Tls(ca, cert, key, verify) if host.startswith("tcp:") and (ca or cert or not verify) else None
    return Endpoint(host, source, tls, context=name)


_TLS_FILES = ("ca.pem", "cert.pem", "key.pem")


def context_names(config: Path) -> tuple[str, ...]:
    """The names of all contexts, sorted; `default` is not among them."""
    try:
        folders = sorted(os.listdir(config / "contexts" / "meta"))[:_MOST]
    except OSError:
        return ()
    names = []
    for folder in folders:
        try:
            names.append(text(_read_json(config / "contexts" / "meta" / folder / "meta.json").get("Name")))
        except ConfigError:
            continue
    return tuple(sorted(filter(None, names)))


def tls_from_environment(env: Mapping[str, str], home: Path) -> Tls | None:
    """What `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` ask of a TCP endpoint; None for a plain one."""
    verify, folder = bool(env.get("DOCKER_TLS_VERIFY")), env.get("DOCKER_CERT_PATH")
    if not verify and not folder and not env.get("DOCKER_TLS"):
        return None
    base = Path(folder) if folder else docker_config_dir(env, home)
    ca, cert, key = (base / name for name in _TLS_FILES)
    has_client = cert.exists() or key.exists()
    return Tls(
        ca=str(ca) if verify and (folder or ca.exists()) else None,
        cert=str(cert) if has_client else None, key=str(key) if has_client else None, verify=verify,
    )


def _unknown(name: str, config: Path, source: str) -> EngineError:
    # Deferred: difflib costs 4 ms and only this mistake needs it.
    from difflib import get_close_matches

    near = get_close_matches(name, context_names(config), n=1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return EngineError(f"no docker context named {name} ({source})", hint=f"{hint}`docker context ls` lists them")


def _read_json(path: Path) -> dict[str, Any]:
    content = read_user_file(path)
    if content is None:
        return {}
    try:
        return table(json.loads(content))
    except json.JSONDecodeError as error:
        raise ConfigError("not valid JSON", path=str(path), line=error.lineno, column=error.colno) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError("not valid JSON", path=str(path)) from error
