"""Replies of the Engine API as the port's values; both adapters read with these, so they cannot disagree.

An engine may lie or be something else entirely (security.md 1): every field is checked for its type, a wrong one counts
as absent, and nothing here raises anything but `EngineError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from devbox.core.errors import DevboxError, EngineError, ExhaustedError
from devbox.engine.port import (
    CacheRecord,
    Conflict,
    ContainerInfo,
    EngineInfo,
    ImageInfo,
    MountInfo,
    NetworkInfo,
    NotFound,
    PortInfo,
    PortTaken,
    Refused,
    VolumeInfo,
)

_NEVER = "0001-01-01T00:00:00Z"
"""Go's zero time: it did not happen."""

_PORT_TAKEN = re.compile(
    r"(?P<address>\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:]*\]|::):(?P<port>\d{1,5})\b"
    r"(?=.*(?:already allocated|address already in use))",
    re.DOTALL,
)
"""The engine has no code for a taken port, only these words (20.10 to 28)."""


def decode(body: bytes, what: str) -> Any:
    """JSON of a reply; raises EngineError when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EngineError(
            f"what answers is not a Docker Engine: no JSON came back from {what}",
            hint="`devbox --engine URL` chooses another engine",
        ) from error


def table(value: Any) -> dict[str, Any]:
    """A JSON object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """A JSON string, else an empty one."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> tuple[str, ...]:
    """The strings of a JSON array."""
    return tuple(item for item in items(value) if isinstance(item, str))


def number(value: Any) -> int:
    """A JSON integer, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def pairs(value: Any) -> dict[str, str]:
    """A JSON object of strings."""
    return {key: item for key, item in table(value).items() if isinstance(item, str)}


def container(raw: Any) -> ContainerInfo:
    """From `GET /containers/<id>/json`."""
    raw = table(raw)
    config, state, host = table(raw.get("Config")), table(raw.get("State")), table(raw.get("HostConfig"))
    networking = table(raw.get("NetworkSettings"))
    status = text(state.get("Status"))
    return ContainerInfo(
        id=text(raw.get("Id")),
        name=text(raw.get("Name")).removeprefix("/"),
        image=text(raw.get("Image")),
        image_ref=text(config.get("Image")),
        state=status,
        exit_code=number(state.get("ExitCode")) if status in ("exited", "dead") else None,
        error=text(state.get("Error")),
        created=text(raw.get("Created")),
        started_at=_moment(state.get("StartedAt")),
        finished_at=_moment(state.get("FinishedAt")),
        health=_health(table(state.get("Health"))),
        labels=pairs(config.get("Labels")),
        env=texts(config.get("Env")),
        command=texts(config.get("Cmd")),
        entrypoint=texts(config.get("Entrypoint")),
        user=text(config.get("User")),
        workdir=text(config.get("WorkingDir")),
        mounts=(*map(_mount, items(raw.get("Mounts"))), *map(_tmpfs, table(host.get("Tmpfs")))),
        ports=_ports(networking.get("Ports")),
        networks=tuple(table(networking.get("Networks"))),
        raw=raw,
    )


def image(raw: Any) -> ImageInfo:
    """From `GET /images/<ref>/json`."""
    raw = table(raw)
    config = table(raw.get("Config"))
    return ImageInfo(
        id=text(raw.get("Id")),
        tags=texts(raw.get("RepoTags")),
        digests=texts(raw.get("RepoDigests")),
        labels=pairs(config.get("Labels")),
        env=texts(config.get("Env")),
        command=texts(config.get("Cmd")),
        entrypoint=texts(config.get("Entrypoint")),
        user=text(config.get("User")),
        workdir=text(config.get("WorkingDir")),
        exposed=tuple(table(config.get("ExposedPorts"))),
        volumes=tuple(table(config.get("Volumes"))),
        layers=texts(table(raw.get("RootFS")).get("Layers")),
        os=text(raw.get("Os")),
        arch=text(raw.get("Architecture")),
        size=number(raw.get("Size")),
        raw=raw,
    )


def network(raw: Any) -> NetworkInfo:
    """From `GET /networks/<id>`, or one entry of the listing."""
    raw = table(raw)
    return NetworkInfo(
        id=text(raw.get("Id")),
        name=text(raw.get("Name")),
        driver=text(raw.get("Driver")),
        internal=raw.get("Internal") is True,
        options=pairs(raw.get("Options")),
        labels=pairs(raw.get("Labels")),
    )


def cache_record(raw: Any) -> CacheRecord:
    """One entry of `GET /system/df`'s build cache."""
    raw = table(raw)
    # `Parent` until 22, and from then on a name that begins with a blank in some versions (spec/buildkit.md 5).
    one, several = text(raw.get("Parent")), texts(raw.get("Parents") or raw.get(" Parents"))
    return CacheRecord(
        id=text(raw.get("ID")), kind=text(raw.get("Type")), description=text(raw.get("Description")),
        created=_moment(raw.get("CreatedAt")), parents=several or ((one,) if one else ()),
        used=_moment(raw.get("LastUsedAt")),
    )


def volume(raw: Any) -> VolumeInfo:
    """From `GET /volumes/<name>`, or one entry of the listing."""
    raw = table(raw)
    return VolumeInfo(name=text(raw.get("Name")), labels=pairs(raw.get("Labels")))


def engine_info(version: Any, info: Any) -> EngineInfo:
    """From `GET /version` and `GET /info`."""
    version, info = table(version), table(info)
    security = texts(info.get("SecurityOptions"))
    driver_status = [texts(row) for row in items(info.get("DriverStatus"))]
    return EngineInfo(
        version=text(version.get("Version")),
        api_version=text(version.get("ApiVersion")),
        os=text(version.get("Os")),
        arch=text(version.get("Arch")),
        kernel=text(version.get("KernelVersion")),
        name=text(info.get("Name")),
        operating_system=text(info.get("OperatingSystem")),
        cpus=number(info.get("NCPU")),
        memory=number(info.get("MemTotal")),
        storage_driver=text(info.get("Driver")),
        containerd_store=("driver-type", "io.containerd.snapshotter.v1") in driver_status,
        cgroup_driver=text(info.get("CgroupDriver")),
        cgroup_version=text(info.get("CgroupVersion")),
        rootless=any(option.startswith("name=rootless") for option in security),
        data_root=text(info.get("DockerRootDir")),
        runtimes=tuple(table(info.get("Runtimes"))),
        security=security,
        raw={"version": version, "info": info},
    )


def refusal(status: int, message: str, doing: str) -> DevboxError:
    """The error for a reply of 400 and above: `doing` says what was tried, `message` is the engine's own text."""
    words = message.strip() or f"HTTP status {status}"
    first = words.splitlines()[0][:500]
    taken = _PORT_TAKEN.search(words)
    if taken:
        return PortTaken(taken["address"].strip("[]"), int(taken["port"]), detail=words)
    if "no space left on device" in words:
        return ExhaustedError(
            f"the engine can't {doing}: its disk is full", detail=words,
            hint="`docker system df` shows what takes the space",
        )
    kind = {404: NotFound, 409: Conflict}.get(status, Refused)
    return kind(f"the engine can't {doing}: {first}", detail=words)


def error_message(body: bytes) -> str:
    """The `message` of an error reply, or its text."""
    try:
        return text(table(json.loads(body)).get("message")) or body.decode("utf-8", "replace")
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def raise_stream_error(message: Mapping[str, Any], doing: str) -> None:
    """Raise when a progress message of a pull or build reports failure."""
    detail = text(table(message.get("errorDetail")).get("message")) or text(message.get("error"))
    if detail:
        raise refusal(500, detail, doing)


def _moment(value: Any) -> str | None:
    moment = text(value)
    return None if moment in ("", _NEVER) else moment


def _health(health: dict[str, Any]) -> str | None:
    status = text(health.get("Status"))
    return None if status in ("", "none") else status


def _mount(raw: Any) -> MountInfo:
    raw = table(raw)
    kind = text(raw.get("Type"))
    name = text(raw.get("Name"))
    return MountInfo(
        kind=kind, source=name if kind == "volume" else text(raw.get("Source")), target=text(raw.get("Destination")),
        read_only=raw.get("RW") is False, volume=name if kind == "volume" else None,
    )


def _tmpfs(target: str) -> MountInfo:
    return MountInfo(kind="tmpfs", source="", target=target, read_only=False)


def _ports(raw: Any) -> tuple[PortInfo, ...]:
    found = []
    for name, bindings in table(raw).items():
        container_port, _, protocol = name.partition("/")
        for binding in map(table, items(bindings)):
            host_port = text(binding.get("HostPort"))
            if container_port.isdecimal() and host_port.isdecimal():
                address = text(binding.get("HostIp"))
                found.append(PortInfo(address, int(host_port), int(container_port), protocol or "tcp"))
    return tuple(found)
