"""Desired + observed → plan: every operation with its cause, in the order of execution. Pure.

Rules: security.md 9.2 and 9.3. A service's container is replaced by generation; what an interrupted run left is
finished (a newer container that ran wins) or undone (one that never ran is removed).
"""

from __future__ import annotations

from typing import Literal

from devbox.core.desired import Desired, DesiredContainer, DesiredVolume, NetworkKind
from devbox.core.frozen import dataclass
from devbox.core.observed import Observed, ObservedContainer, ObservedNetwork, network_fits
from devbox.core.plan import Operation
from devbox.core.present import STOPPED
from devbox.core.staleness import describe, staleness

Action = Literal["keep", "create", "recreate", "start", "restart", "adopt"]


@dataclass(frozen=True, slots=True)
class Removal:
    """An object that goes."""

    id: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class NetworkStep:
    """A network to create."""

    kind: NetworkKind
    generation: int
    operation: Operation


@dataclass(frozen=True, slots=True)
class VolumeStep:
    """A volume to create."""

    volume: DesiredVolume
    operation: Operation


@dataclass(frozen=True, slots=True)
class ServiceStep:
    """What happens to one service's container."""

    service: str
    action: Action
    generation: int
    """Of the container that will run."""
    current: str | None = None
    """The container that stays or is started; None when one is created."""
    old: tuple[str, ...] = ()
    """Containers that stop before it starts and go once it is ready; the first is the one to come back if it is not."""
    operations: tuple[Operation, ...] = ()
    prepared: bool = False
    """Whether the create hooks have run in the current container."""

    @property
    def begins(self) -> bool:
        """Whether a process starts: hooks run and readiness is waited for."""
        return self.action not in ("keep",)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to do, in order: leftovers go, networks and volumes come, services converge, old networks go."""

    images: tuple[Operation, ...] = ()
    """Images still to be had; a run has them before it plans."""
    leftovers: tuple[Removal, ...] = ()
    networks: tuple[NetworkStep, ...] = ()
    volumes: tuple[VolumeStep, ...] = ()
    services: tuple[ServiceStep, ...] = ()
    old_networks: tuple[Removal, ...] = ()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All of it as operations; empty when nothing is to do."""
        return (
            *self.images,
            *(removal.operation for removal in self.leftovers),
            *(step.operation for step in self.networks),
            *(step.operation for step in self.volumes),
            *(operation for step in self.services for operation in step.operations),
            *(removal.operation for removal in self.old_networks),
        )

    def service(self, name: str) -> ServiceStep | None:
        """The step of one service."""
        return next((step for step in self.services if step.service == name), None)


def reconcile(desired: Desired, observed: Observed) -> Plan:
    """What makes the engine have what the project asks for."""
    return Plan(
        images=tuple(_images(desired)),
        leftovers=_leftovers(desired, observed),
        networks=tuple(_networks(desired, observed)),
        volumes=tuple(_volumes(desired, observed)),
        services=tuple(_service(wanted, desired, observed) for wanted in desired.containers),
        old_networks=tuple(_old_networks(desired, observed)),
    )


def running_container(observed: Observed, service: str) -> ObservedContainer | None:
    """The container that stands for a service: the newest that ever ran, else the newest."""
    found = observed.of_service(service)
    return next((container for container in found if container.started), found[0] if found else None)


def _images(desired: Desired) -> list[Operation]:
    missing = [wanted for wanted in desired.containers if wanted.image_id is None]
    return [
        Operation("build-image", wanted.service, "not built yet")
        if wanted.builds
        else Operation("pull-image", wanted.image, "not on this engine")
        for wanted in missing
    ]


def _leftovers(desired: Desired, observed: Observed) -> tuple[Removal, ...]:
    declared = {container.service for container in desired.containers}
    removals = []
    for found in observed.containers:
        if found.service not in declared:
            removals.append(_remove(found, f"service {found.service} is no longer declared"))
        elif not found.started:
            removals.append(_remove(found, "left unfinished by an interrupted run"))
    return tuple(removals)


def _remove(found: ObservedContainer, cause: str) -> Removal:
    return Removal(found.id, Operation("remove-container", found.service, cause))


def _networks(desired: Desired, observed: Observed) -> list[NetworkStep]:
    steps = []
    for kind in desired.networks:
        if observed.network(kind):
            continue
        same_kind = [network for network in observed.networks if network.kind == kind]
        generation = 1 + max((network.generation for network in same_kind), default=0)
        cause = _network_cause(same_kind[0]) if same_kind else "not found"
        steps.append(NetworkStep(kind, generation, Operation("create-network", kind, cause)))
    return steps


def _network_cause(network: ObservedNetwork) -> str:
    if network.kind == "egress":
        return f"{network.name} is internal"
    return f"{network.name} is reachable from the host"


def _old_networks(desired: Desired, observed: Observed) -> list[Removal]:
    kept = {network.id for kind in desired.networks if (network := observed.network(kind))}
    return [
        Removal(network.id, Operation("remove-network", network.kind or network.name, _old_network_cause(network)))
        for network in observed.networks
        if network.id not in kept
    ]


def _old_network_cause(network: ObservedNetwork) -> str:
    return "left by an interrupted run" if network_fits(network) else "replaced by a new one"


def _volumes(desired: Desired, observed: Observed) -> list[VolumeStep]:
    there = {volume.name for volume in observed.volumes}
    return [
        VolumeStep(volume, Operation("create-volume", volume.declared, "not found"))
        for volume in desired.volumes
        if volume.name not in there
    ]


def _service(wanted: DesiredContainer, desired: Desired, observed: Observed) -> ServiceStep:
    everything = observed.of_service(wanted.service)
    ran = [container for container in everything if container.started]
    following = 1 + max((container.generation for container in everything), default=0)
    if not ran:
        cause = "not found" if not everything else "the last one never started"
        return _step(wanted, "create", following, cause=cause)
    current, *older = ran
    stale = staleness(wanted, desired, current, observed)
    if stale:
        return _step(wanted, "recreate", following, old=tuple(each.id for each in ran), cause=describe(stale))
    if older:
        cause = "an interrupted run left two generations"
        return _step(wanted, "adopt", current.generation, current, tuple(each.id for each in older), cause)
    if current.state == "running":
        return _step(wanted, "keep", current.generation, current)
    if current.state in ("paused", "restarting"):
        return _step(wanted, "restart", current.generation, current, cause=f"it is {current.state}")
    if current.state == "dead":
        return _step(wanted, "recreate", following, old=(current.id,), cause="it is dead")
    return _step(wanted, "start", current.generation, current, cause=_stopped(current))


def _stopped(container: ObservedContainer) -> str:
    if container.exit_code in (None, STOPPED):
        return "it is stopped"
    return f"it has exited with code {container.exit_code}"


def _step(
    wanted: DesiredContainer, action: Action, generation: int, current: ObservedContainer | None = None,
    old: tuple[str, ...] = (), cause: str = "",
) -> ServiceStep:
    prepared = current is not None and current.prepared
    operations = []
    if action == "adopt":
        operations.append(Operation("remove-container", wanted.service, cause))
    elif action != "keep":
        operations.append(Operation(f"{action}-container", wanted.service, cause))
    if wanted.hooks.create and not prepared:
        why = "once in each container" if current is None else "it has not run in this container"
        operations.append(Operation("run-hook", wanted.service, f"create: {why}"))
    if action != "keep" and wanted.hooks.start:
        operations.append(Operation("run-hook", wanted.service, "start: at each start"))
    if action != "keep" and wanted.ready:
        operations.append(Operation("wait-ready", wanted.service, wanted.ready.words))
    stays = current.id if current else None
    return ServiceStep(wanted.service, action, generation, stays, old, tuple(operations), prepared)
