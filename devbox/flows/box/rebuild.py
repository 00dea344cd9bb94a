"""`rebuild`: build now, then recreate what the new image makes stale."""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.events import Event, Note, PlanMade, Settled
from devbox.core.plan import Operation
from devbox.core.project import BOX
from devbox.flows.box.guard import admit
from devbox.flows.box.images import have_images
from devbox.flows.box.observe import look
from devbox.flows.box.options import RebuildOptions
from devbox.flows.box.remote import require_local_mounts
from devbox.flows.box.requirements import require_host
from devbox.flows.box.stopwatch import Deadline, Stopwatch
from devbox.flows.box.up import converge
from devbox.flows.workspace import Workspace

_DEFAULT = RebuildOptions()


def rebuild(workspace: Workspace, options: RebuildOptions = _DEFAULT) -> Iterator[Event]:
    """Build the project's images, then replace the containers that no longer fit; what does not run stays so.

    Raises what `up` raises, and UsageError for a stage to build without cache that no Dockerfile has.
    """
    _check_stages(workspace, options.no_cache_filter)
    watch, deadline = Stopwatch(workspace.clock, "observe"), Deadline(workspace.clock, options.timeout)
    if options.dry_run:
        built = [container.service for container in look(workspace).desired.containers if container.builds]
        yield PlanMade(tuple(Operation("build-image", service, "asked for") for service in built))
        return
    held = yield from admit(workspace, "rebuild", watch)
    with held:
        watch.enter("observe")
        view = look(workspace)
        require_host(workspace, view.info)
        require_local_mounts(workspace, view.desired)
        desired = yield from have_images(
            workspace, view, build=True, options=options, deadline=deadline, watch=watch
        )
        watch.enter("plan")
        if view.containers:
            yield from converge(
                workspace, view, desired, wait=options.wait, deadline=deadline, watch=watch, only_stale=True
            )
        else:
            yield Note("nothing runs: `devbox up` starts it")
            box = desired.container(BOX)
            yield Settled((), box.image_id if box else None)
    yield watch.spent()


def _check_stages(workspace: Workspace, stages: tuple[str, ...]) -> None:
    """The builder itself passes over a stage it does not know: nothing would be built anew, and nobody told."""
    if not stages:
        return
    # Deferred: few rebuilds name a stage.
    from devbox.core.errors import UsageError
    from devbox.flows.build_request import stage_names

    found = [stage_names(workspace, service) for service in workspace.project.services]
    known = list(dict.fromkeys(name for names in found for name in names or ()))
    unknown = next((stage for stage in stages if stage.lower() not in known), None)
    if unknown is not None and None not in found:
        raise UsageError(
            f"there is no stage {unknown} to build without cache", hint=f"stages here: {', '.join(known) or 'none'}"
        )
