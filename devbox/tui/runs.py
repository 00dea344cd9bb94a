"""Starts what the screens ask for, one stream each, and stops it again; the app's state changes nowhere else.

Holds every bridge, so that quitting can close them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devbox.core.events import Event, ServiceLog
from devbox.core.status import BoxStatus
from devbox.tui.asking import Asker
from devbox.tui.box_state import BoxView, RunKind, RunView, fold_event, log_line
from devbox.tui.bridge import Bridge
from devbox.tui.build_state import HISTORY, Builds, interrupted
from devbox.tui.doctor_state import DoctorView, fold_doctor, settled
from devbox.tui.log_store import LogStore
from devbox.tui.session import Ask, Problem, Stream, UpPlan

if TYPE_CHECKING:
    from devbox.tui.app import DevboxApp


class Runs:
    """The streams of one app."""

    def __init__(self, app: DevboxApp) -> None:
        self._app = app
        self._session = app.session
        self._bridges: list[Bridge[Any, Any]] = []
        self._past: Builds = ()
        self._run: Bridge[Any, RunView] | None = None
        self._logs: Bridge[Any, Any] | None = None
        self._look: Bridge[Any, Any] | None = None
        self._asker = Asker(app)

    def _begin(self, bridge: Bridge[Any, Any]) -> None:
        self._bridges = [known for known in self._bridges if known.alive]
        self._bridges.append(bridge.start())

    @property
    def alive(self) -> bool:
        """Whether any thread still runs."""
        return any(bridge.alive for bridge in self._bridges)

    def close(self) -> None:
        """Close every stream; open questions are answered with no."""
        self._asker.close()
        for bridge in self._bridges:
            bridge.close()

    def examine(self, only: tuple[str, ...] = ()) -> None:
        """Scan the machine, or again only these checks."""
        app = self._app
        app.doctor = replace(app.doctor, scanning=True, scope=only, problem=None)

        def changed(view: DoctorView) -> None:
            app.doctor = view

        def ended(view: DoctorView, problem: Problem | None) -> None:
            app.doctor = settled(view, problem)

        self._begin(Bridge(app, "doctor", lambda: self._session.doctor(only), app.doctor, fold_doctor, changed, ended))

    def look(self) -> None:
        """Observe the box, unless that is under way."""
        if self._look is not None and self._look.alive:
            return
        app = self._app
        if not app.box.asking:
            app.box = replace(app.box, asking=True)

        def fold(_: BoxStatus | None, status: BoxStatus) -> BoxStatus:
            return status

        def ended(status: BoxStatus | None, problem: Problem | None) -> None:
            app.box = BoxView(status if problem is None else app.box.status, problem)

        self._look = Bridge(app, "status", self._session.status, None, fold, lambda _: None, ended)
        self._begin(self._look)

    def plan(self, told: Callable[[UpPlan | None, Problem | None], None]) -> Bridge[Any, Any]:
        """Work out what `up` would do; `told` gets the plan or the problem."""
        def fold(_: UpPlan | None, plan: UpPlan) -> UpPlan:
            return plan

        bridge: Bridge[Any, Any] = Bridge(self._app, "plan", self._session.plan_up, None, fold, lambda _: None, told)
        self._begin(bridge)
        return bridge

    def operate(self, kind: RunKind, opened: Callable[[Ask], Stream[Event]]) -> None:
        """Run an operation; one at a time. Its questions become dialogs."""
        if self.operating:
            return
        app = self._app
        self._asker = asker = Asker(app)
        self._past = app.builds[-HISTORY:]

        def changed(view: RunView) -> None:
            app.run_view = view
            app.builds = (*self._past, *view.builds)[-HISTORY:]

        def ended(view: RunView, problem: Problem | None) -> None:
            stopped = self._run is not None and self._run.closed
            changed(replace(
                view, builds=interrupted(view.builds), problem=problem, waiting=None,
                outcome="cancelled" if stopped else "failed" if problem else "ok",
            ))
            self.look()

        start = RunView(kind)
        changed(start)
        self._run = Bridge(app, kind, lambda: opened(asker), start, fold_event, changed, ended)
        self._begin(self._run)

    @property
    def operating(self) -> bool:
        """Whether an operation runs."""
        return self._run is not None and self._run.alive

    def stop(self) -> None:
        """Cancel the operation."""
        if self._run is not None:
            self._asker.close()
            self._run.close()

    def follow(self, service: str, store: LogStore, changed: Callable[[], None]) -> None:
        """Follow one service's output into `store`; what was followed before is left."""
        self.unfollow()

        def fold(count: int, event: Event) -> int:
            if isinstance(event, ServiceLog):
                store.extend((log_line(event),))
            return count + 1

        self._logs = Bridge(
            self._app, "logs", lambda: self._session.logs((service,)), 0, fold, lambda _: changed(),
            lambda _, problem: changed(),
        )
        self._begin(self._logs)

    def unfollow(self) -> None:
        """Stop following output."""
        if self._logs is not None:
            self._logs.close()
            self._logs = None
