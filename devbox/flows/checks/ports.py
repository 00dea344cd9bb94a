"""Ports that the box publishes: who has them on this machine, unless it is the box itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from devbox.core.doctor import Judged
from devbox.core.errors import DevboxError
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject
from devbox.flows.engine_facts import DEADLINE
from devbox.flows.probing import within

if TYPE_CHECKING:
    # Not at run time: most projects publish nothing.
    from devbox.core.port_checks import Port
    from devbox.core.project import PortBinding
    from devbox.engine.port import ContainerInfo, Engine

Found = tuple[tuple["Port", ...], str | None]


def _probe(subject: Subject, view: ProjectView) -> Found:
    wanted = view.project.box.ports if view.project else ()
    if view.project is None or not wanted:
        return (), None
    # Deferred: reading the machine's sockets costs 20 ms, and only published ports ask.
    from devbox.core.labels import project_id

    try:
        found = within(DEADLINE, lambda: _containers(subject.connect()))
    except DevboxError:
        found = ()  # no engine answers, so no container has a port
    if isinstance(found, str):
        return (), found
    containers = found or ()
    mine = project_id(view.project.root, subject.uid)
    return tuple(_look(binding, containers, mine) for binding in wanted), None


def _containers(engine: Engine) -> tuple[ContainerInfo, ...] | str:
    """What runs on this machine's engine, or why that does not matter here."""
    if not engine.endpoint.local:
        return "the ports are published on the engine's machine"
    return engine.containers({}, all=False)


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    from devbox.core import port_checks

    return port_checks.judge(*facts)


def _look(binding: PortBinding, containers: tuple[ContainerInfo, ...], mine: str) -> Port:
    from devbox.core.labels import PROJECT_ID
    from devbox.core.port_checks import Port
    from devbox.host.listeners import free_port

    container = _container_on(binding, containers)
    holder: str | None = None
    if container is None:
        holder = _process_on(binding)
    elif container.labels.get(PROJECT_ID) != mine:
        holder = f"container {container.name}"
    free = free_port(binding.address, binding.host_port) if holder and binding.protocol == "tcp" else None
    return Port(
        binding.address, binding.host_port, binding.container_port, binding.protocol, binding.origin, holder, free
    )


def _container_on(binding: PortBinding, containers: tuple[ContainerInfo, ...]) -> ContainerInfo | None:
    from devbox.host.listeners import ANY

    for container in containers:
        for port in container.ports:
            same = (port.host_port, port.protocol) == (binding.host_port, binding.protocol)
            if same and (port.address == binding.address or port.address in ANY or binding.address in ANY):
                return container
    return None


def _process_on(binding: PortBinding) -> str | None:
    from devbox.host.listeners import listener_on

    if binding.protocol != "tcp":
        return None
    listener = listener_on(binding.address, binding.host_port)
    if listener is None:
        return None
    if listener.pid is None:
        return "a process of another user"
    return f"{listener.program} (pid {listener.pid})" if listener.program else f"process {listener.pid}"


GROUP = Group("ports", {"ports": ""}, _probe, _judge)
