"""`down`: remove what `up` made, and what a crashed one left. Needs no trust and no readable project file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from devbox.core import labels as label
from devbox.core.errors import DevboxError
from devbox.core.events import Event, Note, OperationChanged, PlanMade
from devbox.core.frozen import dataclass
from devbox.core.labels import PROJECT_ID, Identity
from devbox.core.plan import Operation
from devbox.engine.port import Conflict, ContainerInfo, Engine
from devbox.flows.box.guard import take_lock
from devbox.flows.box.last_words import save_log
from devbox.flows.box.mutate import mutate
from devbox.flows.box.replace import STOP_SECONDS
from devbox.flows.box.stopwatch import Stopwatch
from devbox.flows.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Step:
    operation: Operation
    call: Callable[[], None]


def down(
    workspace: Workspace, *, volumes: bool = False, images: bool = False, dry_run: bool = False
) -> Iterator[Event]:
    """Remove containers, networks and dangling images of this project; named volumes and all images only when asked.

    Everything is found by label. Raises BusyError, EngineError, Cancelled.
    """
    watch = Stopwatch(workspace.clock, "lock")
    if dry_run:
        yield PlanMade(tuple(step.operation for step in _steps(workspace, volumes, images)))
        return
    held = yield from take_lock(workspace, "down")
    with held:
        watch.enter("observe")
        steps = _steps(workspace, volumes, images)
        yield PlanMade(tuple(step.operation for step in steps))
        watch.enter("remove")
        for step in steps:
            yield from _carry_out(workspace, step)
        # What hung on a container, an image without a tag for one, shows only after it is gone.
        for step in _images(workspace.engine, _identity(workspace), all_images=images):
            try:
                yield from _carry_out(workspace, step)
            except Conflict as error:
                # Somebody made a container or an image of their own from it.
                yield Note(f"an image stays: {error.summary}", "warn")
    yield watch.spent()


def _carry_out(workspace: Workspace, step: _Step) -> Iterator[Event]:
    workspace.cancel.check()
    start = workspace.clock.monotonic()
    yield OperationChanged(step.operation, "started")
    try:
        step.call()
    except DevboxError as error:
        yield OperationChanged(step.operation, "failed", workspace.clock.monotonic() - start, error.summary)
        raise
    yield OperationChanged(step.operation, "done", workspace.clock.monotonic() - start)


def _identity(workspace: Workspace) -> Identity:
    """Who this project is, from its path and user alone: the name only decorates."""
    return Identity.of("", str(workspace.root), workspace.uid)


def _steps(workspace: Workspace, volumes: bool, images: bool) -> list[_Step]:
    engine, selector = workspace.engine, _identity(workspace).selector
    cause = "`down` was asked for"
    # The box first: it uses the sidecars, never the other way round.
    containers = sorted(engine.containers(selector), key=lambda each: each.labels.get(label.ROLE) != "box")
    steps = [
        _Step(
            Operation("remove-container", each.labels.get(label.SERVICE, each.name), cause),
            partial(_remove_container, workspace, each),
        )
        for each in containers
    ]
    for network in engine.networks(selector):
        operation = Operation("remove-network", network.labels.get(label.NETWORK, network.name), cause)
        steps.append(_Step(operation, partial(mutate, "remove-network", partial(engine.remove_network, network.id))))
    for volume in engine.volumes(selector) if volumes else ():
        operation = Operation("remove-volume", volume.labels.get(label.VOLUME, volume.name), "`--volumes`")
        steps.append(_Step(operation, partial(mutate, "remove-volume", partial(engine.remove_volume, volume.name))))
    return steps


def _remove_container(workspace: Workspace, info: ContainerInfo) -> None:
    engine = workspace.engine
    if info.state in ("running", "paused", "restarting"):
        mutate("stop-container", lambda: engine.stop(info.id, STOP_SECONDS))
    if info.started_at is not None:
        save_log(workspace, info)
    mutate("remove-container", lambda: engine.remove_container(info.id))


def _images(engine: Engine, identity: Identity, *, all_images: bool) -> list[_Step]:
    steps = []
    for image in engine.images({PROJECT_ID: identity.project_id}):
        if image.tags and not all_images:
            continue
        cause = "`--images`" if image.tags else "no tag points to it any more"
        service = image.labels.get(label.SERVICE, image.id)
        for ref in image.tags or (image.id,):
            operation = Operation("remove-image", service, cause)
            steps.append(_Step(operation, partial(mutate, "remove-image", partial(engine.remove_image, ref))))
    return steps
