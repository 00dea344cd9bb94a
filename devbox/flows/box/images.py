"""Images before containers: built where the project says how, pulled where it names one."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

from devbox.core.desired import Desired, DesiredContainer
from devbox.core.errors import BuildError, DevboxError, EngineError, TimedOutError
from devbox.core.events import Event, OperationChanged, Waiting
from devbox.core.plan import Operation
from devbox.core.project import Service
from devbox.flows.box.mutate import mutate
from devbox.flows.box.observe import View, image_id
from devbox.flows.box.options import RebuildOptions
from devbox.flows.box.stopwatch import Deadline, Stopwatch
from devbox.flows.workspace import Workspace


def have_images(
    workspace: Workspace, view: View, *, build: bool, options: RebuildOptions, deadline: Deadline, watch: Stopwatch,
) -> Generator[Event, None, Desired]:
    """Every service's image, in start order; returns the desired state with their ids.

    Raises BuildError when one can't be built or had.
    """
    desired = view.desired
    ids: dict[str, str] = {}
    for wanted in desired.containers:
        if wanted.builds and build:
            watch.enter("build")
            ids[wanted.service] = yield from _limited(_build(workspace, view, wanted, options), deadline)
        elif wanted.image_id is None and wanted.builds:
            raise BuildError(f"the image of {wanted.service} is not built", hint="`devbox up` builds it")
        elif wanted.image_id is None:
            watch.enter("pull")
            ids[wanted.service] = yield from _limited(_pull(workspace, desired, wanted), deadline)
    return desired.with_images(ids)


def _build(
    workspace: Workspace, view: View, wanted: DesiredContainer, options: RebuildOptions
) -> Generator[Event, None, str]:
    # Deferred: a project of ready-made images needs no builder.
    from devbox.flows.build import BuildOptions, build_image

    service = workspace.project.service(wanted.service)
    assert service is not None
    chosen = BuildOptions(
        no_cache=options.no_cache, no_cache_filter=options.no_cache_filter, pull=options.pull,
        always=options.always or options.no_cache or bool(options.no_cache_filter) or options.pull,
    )
    return (
        yield from build_image(
            workspace, _with_target(service, options.target), tag=wanted.image,
            labels=view.desired.identity.image_labels(wanted.service, view.desired.mode), options=chosen,
            info=view.info,
        )
    )


def _with_target(service: Service, target: str | None) -> Service:
    if target is None or service.role != "box" or service.build is None:
        return service
    return replace(service, build=replace(service.build, target=target))


def _pull(workspace: Workspace, desired: Desired, wanted: DesiredContainer) -> Generator[Event, None, str]:
    operation = Operation("pull-image", wanted.image, "not on this engine")
    clock = workspace.clock
    start = reported = clock.monotonic()
    yield OperationChanged(operation, "started")
    try:
        stream = mutate("pull-image", lambda: workspace.engine.pull(wanted.image))
        with workspace.cancel.closing(stream.close):
            for _ in stream:
                if clock.monotonic() - reported >= 1.0:
                    reported = clock.monotonic()
                    yield Waiting(f"{wanted.image} to be pulled", reported - start)
        workspace.cancel.check()
        id = image_id(workspace.engine, wanted, desired)
        if id is None:
            raise BuildError(f"{wanted.image} was pulled but is not there")
    except DevboxError as error:
        yield OperationChanged(operation, "failed", clock.monotonic() - start, error.summary)
        if isinstance(error, EngineError):
            raise _cannot_be_had(wanted, error) from error
        raise
    yield OperationChanged(operation, "done", clock.monotonic() - start)
    return id


def _cannot_be_had(wanted: DesiredContainer, error: EngineError) -> BuildError:
    return BuildError(
        f"image {wanted.image} of {wanted.service} can't be had", detail=error.detail or error.summary,
        hint=f"`docker pull {wanted.image}` tries it by hand",
    )


def _limited(events: Generator[Event, None, str], deadline: Deadline) -> Generator[Event, None, str]:
    """The same events, ended when `--timeout` passes."""
    iterator: Iterator[Event] = events
    try:
        while True:
            event = next(iterator)
            if deadline.passed:
                raise TimedOutError("`--timeout` passed during the build", hint="`devbox up` goes on from here")
            yield event
    except StopIteration as stop:
        return str(stop.value)
    finally:
        events.close()
