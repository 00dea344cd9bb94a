"""Request bodies and parameters of the Engine API, built from the port's values; both adapters send exactly these.

API 1.41 is the floor, so nothing newer appears here. Never sends anything itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from devbox.engine.port import ContainerSpec, ExecSpec

if TYPE_CHECKING:
    from devbox.core.project import Pairs

UNALIASED_NETWORKS = frozenset({"none", "host", "bridge", "default"})
"""Networks on which the engine refuses aliases."""


def container_body(spec: ContainerSpec) -> dict[str, Any]:
    """The body of `POST /containers/create`. Only the first network is in it: engines before API 1.44 take no more."""
    body: dict[str, Any] = {
        "Image": spec.image,
        "Labels": dict(spec.labels),
        "Env": [f"{name}={value}" for name, value in spec.env],
        "ExposedPorts": {f"{port}/{protocol}": {} for _, _, port, protocol in spec.ports},
        "StopTimeout": spec.stop_timeout,
        "HostConfig": _host_config(spec),
        "NetworkingConfig": {"EndpointsConfig": dict([first_endpoint(spec)] if spec.networks else ())},
    }
    optional = {
        "Cmd": None if spec.command is None else list(spec.command),
        "Entrypoint": None if spec.entrypoint is None else list(spec.entrypoint),
        "User": spec.user,
        "WorkingDir": spec.workdir,
        "Hostname": spec.hostname,
    }
    body.update({key: value for key, value in optional.items() if value is not None})
    return body


def first_endpoint(spec: ContainerSpec) -> tuple[str, dict[str, Any]]:
    """The network that a container is created in, and its endpoint settings."""
    name, aliases = spec.networks[0]
    return name, endpoint_settings(name, aliases)


def endpoint_settings(network: str, aliases: tuple[str, ...]) -> dict[str, Any]:
    """How a container appears on a network."""
    return {} if network in UNALIASED_NETWORKS or not aliases else {"Aliases": list(aliases)}


def exec_body(spec: ExecSpec) -> dict[str, Any]:
    """The body of `POST /containers/<id>/exec`."""
    return {
        "Cmd": list(spec.argv),
        "Env": [f"{name}={value}" for name, value in spec.env],
        "User": spec.user or "",
        "WorkingDir": spec.workdir or "",
        "Tty": spec.tty,
        "AttachStdin": spec.stdin,
        "AttachStdout": True,
        "AttachStderr": True,
    }


def label_filters(labels: Mapping[str, str]) -> dict[str, list[str]]:
    """The `filters` of a listing: objects that carry all these labels; value `""` means any value."""
    return {"label": [f"{name}={value}" if value else name for name, value in labels.items()]}


def encoded_filters(labels: Mapping[str, str]) -> str:
    """`label_filters` as the query parameter."""
    return json.dumps(label_filters(labels))


def log_parameters(*, follow: bool, tail: int | None, since: str | None, timestamps: bool) -> dict[str, str]:
    """The query of `GET /containers/<id>/logs`; `since` is RFC 3339 or Unix seconds."""
    parameters = {"stdout": "1", "stderr": "1", "tail": "all" if tail is None else str(tail)}
    if follow:
        parameters["follow"] = "1"
    if since is not None:
        parameters["since"] = unix_time(since)
    if timestamps:
        parameters["timestamps"] = "1"
    return parameters


def unix_time(moment: str) -> str:
    """A moment as `seconds.nanoseconds`, which is all the API takes; RFC 3339 keeps its nanoseconds.

    Raises ValueError for anything else.
    """
    from datetime import datetime  # 3 ms; only `logs --since` needs it

    if moment.replace(".", "", 1).isdecimal():
        return moment
    head, dot, tail = moment.partition(".")
    digits = tail[: len(tail) - len(tail.lstrip("0123456789"))] if dot else ""
    whole = datetime.fromisoformat(head + tail[len(digits):] if dot else head)
    if whole.tzinfo is None:
        raise ValueError(f"no time zone in {moment!r}")
    return f"{int(whole.timestamp())}.{digits[:9]:0<9}"


def build_parameters(
    *, dockerfile: str, tags: tuple[str, ...], target: str | None, args: Pairs, labels: Pairs,
    no_cache: bool, pull: bool, version: Literal[1, 2] = 1,
) -> list[tuple[str, str]]:
    """The query of `POST /build` for the classic builder (`version` 1) or BuildKit (2); `t` repeats."""
    parameters = [("version", str(version)), ("dockerfile", dockerfile), ("rm", "1"), ("forcerm", "1")]
    parameters += [("t", tag) for tag in tags]
    parameters += [("target", target)] if target else []
    parameters += [("buildargs", json.dumps(dict(args))), ("labels", json.dumps(dict(labels)))]
    parameters += [("nocache", "1")] if no_cache else []
    parameters += [("pull", "1")] if pull else []
    return parameters


def _host_config(spec: ContainerSpec) -> dict[str, Any]:
    config: dict[str, Any] = {
        "Mounts": _mounts(spec),
        "Tmpfs": dict(spec.tmpfs),
        "PortBindings": _port_bindings(spec),
        "Init": spec.init,
        "SecurityOpt": ["no-new-privileges"] if spec.no_new_privileges else [],
    }
    if spec.drop_capabilities:
        config["CapDrop"] = list(spec.drop_capabilities)
    if spec.networks:
        config["NetworkMode"] = spec.networks[0][0]
    if spec.pids_limit is not None:
        config["PidsLimit"] = spec.pids_limit
    if spec.gpus is not None:
        count = -1 if spec.gpus == "all" else int(spec.gpus)
        config["DeviceRequests"] = [{"Driver": "", "Count": count, "Capabilities": [["gpu"]]}]
    return config


def _mounts(spec: ContainerSpec) -> list[dict[str, Any]]:
    """As `Mounts`, never `Binds`: those split at colons and create a missing source as root."""
    binds = [
        {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only}
        for source, target, read_only in spec.binds
    ]
    return binds + [{"Type": "volume", "Source": name, "Target": target} for name, target in spec.volumes]


def _port_bindings(spec: ContainerSpec) -> dict[str, list[dict[str, str]]]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for address, host_port, container_port, protocol in spec.ports:
        binding = {"HostIp": address, "HostPort": str(host_port) if host_port else ""}
        bindings.setdefault(f"{container_port}/{protocol}", []).append(binding)
    return bindings
