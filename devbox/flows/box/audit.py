"""The run-time audit of privacy: what runs is checked, not only what was asked for (X5, security.md 6)."""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.events import Event, Note
from devbox.flows.box.observe import View
from devbox.flows.workspace import Workspace
from devbox.host.interfaces import addresses_of


def audit_networks(workspace: Workspace, view: View) -> Iterator[Event]:
    """A warning for every sidecar that publishes a port and every private network that this host can reach."""
    for container in view.observed.containers:
        info = view.info_of(container.id)
        if container.role == "sidecar" and info is not None and info.ports:
            places = ", ".join(f"{port.address}:{port.host_port}" for port in info.ports)
            yield Note(f"{container.service} publishes {places}: a sidecar must not", "warn")
    network = view.observed.network("private")
    if network is None or not workspace.engine.endpoint.local:
        return
    # The bridge of a network is named after its id, unless the engine is rootless and has its own network namespace.
    addresses = addresses_of(f"br-{network.id[:12]}")
    if addresses:
        yield Note(f"this host has the address {addresses[0]} on the private network {network.name}", "warn")
