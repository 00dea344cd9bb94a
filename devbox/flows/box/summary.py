"""A look at the engine as the status that people and programs read (contract.md, status)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlsplit

from devbox.core.desired import DesiredContainer
from devbox.core.observed import ObservedContainer
from devbox.core.project import Ready
from devbox.core.reconcile import running_container
from devbox.core.staleness import staleness
from devbox.core.status import BoxStatus, MountStatus, PortStatus, ServiceStatus
from devbox.engine.port import ContainerInfo, EngineInfo, EngineReader, MountInfo
from devbox.flows.box.last_words import masked_last_lines
from devbox.flows.workspace import Workspace

if TYPE_CHECKING:
    from devbox.flows.box.observe import View


def summarize(view: View, workspace: Workspace) -> BoxStatus:
    """One status of everything: declared services first, then what is left over of others."""
    desired, observed = view.desired, view.observed
    ordered = sorted(desired.containers, key=lambda container: container.role != "box")
    services = [_service(view, wanted, running_container(observed, wanted.service), workspace) for wanted in ordered]
    declared = {container.service for container in desired.containers}
    orphans = [each for each in observed.containers if each.service not in declared]
    services += [_service(view, None, orphan, workspace) for orphan in orphans]
    network = observed.network("private")
    return BoxStatus(
        project=view.project.name, mode=view.project.mode, engine=engine_words(workspace.engine, view.info),
        services=tuple(services), network=network.name if network else None,
        volumes=tuple(sorted(volume.name for volume in observed.volumes)),
    )


def engine_words(engine: EngineReader, info: EngineInfo) -> str:
    """How the engine was chosen and what it is: `20.10.24 at unix:///… (DOCKER_HOST)`."""
    return f"{info.version} at {engine.endpoint.url} ({engine.endpoint.source})"


def _service(
    view: View, wanted: DesiredContainer | None, found: ObservedContainer | None, workspace: Workspace
) -> ServiceStatus:
    if found is None:
        assert wanted is not None
        egress = "egress" in wanted.networks
        return ServiceStatus(wanted.service, wanted.role, "absent", image=wanted.image, egress=egress)
    info = view.info_of(found.id)
    assert info is not None
    outside = view.observed.network("egress")
    return ServiceStatus(
        name=found.service, role=found.role, state=found.state, health=info.health, container=found.id,
        image=found.image_ref, exit_code=found.exit_code, started_at=info.started_at, finished_at=info.finished_at,
        stale=staleness(wanted, view.desired, found, view.observed) if wanted else (),
        ports=_ports(info, wanted.ready if wanted else None), mounts=tuple(map(_mount, info.mounts)),
        egress=outside is not None and outside.name in info.networks,
        last_lines=() if found.state == "running" else masked_last_lines(workspace, info),
    )


def _ports(info: ContainerInfo, ready: Ready | None) -> tuple[PortStatus, ...]:
    scheme, asked = _spoken(ready)
    return tuple(
        PortStatus(
            each.address, each.host_port, each.container_port, each.protocol,
            scheme if each.protocol == "tcp" and each.container_port == asked else "",
        )
        for each in info.ports
    )


def _spoken(ready: Ready | None) -> tuple[str, int | None]:
    """Scheme and port at which the service is asked whether it is ready."""
    if ready is None or ready.kind != "http":
        return "", None
    try:
        url = urlsplit(ready.value)
        return url.scheme, url.port or {"http": 80, "https": 443}.get(url.scheme)
    except ValueError:
        return "", None


def _mount(mount: MountInfo) -> MountStatus:
    kind = cast('Literal["bind", "volume", "tmpfs"]', mount.kind)
    return MountStatus(kind, mount.volume or mount.source, mount.target, mount.read_only)
