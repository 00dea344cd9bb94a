"""`up`: trust → lock → observe → build → plan → execute, idempotent, with an account of the time (X1, X11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from devbox.core.desired import Desired
from devbox.core.events import Event, Note, PlanMade, Settled
from devbox.core.project import BOX, Project
from devbox.core.reconcile import Plan, reconcile
from devbox.flows.box.audit import audit_networks
from devbox.flows.box.guard import admit
from devbox.flows.box.images import have_images
from devbox.flows.box.observe import View, look, look_again
from devbox.flows.box.options import RebuildOptions, UpOptions
from devbox.flows.box.remote import require_local_mounts
from devbox.flows.box.requirements import require_host
from devbox.flows.box.stopwatch import Deadline, Stopwatch
from devbox.flows.box.summary import summarize
from devbox.flows.workspace import Workspace
from devbox.host.ca import find_bundle

_DEFAULT = UpOptions()
FRESH = 1.0
"""Seconds for which a look at the engine is good."""


def up(workspace: Workspace, options: UpOptions = _DEFAULT) -> Iterator[Event]:
    """Build if needed, then make network, volumes, sidecars and box what the project asks for; wait until ready.

    Nothing changed means that nothing is done. Raises NotTrustedError, BusyError, RequirementError, BuildError,
    NotReadyError, EngineError, ConfigError, TimedOutError, Cancelled.
    """
    watch, deadline = Stopwatch(workspace.clock, "observe"), Deadline(workspace.clock, options.timeout)
    if options.dry_run:
        view = look(workspace)
        yield PlanMade(reconcile(view.desired, view.observed).operations)
        return
    held = yield from admit(workspace, "up", watch)
    with held:
        watch.enter("observe")
        view = look(workspace)
        require_host(workspace, view.info)
        require_local_mounts(workspace, view.desired)
        yield from missing_ca(workspace, view.project)
        desired = yield from have_images(
            workspace, view, build=options.build != "never",
            options=RebuildOptions(always=options.build == "force"), deadline=deadline, watch=watch,
        )
        watch.enter("plan")
        yield from converge(workspace, view, desired, wait=options.wait, deadline=deadline, watch=watch)
    yield watch.spent()


def converge(
    workspace: Workspace, view: View, desired: Desired, *, wait: bool, deadline: Deadline, watch: Stopwatch,
    only_stale: bool = False,
) -> Iterator[Event]:
    """Plan against what is there and carry it out; the images of `desired` are known."""
    if desired != view.desired or workspace.clock.monotonic() - view.looked > FRESH:
        # The build took its time: what is compared is what the engine has now.
        view = look_again(workspace, view, desired)
    plan = reconcile(view.desired, view.observed)
    if only_stale:
        plan = stale_only(plan)
    check_all_ports(workspace, view.desired, plan)
    yield PlanMade(plan.operations)
    if plan.operations or (wait and any(each.ready is not None for each in view.desired.containers)):
        # Deferred: what carries out and waits costs 10 ms, and mostly there is nothing to do.
        from devbox.flows.box.execute import Execution

        yield from Execution(workspace, view, plan, wait=wait, deadline=deadline, watch=watch).events()
    watch.enter("observe")
    if plan.operations:
        view = look_again(workspace, view)
    yield from audit_networks(workspace, view)
    box = view.desired.container(BOX)
    yield Settled(summarize(view, workspace).services, box.image_id if box else None)


def missing_ca(workspace: Workspace, project: Project) -> Iterator[Event]:
    """A word where `host_ca` asks for what this machine does not have."""
    if any(service.host_ca for service in project.services) and find_bundle(workspace.env) is None:
        yield Note("`host_ca` is set, but this machine has no CA bundle where programs look for one", "warn")


def check_all_ports(workspace: Workspace, desired: Desired, plan: Plan) -> None:
    """Before anything is stopped; raises NotReadyError."""
    for step in plan.services:
        wanted = desired.container(step.service)
        if wanted is not None and wanted.ports and step.action != "keep":
            # Deferred: only where a port will be published.
            from devbox.flows.box.ports import check_ports

            check_ports(workspace, wanted, step)


def stale_only(plan: Plan) -> Plan:
    """The plan without starting or creating what does not run: for `rebuild`."""
    services = tuple(step for step in plan.services if step.action in ("keep", "recreate", "adopt"))
    return replace(plan, services=services)
