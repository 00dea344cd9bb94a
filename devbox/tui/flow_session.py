"""The real session: each question of the screens is one run of a flow, with its own cancel signal.

Adapts and nothing more. Flows are imported in the worker that runs them, because the first paint must not wait for what
they import (the engine's adapters alone cost 40 ms).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from devbox.core.build import BuildState
from devbox.core.build_forecast import LiveForecast
from devbox.core.errors import Cancelled, ConfigError, DevboxError
from devbox.core.events import Event
from devbox.core.findings import DoctorEvent, Finding, Finished
from devbox.core.project import Project
from devbox.core.status import BoxStatus
from devbox.engine.stream import Cancellation
from devbox.tui.session import Ask, PastBuild, Place, UpPlan

if TYPE_CHECKING:
    from devbox.core.buildfold import Outcome
    from devbox.engine.port import ExecSession
    from devbox.flows.history import BuildRecord
    from devbox.flows.workspace import Workspace

T = TypeVar("T")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_UP_NEEDS = ("platform", "gpu", "engine", "project")
"""The checks whose errors stand against `up`: those are what a container cannot make up for."""


class FlowStream(Generic[T]):
    """One run of one flow: iterate it in a worker, close it from anywhere."""

    def __init__(self, workspace: Workspace, run: Callable[[Workspace], Iterable[T]]) -> None:
        self._cancel = Cancellation()
        self._workspace = replace(workspace, cancel=self._cancel)
        self._run = run

    def __iter__(self) -> Iterator[T]:
        try:
            for item in self._run(self._workspace):
                if self._cancel.cancelled:
                    return
                yield item
        except Cancelled:
            return

    def close(self) -> None:
        """Cancel the flow; it leaves a convergent state."""
        self._cancel.cancel()


class FlowSession:
    """`Session` over the flows of one workspace.

    `relay` connects an interactive exec to the real terminal and returns its exit code. `reload` reads the project
    anew; without it what was read first stays.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        relay: Callable[[ExecSession], int] | None = None,
        reload: Callable[[], Project] | None = None,
    ) -> None:
        self._workspace = workspace
        self._relay = relay
        self._reload = reload
        self._place = _place(workspace)

    @property
    def place(self) -> Place:
        """What can be said at once."""
        return self._place

    def _fresh(self, ask: Ask | None = None) -> Workspace:
        """The workspace of one run: files are read as they are now, questions go to the screens."""
        reload = self._reload
        load_project = self._workspace.load_project if reload is None else cache(reload)
        return replace(self._workspace, load_project=load_project, ask=ask or _nobody)

    def doctor(self, only: tuple[str, ...] = ()) -> FlowStream[DoctorEvent]:
        """Examine the machine."""
        def run(workspace: Workspace) -> Iterator[DoctorEvent]:
            from devbox.core.checks import Wanted
            from devbox.flows.doctor import examine

            return examine(workspace, Wanted(only=only))

        return FlowStream(self._fresh(), run)

    def status(self) -> FlowStream[BoxStatus]:
        """Look once."""
        def run(workspace: Workspace) -> Iterator[BoxStatus]:
            from devbox.flows.box.observe import observe

            yield observe(workspace)

        return FlowStream(self._fresh(), run)

    def plan_up(self) -> FlowStream[UpPlan]:
        """What `up` would do, and the findings that stand against it."""
        def run(workspace: Workspace) -> Iterator[UpPlan]:
            from devbox.flows.box.foresee import foresee

            found = foresee(workspace)
            yield UpPlan(found.operations, _obstacles(workspace), found.builds)

        return FlowStream(self._fresh(), run)

    def forecast(self) -> FlowStream[LiveForecast]:
        """Forecast, and again whenever files change."""
        def run(workspace: Workspace) -> Iterator[LiveForecast]:
            from devbox.flows.forecast_watch import live_forecast

            return live_forecast(workspace, lambda: replace(self._fresh(), cancel=workspace.cancel))

        return FlowStream(self._fresh(), run)

    def history(self, limit: int) -> FlowStream[tuple[PastBuild, ...]]:
        """Read the ledger."""
        def run(workspace: Workspace) -> Iterator[tuple[PastBuild, ...]]:
            from devbox.flows.history import past_builds

            yield tuple(_past(record) for record in reversed(past_builds(workspace, limit)))

        return FlowStream(self._fresh(), run)

    def up(self, ask: Ask) -> FlowStream[Event]:
        """Bring the box up."""
        def run(workspace: Workspace) -> Iterator[Event]:
            from devbox.flows.box.up import up

            return up(workspace)

        return FlowStream(self._fresh(ask), run)

    def rebuild(self, ask: Ask, *, no_cache: bool = False) -> FlowStream[Event]:
        """Build now."""
        def run(workspace: Workspace) -> Iterator[Event]:
            from devbox.flows.box.options import RebuildOptions
            from devbox.flows.box.rebuild import rebuild

            return rebuild(workspace, RebuildOptions(no_cache=no_cache))

        return FlowStream(self._fresh(ask), run)

    def down(self, ask: Ask, *, volumes: bool = False) -> FlowStream[Event]:
        """Take the box down."""
        def run(workspace: Workspace) -> Iterator[Event]:
            from devbox.flows.box.down import down

            return down(workspace, volumes=volumes)

        return FlowStream(self._fresh(ask), run)

    def restart(self, ask: Ask, service: str) -> FlowStream[Event]:
        """Restart one service."""
        def run(workspace: Workspace) -> Iterator[Event]:
            from devbox.flows.box.lifecycle import restart

            return restart(workspace, (service,))

        return FlowStream(self._fresh(ask), run)

    def logs(self, services: tuple[str, ...], *, tail: int = 1000, follow: bool = True) -> FlowStream[Event]:
        """Follow output."""
        def run(workspace: Workspace) -> Iterator[Event]:
            from devbox.flows.box.logs import follow_logs

            yield from follow_logs(workspace, services, tail=tail, follow=follow)

        return FlowStream(self._fresh(), run)

    def trusted(self) -> bool:
        """Whether this folder may build and run, by record or by `--trust`."""
        from devbox.flows.trust import trusted

        return self._workspace.trust_granted is not None or trusted(self._workspace) is not None

    def trust_words(self) -> str:
        """The words in which every face asks."""
        from devbox.flows.trust import describe

        return describe(self._workspace).explanation

    def grant_trust(self) -> None:
        """Remember a yes."""
        from devbox.flows.trust import describe, grant

        grant(self._workspace, describe(self._workspace))

    def shell(self, service: str) -> Callable[[], int]:
        """An interactive shell on the real terminal."""
        from devbox.flows.box.attach import open_shell

        relay = self._relay
        if relay is None:
            raise DevboxError("this session has no terminal to hand over", hint="`devbox shell` in another terminal")
        workspace = self._fresh()
        return lambda: relay(open_shell(workspace, service))

    def close(self) -> None:
        """Nothing is kept open between runs."""


def _past(record: BuildRecord) -> PastBuild:
    """The ledger's record as the screens show builds."""
    state = BuildState(
        record.target, record.builder, steps=record.steps, seconds=record.seconds, saved_seconds=record.saved,
        outcome=cast("Outcome", record.outcome), image=record.image,
    )
    return PastBuild(record.id, record.service, record.started, state)


def _nobody(question: str, *, detail: str = "", trust: bool = False) -> bool:
    """Runs that only look must not ask."""
    return False


def _place(workspace: Workspace) -> Place:
    machine = os.uname()
    platform = f"{machine.sysname.lower()}/{_ARCHITECTURES.get(machine.machine, machine.machine)}"
    root = str(workspace.root)
    try:
        project = workspace.project
    except ConfigError as error:
        # The error that names the directory itself says that nothing describes a box here; any other is a mistake.
        return Place(workspace.root.name, root, platform, None if error.path == root else error.path)
    except DevboxError as error:
        return Place(workspace.root.name, root, platform, error.path)
    return Place(project.name, root, platform, project.source)


def _obstacles(workspace: Workspace) -> tuple[Finding, ...]:
    """Findings of severity error about what a container shares with this machine."""
    from devbox.core.checks import Wanted
    from devbox.flows.doctor import examine

    findings: tuple[Finding, ...] = ()
    with suppress(DevboxError):
        for event in examine(workspace, Wanted(only=_UP_NEEDS)):
            workspace.cancel.check()
            if isinstance(event, Finished):
                findings = tuple(finding for finding in event.report.findings if finding.severity == "error")
    return findings
