"""`plan`: the operations `up` would do, each with its cause, and the forecast of every build. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from devbox.core.build_forecast import BuildForecast, ForecastStep
from devbox.core.desired import DesiredContainer
from devbox.core.events import Waiting
from devbox.core.frozen import dataclass
from devbox.core.plan import Operation
from devbox.core.reconcile import reconcile
from devbox.flows.box.observe import View, look
from devbox.flows.workspace import Workspace

if TYPE_CHECKING:
    from devbox.flows.build_request import Prepared
    from devbox.flows.outlook import Outlook

_NEW = "sha256:" + "0" * 64
"""Stands for an image that will be built."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What `up` would do."""

    operations: tuple[Operation, ...]
    builds: tuple[BuildForecast, ...]
    mode: str

    def build_of(self, service: str) -> BuildForecast | None:
        """The forecast of a service's build."""
        return next((each for each in self.builds if each.service == service), None)


@dataclass(frozen=True, slots=True)
class SeenBuild:
    """The forecast of one build and what it was made from; that is None where none could be made."""

    forecast: BuildForecast
    outlook: Outlook | None = None
    prepared: Prepared | None = None


def foresee(workspace: Workspace, said: Callable[[Waiting], None] = lambda waiting: None) -> Foreseen:
    """Look at everything and decide nothing; `said` hears what takes long.

    Raises ConfigError, and EngineError where no engine answers.
    """
    view = look(workspace)
    builds = tuple(seen.forecast for seen in _builds(workspace, view, said))
    changing = {build.service: step for build in builds if (step := _breaks(build)) is not None}
    have = {each.service for each in view.desired.containers if each.image_id is not None}
    desired = view.desired.with_images({service: _NEW for service in changing if service in have})
    operations = tuple(_said(each, changing) for each in reconcile(desired, view.observed).operations)
    rebuilt = tuple(
        Operation("build-image", service, f"step {_place(step)} will run")
        for service, step in changing.items() if service in have
    )
    return Foreseen((*rebuilt, *operations), builds, view.desired.mode)


def foresee_builds(
    workspace: Workspace, said: Callable[[Waiting], None] = lambda waiting: None
) -> tuple[SeenBuild, ...]:
    """The forecasts alone, with what they were made from. Raises as `foresee` does."""
    return tuple(_builds(workspace, look(workspace), said))


def _builds(workspace: Workspace, view: View, said: Callable[[Waiting], None]) -> Iterator[SeenBuild]:
    return (_look_at(workspace, view, each, said) for each in view.desired.containers if each.builds)


def _look_at(
    workspace: Workspace, view: View, wanted: DesiredContainer, said: Callable[[Waiting], None]
) -> SeenBuild:
    # Deferred: a project of ready-made images needs no builder.
    from devbox.core.errors import DevboxError
    from devbox.flows.build_request import BuildOptions, prepare
    from devbox.flows.outlook import look_ahead

    service = workspace.project.service(wanted.service)
    assert service is not None
    options = BuildOptions()
    try:
        builder = workspace.choose_builder(workspace.engine)
        labels = view.desired.identity.image_labels(wanted.service, view.desired.mode)
        prepared = prepare(workspace, service, builder, tag=wanted.image, labels=labels, options=options)
        looking = look_ahead(workspace, service, builder, prepared, options, view.info)
        while True:
            try:
                said(next(looking))
            except StopIteration as done:
                outlook: Outlook = done.value
                return SeenBuild(outlook.summary(service.name, prepared), outlook, prepared)
    except DevboxError as error:
        build = service.build
        return SeenBuild(BuildForecast(
            service.name, (build.target if build else None) or "", build.dockerfile if build else "",
            reason=error.summary,
        ))


def _breaks(build: BuildForecast) -> ForecastStep | None:
    return next((step for step in build.steps if step.word == "miss"), None)


def _said(operation: Operation, changing: dict[str, ForecastStep]) -> Operation:
    step = changing.get(operation.resource)
    if step is None or not operation.cause.startswith("image changed"):
        return operation
    return replace(operation, cause=f"image changed: step {_place(step)} will run")


def _place(step: ForecastStep) -> str:
    return f"{step.stage} {step.index}/{step.of}"
