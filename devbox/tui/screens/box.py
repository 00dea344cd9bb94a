"""Screen 2, Box: what runs, what it says, and what it is made of (tui.md)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from devbox.core.status import ServiceStatus
from devbox.resources import styles_folder
from devbox.tui.app import show_problem
from devbox.tui.box_state import last_words
from devbox.tui.commands import busy, when_trusted
from devbox.tui.draw_box import (
    config_lines,
    mount_lines,
    nothing_lines,
    operation_lines,
    problem_lines,
    run_lines,
    service_rows,
)
from devbox.tui.handover import hand_over
from devbox.tui.keys import bind
from devbox.tui.lines import Line, Pen, Row, Span, line_width
from devbox.tui.log_store import LogStore
from devbox.tui.screens.framed import Framed
from devbox.tui.screens.logs import LogPane
from devbox.tui.session import Problem
from devbox.tui.widgets.canvas import LinesView, app_of, set_title
from devbox.tui.widgets.rows import RowsView

TABS = ("Logs", "Mounts", "Config")


class Services(RowsView):
    """Box, sidecars, live mounts."""

    def rows(self, pen: Pen, width: int) -> tuple[Row, ...]:
        app = app_of(self)
        rows = service_rows(app.box, app.session.place.root, time.time(), pen, width)
        words = "asking the engine" if app.box.status is None else "nothing is up"
        return rows or (Row(None, (pen_line(pen, words),)),)


def pen_line(pen: Pen, words: str) -> Line:
    """A quiet line in a list."""
    return (Span(" "), pen.span(words, "muted"))


class Facts(LinesView):
    """What stands in the right pane when it is not a log."""

    tab = "Logs"
    service: ServiceStatus | None = None

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        app = app_of(self)
        if app.box.problem is not None:
            retry = (pen.span("r", "strong"), pen.span(" tries again", "muted"))
            return (*problem_lines(app.box.problem, pen, width), (), retry)
        if app.session.place.source is None:
            return nothing_lines(app.session.place, pen, width)
        if self.tab == "Mounts":
            return mount_lines(self.service, pen, width)
        if self.tab == "Config":
            return config_lines(self.service, app.box, pen, width)
        return self._not_up(pen)

    def _not_up(self, pen: Pen) -> tuple[Line, ...]:
        app = app_of(self)
        if app.run_view is not None and app.run_view.operations and app.run_view.outcome != "ok":
            return operation_lines(app.run_view, pen)
        if app.box.status is None:
            return ((pen.span("asking the engine", "muted"),),)
        name = self.service.name if self.service else "the box"
        words = f"{name} is not up"
        return ((pen.span(words),), (pen.span("u", "strong"), pen.span(" shows the plan and brings it up", "muted")))


class Activity(LinesView):
    """What an operation is doing, or how the last one ended."""

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        return tuple((Span(" "), *line) for line in run_lines(app_of(self).run_view, pen, width - 2))


class BoxScreen(Framed):
    """Services left, the selected one's output, mounts and configuration right."""

    CSS_PATH: ClassVar[Path] = styles_folder() / "box.tcss"
    AUTO_FOCUS = "Services"
    BINDINGS = bind(
        "box.up", "box.down", "box.shell", "box.rebuild", "refresh", "view.previous", "view.next", "stop", "copy"
    )

    def body(self) -> ComposeResult:
        yield Activity(id="activity")
        with Horizontal(id="box-body"):
            with Vertical(id="services-pane", classes="pane"):
                yield Services(id="services")
            yield LogPane(Facts(id="facts"), id="right-pane")

    def on_mount(self) -> None:
        app = app_of(self)
        self._services, self._facts = self.query_one(Services), self.query_one(Facts)
        self._pane, self._activity = self.query_one(LogPane), self.query_one(Activity)
        self._tab = "Logs"
        self._following: tuple[str, str | None] | None = None
        self._store = LogStore()
        set_title(self.query_one("#services-pane"), (Span("Box", "strong"),))
        self.watch(app, "box", self._show)
        self.watch(app, "run_view", self._show_run)
        self.watch(app, "tick", self._turn, init=False)

    def on_screen_resume(self) -> None:
        app_of(self).runs.look()

    def _show(self) -> None:
        self._services.redraw()
        self._show_service()

    def _show_run(self) -> None:
        run = app_of(self).run_view
        self._activity.set_class(run is not None, "-shown")
        self._activity.redraw(layout=True)
        self._facts.redraw(layout=True)

    def _turn(self) -> None:
        run = app_of(self).run_view
        if self.is_current and run is not None and run.running:
            self._activity.redraw()
            self._facts.redraw()

    @property
    def service(self) -> ServiceStatus | None:
        """The selected service."""
        return app_of(self).box.service(str(self._services.selected)) if self._services.selected else None

    def _show_service(self) -> None:
        service = self.service
        self._facts.service, self._facts.tab = service, self._tab
        app = app_of(self)
        alone = app.session.place.source is None or (app.box.problem is not None and app.box.status is None)
        self.set_class(alone, "-alone")
        if alone or app.box.problem is not None or self._tab != "Logs" or service is None or service.container is None:
            self._pane.show_lines(self._title())
            return
        if service.state == "running":
            self._follow(service)
            self._pane.show_log(self._title(), self._store, empty="no output yet")
        else:
            app.runs.unfollow()
            if self._following != (service.name, service.finished_at):
                self._following = (service.name, service.finished_at)
                self._store = last_words(service)
            self._pane.show_log(self._title(), self._store, empty="it said nothing")

    def _follow(self, service: ServiceStatus) -> None:
        wanted = (service.name, f"{service.container} {service.started_at}")
        if self._following != wanted:
            self._following = wanted
            self._store = LogStore()
            app_of(self).runs.follow(service.name, self._store, self._pane.log_view.changed)

    def _title(self) -> Line:
        if self.has_class("-alone"):
            return (Span("Box", "strong"),)
        spans: list[Span] = []
        for at, name in enumerate(TABS):
            spans += [Span(f" {app_of(self).pen.glyphs.bar} ", "muted")] if at else []
            spans.append(Span(name, "accent" if name == self._tab else "muted"))
        return tuple(spans)

    def on_rows_view_moved(self) -> None:
        self._show_service()

    def on_rows_view_opened(self) -> None:
        self.open_page(self._pane.focusable_part)

    def on_click(self, event: events.Click) -> None:
        """A tab in the right pane's border."""
        if event.widget is not self._pane or event.screen_y != self._pane.region.y:
            return
        left = self._pane.region.x + 3
        for span in self._title():
            right = left + line_width((span,))
            if left <= event.screen_x < right and span.text in TABS:
                self._open_tab(span.text)
            left = right

    def _open_tab(self, name: str) -> None:
        self._tab = name
        self._show_service()

    def action_turn(self, by: int) -> None:
        """Another tab."""
        self._open_tab(TABS[(TABS.index(self._tab) + by) % len(TABS)])

    def action_back(self) -> None:
        """To the list."""
        self.close_page(self._services)

    def action_refresh_one(self) -> None:
        """Ask the engine again."""
        app_of(self).runs.look()

    def action_copy(self) -> None:
        """The selection, else the log's line."""
        text = self.get_selected_text() or self._pane.log_view.line_to_copy()
        if text:
            self.app.copy_to_clipboard(text)
            app_of(self).say("copied")

    def action_shell(self) -> None:
        """A shell in the selected service; the UI steps aside."""
        app = app_of(self)
        service = self.service
        if service is None or service.state != "running":
            app.say("the service is not running; u brings the box up")
        elif not busy(app):
            when_trusted(app, lambda: self._shell(service.name))

    def _shell(self, name: str) -> None:
        app = app_of(self)
        outcome = hand_over(app, lambda: app.session.shell(name)())
        if isinstance(outcome, Problem):
            show_problem(app, "Shell", outcome)
        else:
            app.say(f"shell ended with exit code {outcome}")
        app.runs.look()
