"""What cannot work when the engine is another machine."""

from __future__ import annotations

from devbox.core.desired import Desired
from devbox.core.errors import EngineError
from devbox.flows.workspace import Workspace


def require_local_mounts(workspace: Workspace, desired: Desired) -> None:
    """Raise EngineError when live mounts are asked of an engine that does not see this machine's files."""
    endpoint = workspace.engine.endpoint
    mounting = [container.service for container in desired.containers if container.binds]
    if endpoint.local or not mounting:
        return
    raise EngineError(
        f"{mounting[0]} has live mounts, and the engine at {endpoint.url} ({endpoint.source}) is another machine: "
        "this version mounts only on a local engine",
        hint="`devbox --engine unix:///var/run/docker.sock up` uses the engine of this machine",
    )
