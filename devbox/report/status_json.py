"""A status as the contract's JSON fields."""

from __future__ import annotations

from typing import Any

from devbox.core.status import BoxStatus, ServiceStatus
from devbox.core.text import clean


def status_fields(status: BoxStatus) -> dict[str, Any]:
    """The fields of `devbox status --json`."""
    return {
        "project": status.project,
        "mode": status.mode,
        "engine": status.engine,
        "services": [service_object(service) for service in status.services],
        "network": status.network,
        "volumes": list(status.volumes),
    }


def service_object(service: ServiceStatus) -> dict[str, Any]:
    """One service, as `status`, `up` and `rebuild` report it."""
    return {
        "name": service.name,
        "role": service.role,
        "state": service.state,
        "health": service.health,
        "container": service.container,
        "image": service.image,
        "exit_code": service.exit_code,
        "started_at": service.started_at,
        "finished_at": service.finished_at,
        "egress": service.egress,
        "stale": [
            {"field": each.field, "was": clean(each.was), "now": clean(each.now), "action": each.action}
            for each in service.stale
        ],
        "ports": [
            {
                "address": port.address, "host_port": port.host_port, "container_port": port.container_port,
                "protocol": port.protocol, "place": port.place,
            }
            for port in service.ports
        ],
        "mounts": [
            {"kind": mount.kind, "source": mount.source, "target": mount.target, "read_only": mount.read_only}
            for mount in service.mounts
        ],
        "last_lines": [clean(line) for line in service.last_lines],
    }
