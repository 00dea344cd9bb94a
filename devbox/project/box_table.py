"""`[box]` and `[sidecars.NAME]` as services."""

from __future__ import annotations

from typing import Literal, cast

from devbox.core.project import BOX, Hooks, PortBinding, Service, WatchRule
from devbox.project import notation
from devbox.project.folder import ProjectFolder
from devbox.project.schema import Table, mistake, parsed, wrong_type
from devbox.project.service_table import (
    read_command,
    read_env,
    read_image,
    read_mounts,
    read_needs,
    read_ready,
    read_volumes,
    refuse_shared_targets,
)

SHARED_KEYS = (
    "image", "dockerfile", "context", "target", "args", "secrets", "command", "workdir", "user", "mounts", "volumes",
    "env", "env_file", "ready", "needs",
)
BOX_KEYS = (
    *SHARED_KEYS, "sudo", "ports", "hooks", "host_ca", "ssh_agent", "git_identity", "proxy", "gpu", "sync_back",
    "watch",
)
SIDECAR_KEYS = (*SHARED_KEYS, "egress")
WATCH_ACTIONS = ("sync", "restart", "rebuild", "run")

Command = tuple[str, ...] | Literal["image"] | None


def read_box(table: Table, folder: ProjectFolder) -> Service:
    """The dev container."""
    table.only(BOX_KEYS)
    image, build = read_image(table, folder)
    mounts, volumes = read_mounts(table, folder), read_volumes(table)
    refuse_shared_targets(table, mounts, volumes)
    return Service(
        name=BOX, role="box", image=image, build=build, command=cast(Command, read_command(table)),
        workdir=table.parsed("workdir", notation.workdir), user=table.parsed("user", notation.user) or "host",
        sudo=table.flag("sudo"), mounts=mounts, volumes=volumes, ports=_read_ports(table), env=read_env(table, folder),
        needs=read_needs(table), ready=read_ready(table), hooks=_read_hooks(table),
        secrets=build.secrets if build else (), host_ca=table.flag("host_ca"), ssh_agent=table.flag("ssh_agent"),
        git_identity=table.flag("git_identity"), proxy=table.parsed("proxy", _proxy, quote=False) or "none",
        gpu=_read_gpu(table), egress=True, watch=_read_watch(table),
        sync_back=table.texts("sync_back", notation.glob), origin=table.origin, origins=table.origins,
    )


def read_sidecar(name: str, table: Table, folder: ProjectFolder) -> Service:
    """A helper container on the box's private network."""
    ports = table.get("ports")
    if ports is not None:
        raise mistake(
            ports, f"`{table.path('ports')}`: sidecars are private and publish no ports",
            hint=f"reach it from the box as `{name}`, or from this machine with `devbox tunnel {name}`",
        )
    table.only(SIDECAR_KEYS)
    image, build = read_image(table, folder)
    mounts, volumes = read_mounts(table, folder), read_volumes(table)
    refuse_shared_targets(table, mounts, volumes)
    return Service(
        name=name, role="sidecar", image=image, build=build, command=cast(Command, read_command(table)),
        workdir=table.parsed("workdir", notation.workdir), user=table.parsed("user", notation.user), mounts=mounts,
        volumes=volumes, env=read_env(table, folder), needs=read_needs(table), ready=read_ready(table),
        secrets=build.secrets if build else (), egress=table.flag("egress"), origin=table.origin, origins=table.origins,
    )


def _read_ports(table: Table) -> tuple[PortBinding, ...]:
    bindings: list[PortBinding] = []
    taken: set[tuple[str, int, str]] = set()
    for node, name in table.entries("ports"):
        parts = parsed(node, name, notation.port, expected='a string such as "8000:8000"')
        if (parts.address, parts.host, parts.protocol) in taken:
            taken_port = f"{parts.address}:{parts.host}"
            raise mistake(node, f"`{name}` publishes {taken_port}, which is taken; expected each port once")
        taken.add((parts.address, parts.host, parts.protocol))
        bindings.append(PortBinding(parts.container, parts.host, parts.address, parts.protocol, node.origin))
    return tuple(bindings)


def _read_hooks(table: Table) -> Hooks:
    hooks = table.table("hooks")
    if hooks is None:
        return Hooks()
    hooks.only(("create", "start"))
    return Hooks(create=hooks.texts("create", notation.plain), start=hooks.texts("start", notation.plain))


def _proxy(text: str) -> str:
    if text in ("host", "none"):
        return text
    try:
        return notation.http_url(text)
    except ValueError:
        raise ValueError("expected host, none, or a URL such as http://proxy.example:3128") from None


def _read_gpu(table: Table) -> str:
    node = table.get("gpu")
    if node is None:
        return "auto"
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        count = table.integer("gpu", 0)
        return str(count) if count else "none"
    if not isinstance(node.value, str):
        raise wrong_type(node, table.path("gpu"), "auto, all, none, or a count")
    return table.choice("gpu", ("auto", "all", "none")) or "auto"


def _read_watch(table: Table) -> tuple[WatchRule, ...]:
    rules = []
    for row in table.rows("watch"):
        row.only(("path", "action", "target", "run", "ignore"))
        path = parsed(row.need("path"), row.path("path"), notation.glob)
        row.need("action")
        action = row.choice("action", WATCH_ACTIONS)
        for key, owner in (("target", "sync"), ("run", "run")):
            node = row.get(key)
            if node is None and action == owner:
                raise mistake(row.node, f"`{row.name}` has no `{key}`; expected one, because its action is {owner}")
            if node is not None and action != owner:
                raise mistake(node, f"`{row.path(key)}` belongs to the action {owner}; this rule's action is {action}")
        rules.append(
            WatchRule(
                path=path, action=cast(Literal["sync", "restart", "rebuild", "run"], action),
                target=row.parsed("target", notation.container_path), run=row.text("run"),
                ignore=row.texts("ignore", notation.glob), origin=row.origin,
            )
        )
    return tuple(rules)
