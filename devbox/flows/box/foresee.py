"""`plan`: the operations `up` would do, each with its cause, and the forecast of every build. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from devbox.core.build_forecast import BuildForecast
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
SETTINGS_CHANGED = "the image's settings changed"
"""All its steps are in the cache: ENV, CMD, LABEL, USER or EXPOSE changed, or it is the image of an earlier state."""


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

    @property
    def service(self) -> str:
        """Whose image it is."""
        return self.forecast.service


def foresee(workspace: Workspace, said: Callable[[Waiting], None] = lambda waiting: None) -> Foreseen:
    """Look at everything and decide nothing; `said` hears what takes long.

    Raises ConfigError, and EngineError where no engine answers.
    """
    view = look(workspace)
    seen = tuple(_builds(workspace, view, said))
    have = {each.service: each.image for each in view.desired.containers if each.image_id is not None}
    # What has no image yet is the reconciler's to name.
    built = [(each, _outcome(workspace, each, have[each.service])) for each in seen if each.service in have]
    changing = {each.service: why for each, (why, changes) in built if changes}
    desired = view.desired.with_images(dict.fromkeys(changing, _NEW))
    operations = tuple(_said(each, changing) for each in reconcile(desired, view.observed).operations)
    builds = tuple(Operation("build-image", each.service, why) for each, (why, _) in built if why)
    return Foreseen((*builds, *operations), tuple(each.forecast for each in seen), view.desired.mode)


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


def _outcome(workspace: Workspace, seen: SeenBuild, tag: str) -> tuple[str, bool]:
    """Why `up` would start a builder, empty where it would not; and whether the image that is there gets replaced."""
    # Deferred as in `_look_at`: the ledger is not needed where nothing is built.
    from devbox.flows.build_book import image_is_known, kept_image

    build, outlook = seen.forecast, seen.outlook
    fails = next((step for step in build.steps if step.absent), None)
    if fails is not None:
        return f"step {build.place(fails)} will fail: not in the build context: {', '.join(fails.absent[:3])}", False
    breaks = next((step for step in build.steps if step.word == "miss"), None)
    if breaks is not None:
        return f"step {build.place(breaks)} will run", True
    if outlook is None or outlook.forecast is None or outlook.image_key is None or not outlook.forecast.all_hit:
        open_ = next((step for step in build.steps if step.word in ("depends", "unknown")), None)
        of_step = open_ and (open_.reason or f"step {build.place(open_)} {open_.word}")
        why = build.reason or of_step or "not all is known"
        return f"only the build can tell whether it changes ({why})", False
    if kept_image(workspace, outlook, tag) is not None:
        return "", False
    if image_is_known(workspace, tag):
        return SETTINGS_CHANGED, True
    return "every step is in the cache, but it is not known what the image there was built from", False


def _said(operation: Operation, changing: dict[str, str]) -> Operation:
    why = changing.get(operation.resource)
    if why is None or not operation.cause.startswith("image changed"):
        return operation
    return replace(operation, cause=f"image changed: {why}")
