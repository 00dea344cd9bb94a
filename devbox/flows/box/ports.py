"""Ports of the box: taken ones are found before anything is stopped, with who has them and a free one (X5)."""

from __future__ import annotations

from collections.abc import Iterable

from devbox.core import labels as label
from devbox.core.desired import DesiredContainer
from devbox.core.errors import NotReadyError
from devbox.core.project import PortBinding
from devbox.core.reconcile import ServiceStep
from devbox.core.text import clean
from devbox.engine.port import ContainerInfo
from devbox.flows.workspace import Workspace
from devbox.host.listeners import ANY, free_port, listener_on


def check_ports(workspace: Workspace, wanted: DesiredContainer, step: ServiceStep) -> None:
    """Raise NotReadyError when a port that this step will publish belongs to somebody else."""
    if step.action == "keep" or not wanted.ports:
        return
    own = {step.current, *step.old}
    everything = workspace.engine.containers({}, all=False)
    others = [each for each in everything if each.id not in own]
    mine = [each for each in everything if each.id in own]
    for address, port, _, protocol in wanted.ports:
        holder = _container_on(others, address, port, protocol)
        if holder:
            raise _taken(workspace, address, port, _describe(holder))
        if protocol == "tcp" and not _container_on(mine, address, port, protocol):
            _check_host(workspace, address, port)


def port_taken(workspace: Workspace, address: str, port: int) -> NotReadyError:
    """The error for a port that was taken between the check and the start."""
    holder = _container_on(workspace.engine.containers({}, all=False), address, port, "tcp")
    return _taken(workspace, address, port, _describe(holder) if holder else _listener(workspace, address, port))


def _check_host(workspace: Workspace, address: str, port: int) -> None:
    if not workspace.engine.endpoint.local:
        return
    who = _listener(workspace, address, port)
    if who:
        raise _taken(workspace, address, port, who)


def _listener(workspace: Workspace, address: str, port: int) -> str:
    found = listener_on(address, port) if workspace.engine.endpoint.local else None
    if found is None:
        return ""
    if found.pid is None:
        return "a process of another user"
    return f"{clean(found.program)} (pid {found.pid})" if found.program else f"process {found.pid}"


def _container_on(containers: Iterable[ContainerInfo], address: str, port: int, protocol: str) -> ContainerInfo | None:
    for container in containers:
        for each in container.ports:
            same = each.host_port == port and each.protocol == protocol
            if same and (each.address == address or each.address in ANY or address in ANY):
                return container
    return None


def _describe(container: ContainerInfo) -> str:
    root = container.labels.get(label.ROOT)
    return f"container {clean(container.name)}" + (f" of {clean(root)}" if root else "")


def _taken(workspace: Workspace, address: str, port: int, who: str) -> NotReadyError:
    binding = _binding(workspace, address, port)
    free = free_port(address, port) if workspace.engine.endpoint.local else None
    hint = f"`ss -ltnp 'sport = :{port}'` shows who has it"
    if free and binding:
        written = f"{free}:{binding.container_port}"
        hint = f'{free} is free: `ports = ["{written}"]`'
    origin = binding.origin if binding else None
    return NotReadyError(
        f"port {port} on {address} is already in use" + (f" by {who}" if who else ""), hint=hint,
        path=origin.path if origin else None, line=origin.line if origin else None,
    )


def _binding(workspace: Workspace, address: str, port: int) -> PortBinding | None:
    for each in workspace.project.box.ports:
        if (each.address, each.host_port) == (address, port):
            return each
    return next((each for each in workspace.project.box.ports if each.host_port == port), None)
