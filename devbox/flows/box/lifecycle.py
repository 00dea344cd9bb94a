"""`stop`, `start`, `restart`: what exists, without making or removing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from devbox.core import labels as label
from devbox.core.desired import DesiredContainer, start_levels
from devbox.core.errors import ConfigError, DevboxError, NotReadyError, UsageError
from devbox.core.events import Event, OperationChanged
from devbox.core.labels import Identity
from devbox.core.plan import Operation
from devbox.engine.port import ContainerInfo, PortTaken, Refused
from devbox.flows.box.guard import take_lock
from devbox.flows.box.hooks import run_hooks
from devbox.flows.box.mutate import mutate
from devbox.flows.box.observe import look, project_containers
from devbox.flows.box.ports import port_taken
from devbox.flows.box.ready import wait_ready
from devbox.flows.box.replace import STOP_SECONDS
from devbox.flows.box.stopwatch import Deadline
from devbox.flows.trust import require_trust
from devbox.flows.workspace import Workspace


def stop(workspace: Workspace, services: tuple[str, ...] = ()) -> Iterator[Event]:
    """Stop these services (default all), the box before what it needs. Needs no trust: it only ends things.

    Raises UsageError for an unknown service, BusyError, EngineError.
    """
    held = yield from take_lock(workspace, "stop")
    with held:
        for info in reversed(_chosen(workspace, services)):
            if info.state in ("running", "paused", "restarting"):
                call = partial(workspace.engine.stop, info.id, STOP_SECONDS)
                yield from _act(workspace, "stop-container", info, call)


def start(workspace: Workspace, services: tuple[str, ...] = (), *, wait: bool = True) -> Iterator[Event]:
    """Start these services (default all) where they are stopped, and wait until they are ready.

    Raises NotTrustedError, UsageError, NotReadyError, BusyError, EngineError.
    """
    require_trust(workspace)
    held = yield from take_lock(workspace, "start")
    with held:
        yield from _bring_up(workspace, services, restarting=False, wait=wait)


def restart(workspace: Workspace, services: tuple[str, ...] = (), *, wait: bool = True) -> Iterator[Event]:
    """Restart these services (default all), and wait until they are ready; raises what `start` raises."""
    require_trust(workspace)
    held = yield from take_lock(workspace, "restart")
    with held:
        yield from _bring_up(workspace, services, restarting=True, wait=wait)


def _bring_up(workspace: Workspace, services: tuple[str, ...], *, restarting: bool, wait: bool) -> Iterator[Event]:
    engine, deadline = workspace.engine, Deadline(workspace.clock, workspace.lock_timeout)
    desired = look(workspace).desired
    for info in _chosen(workspace, services):
        running = info.state == "running"
        if running and not restarting:
            continue
        if running or info.state in ("paused", "restarting"):
            call = partial(engine.restart, info.id, STOP_SECONDS)
            yield from _act(workspace, "restart-container", info, call)
        else:
            yield from _act(workspace, "start-container", info, partial(engine.start, info.id))
        wanted = desired.container(info.labels[label.SERVICE])
        if wanted is not None:
            yield from _serve(workspace, wanted, info.id, deadline, wait=wait)


def _serve(
    workspace: Workspace, wanted: DesiredContainer, id: str, deadline: Deadline, *, wait: bool
) -> Iterator[Event]:
    if wanted.hooks.start:
        yield from run_hooks(workspace, wanted, id, "start", deadline)
    if wait:
        yield from wait_ready(workspace, wanted, id, deadline)


def _act(workspace: Workspace, kind: str, info: ContainerInfo, call: Callable[[], None]) -> Iterator[Event]:
    workspace.cancel.check()
    service = info.labels[label.SERVICE]
    operation, begin = Operation(kind, service, "asked for"), workspace.clock.monotonic()
    yield OperationChanged(operation, "started")
    try:
        mutate(kind, call)
    except DevboxError as error:
        yield OperationChanged(operation, "failed", workspace.clock.monotonic() - begin, error.summary)
        if isinstance(error, PortTaken):
            raise port_taken(workspace, error.address, error.port) from error
        if isinstance(error, Refused):
            raise NotReadyError(
                f"{service} does not start: {error.summary}", detail=error.detail, hint="`devbox up` puts it right"
            ) from error
        raise
    yield OperationChanged(operation, "done", workspace.clock.monotonic() - begin)


def _chosen(workspace: Workspace, services: tuple[str, ...]) -> list[ContainerInfo]:
    """The newest container of each chosen service, in start order."""
    identity = Identity.of("", str(workspace.root), workspace.uid)
    newest: dict[str, ContainerInfo] = {}
    for info in sorted(project_containers(workspace.engine, identity), key=_generation):
        if info.started_at is not None:  # what never ran is unfinished, and the next `up` removes it
            newest[info.labels[label.SERVICE]] = info
    order = _start_order(workspace)
    for name in services:
        if name not in newest and name not in order:
            raise UsageError(f"no service `{name}`", hint=f"services here: {', '.join(order) or 'none'}")
        if name not in newest:
            raise NotReadyError(f"{name} has no container", hint="`devbox up` makes it")
    chosen = [info for name, info in newest.items() if not services or name in services]
    rank = {name: index for index, name in enumerate(order)}
    return sorted(chosen, key=lambda info: rank.get(info.labels[label.SERVICE], -1))


def _start_order(workspace: Workspace) -> tuple[str, ...]:
    try:
        return tuple(name for level in start_levels(workspace.project) for name in level)
    except ConfigError:
        # A broken file must not keep anything from being stopped.
        return ()


def _generation(info: ContainerInfo) -> int:
    text = info.labels.get(label.GENERATION, "")
    return int(text) if text.isascii() and text.isdecimal() else 0
