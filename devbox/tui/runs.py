"""Starts what the screens ask for, one stream each, and stops it again; the app's state changes nowhere else.

Holds every bridge, so that quitting can close them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devbox.core.build_forecast import LiveForecast
from devbox.core.events import Event, ServiceLog
from devbox.core.status import BoxStatus
from devbox.tui.asking import Asker
from devbox.tui.box_state import BoxView, RunKind, RunView, fold_event, log_line
from devbox.tui.bridge import Bridge
from devbox.tui.build_state import HISTORY, BuildRecord, Builds, ForecastView, interrupted
from devbox.tui.doctor_state import DoctorView, fold_doctor, settled
from devbox.tui.log_store import LogStore
from devbox.tui.session import Ask, PastBuild, Problem, Stream, UpPlan, problem_of

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
        self._forecast: Bridge[Any, Any] | None = None
        self._began = time.time()
        self._closed = False
        self._asker = Asker(app)

    def _begin(self, bridge: Bridge[Any, Any]) -> None:
        if self._closed:
            return  # what ends while the app leaves must start nothing more
        self._bridges = [known for known in self._bridges if known.alive]
        self._bridges.append(bridge.start())

    @property
    def alive(self) -> bool:
        """Whether any thread still runs."""
        return any(bridge.alive for bridge in self._bridges)

    def close(self) -> None:
        """Close every stream, for good; open questions are answered with no."""
        self._closed = True
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

    def foresee(self) -> None:
        """Forecast the next builds, and again as files are saved, until `unforesee`."""
        app = self._app
        if self._forecast is not None or self.operating or app.session.place.source is None:
            return
        app.forecast = replace(app.forecast, looking=True, problem=None)

        def fold(_: LiveForecast | None, live: LiveForecast) -> LiveForecast:
            return live

        def changed(live: LiveForecast | None) -> None:
            if live is not None:
                app.forecast = ForecastView(live, problem=problem_of(live.error) if live.error else None)

        def ended(live: LiveForecast | None, problem: Problem | None) -> None:
            if problem is not None:
                app.forecast = ForecastView(problem=problem)
            elif self._forecast is None:
                app.forecast = replace(app.forecast, looking=False)

        self._forecast = Bridge(app, "forecast", self._session.forecast, None, fold, changed, ended)
        self._begin(self._forecast)

    def unforesee(self) -> None:
        """Stop forecasting; what was said last stays until the next time."""
        if self._forecast is not None:
            self._forecast.close()
            self._forecast = None

    def remember(self) -> None:
        """Read the builds that the ledger holds."""
        app = self._app

        def fold(_: tuple[PastBuild, ...], past: tuple[PastBuild, ...]) -> tuple[PastBuild, ...]:
            return past

        def changed(past: tuple[PastBuild, ...]) -> None:
            app.starts = {each.id: each.started for each in past}
            # This session's own are kept with their logs.
            app.past = tuple(
                BuildRecord(each.service, each.state, id=each.id, started=each.started)
                for each in past if each.started < self._began
            )

        self._begin(Bridge(
            app, "history", lambda: self._session.history(2 * HISTORY), (), fold, changed, lambda past, problem: None
        ))

    def operate(self, kind: RunKind, opened: Callable[[Ask], Stream[Event]]) -> None:
        """Run an operation; one at a time. Its questions become dialogs."""
        if self.operating:
            return
        self.unforesee()
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
            if app.current_mode == "build":
                self.remember()
                self.foresee()

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
