"""Screen 3, Build: the cache as it is used, step by step, and where it breaks (tui.md)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from devbox.core.build import StepKey
from devbox.core.build_forecast import BuildForecast
from devbox.resources import styles_folder
from devbox.tui.build_state import (
    BuildRecord,
    LogBook,
    Page,
    first_error_line,
    page_now,
    pages,
    root_misses,
    shown_step,
)
from devbox.tui.draw_build import label
from devbox.tui.draw_forecast import ago, forecast_key
from devbox.tui.keys import bind
from devbox.tui.lines import Span
from devbox.tui.screens.build_views import Report, Steps, Summary, same, step_of
from devbox.tui.screens.framed import Framed
from devbox.tui.screens.logs import LogPane
from devbox.tui.widgets.canvas import app_of, set_title
from devbox.tui.widgets.rows import RowsView


class BuildScreen(Framed):
    """Steps above (beside on very wide terminals), the log of one below."""

    CSS_PATH: ClassVar[Path] = styles_folder() / "build.tcss"
    AUTO_FOCUS = "Steps"
    BINDINGS = bind(
        "box.rebuild", "miss.next", "miss.previous", "stop", "view.previous", "view.next", "copy", "refresh"
    )

    def body(self) -> ComposeResult:
        yield Summary(id="summary")
        with Horizontal(id="build-body"):
            with Vertical(id="steps-pane", classes="pane"):
                yield Steps(id="steps")
            yield LogPane(Report(id="report"), id="log-pane")

    def on_mount(self) -> None:
        app = app_of(self)
        self._summary, self._steps = self.query_one(Summary), self.query_one(Steps)
        self._pane, self._report = self.query_one(LogPane), self.query_one(Report)
        self._at: int | None = None
        self._newest: LogBook | None = None
        self._chosen: StepKey | None = None
        self._failure_shown: LogBook | None = None
        self._enabled: list[bool | None] = []
        for name in ("builds", "past", "forecast", "run_view"):
            self.watch(app, name, self._show, init=name == "builds")
        self.watch(app, "tick", self._turn, init=False)

    def on_screen_resume(self) -> None:
        app_of(self).runs.remember()
        app_of(self).runs.foresee()

    def on_screen_suspend(self) -> None:
        # A dialog over this screen suspends it too, and then the forecast still matters.
        if app_of(self).current_mode != "build":
            app_of(self).runs.unforesee()

    @property
    def pages(self) -> tuple[Page, ...]:
        """All builds and forecasts."""
        app = app_of(self)
        return pages(app.past, app.builds, app.forecast)

    @property
    def page(self) -> Page | None:
        """What is on screen: what matters now, unless history is being read."""
        app = app_of(self)
        if self._at is None:
            return page_now(app.builds, app.forecast)
        return self.pages[min(self._at, len(self.pages) - 1)] if self.pages else None

    @property
    def record(self) -> BuildRecord | None:
        """The build on screen; None for a forecast."""
        return self.page if isinstance(self.page, BuildRecord) else None

    def _show(self) -> None:
        newest = app_of(self).builds[-1].logs if app_of(self).builds else None
        if newest is not self._newest:
            # A build began: it matters more than what was being read.
            self._newest, self._at = newest, None
        page = self.page
        if not same(page, self._summary.page):
            self._chosen = None
            self._steps.selected = None
        for view in (self._summary, self._steps, self._report):
            view.page = page
        self._summary.position = self._position(page)
        self._title(page)
        self._steps.redraw()
        self._follow_step()
        self._summary.redraw(layout=True)
        self._report.redraw(layout=True)
        self._rebind()

    def _rebind(self) -> None:
        """Keys come and go with what there is to do."""
        enabled = [self.check_action(action, ()) for action in ("next_miss", "turn", "refresh_one")]
        if enabled != self._enabled:
            self._enabled = enabled
            self.refresh_bindings()

    def _position(self, page: Page | None) -> str:
        """`build 41, 12 min ago, 3 of 20`."""
        kind = BuildForecast if isinstance(page, BuildForecast) else BuildRecord
        alike = [other for other in self.pages if isinstance(other, kind)]
        at = next((number for number, other in enumerate(alike, 1) if same(other, page)), 0)
        if not isinstance(page, BuildRecord):
            return f"{at} of {len(alike)} services" if len(alike) > 1 else ""
        if page.id:
            return f"build {page.id}, {ago(time.time() - page.started)}, {at} of {len(alike)}"
        return f"build {at} of {len(alike)}" if len(alike) > 1 else ""

    def _title(self, page: Page | None) -> None:
        view = app_of(self).forecast
        forecast = isinstance(page, BuildForecast)
        words = app_of(self).pen.said(view.live.watching) if forecast else ""
        set_title(
            self.query_one("#steps-pane"), (Span("Forecast" if forecast else "Steps", "strong"),),
            subtitle=(Span(words, "muted"),) if words else (),
        )

    def _turn(self) -> None:
        if not self.is_current:
            return
        if self.record is not None and self.record.running:
            self._summary.redraw()
            self._steps.redraw()
        elif app_of(self).forecast.looking:
            self._summary.redraw()

    def _follow_step(self) -> None:
        """Which log is shown: the chosen step's, else what runs; after a success the report."""
        page = self.page
        if page is None:
            self._pane.show_lines((Span("Log", "strong"),))
            return
        if isinstance(page, BuildForecast):
            self._show_forecast(page)
            return
        step = self._chosen or shown_step(page.state, None)
        if self._chosen is None and step is not None:
            self._steps.select(step)
        self._summary.selected = self._selected
        if page.id or (self._chosen is None and page.state.outcome not in ("running", "failed")):
            self._pane.show_lines((Span("Report", "strong"),))
            return
        self._show_log(page, step)

    def _show_forecast(self, page: BuildForecast) -> None:
        if self._chosen is None or step_of(page, self._chosen) is None:
            first = [forecast_key(step) for step in page.steps if step.word != "base"]
            self._steps.select(next(iter((*root_misses(page), *first)), None))
        self._summary.selected = self._report.selected = self._selected
        self._pane.show_lines((Span("Step", "strong"),))

    @property
    def _selected(self) -> StepKey | None:
        return self._steps.selected if isinstance(self._steps.selected, StepKey) else None

    def _show_log(self, record: BuildRecord, key: StepKey | None) -> None:
        pen = app_of(self).pen
        step = record.state.step(key) if key is not None else None
        words = f"{label(step)} {step.instruction}" if step else "builder"
        self._pane.show_log(
            (Span(pen.clip(words, max(self.size.width - 24, 10)), "strong"),), record.logs.of(key)
        )
        failed = record.state.outcome == "failed" and self._chosen is None
        if failed and self._failure_shown is not record.logs and record.logs.has(key):
            self._failure_shown = record.logs
            line = first_error_line(record.logs.of(key))
            if line is not None:
                self.call_after_refresh(self._pane.log_view.show_line, line)
            if self.narrow and self.is_current:
                self.open_page(self._pane.log_view)

    def on_rows_view_moved(self, event: RowsView.Moved) -> None:
        page = self.page
        if page is None or not isinstance(event.key, StepKey) or not event.by_hand:
            return
        automatic = shown_step(page.state, None) if isinstance(page, BuildRecord) and page.running else None
        self._chosen = None if event.key == automatic else event.key
        self._follow_step()
        self._summary.redraw()

    def on_rows_view_opened(self, event: RowsView.Opened) -> None:
        if self.page is not None and isinstance(event.key, StepKey):
            self._chosen = event.key
            self._follow_step()
            self.open_page(self._pane.focusable_part)

    def action_back(self) -> None:
        """From the log to the steps; from a chosen step to what matters now."""
        if not self.close_page(self._steps):
            self._chosen = None
            self._at = None
            self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "next_miss":
            return bool(self._breaks())
        if action == "refresh_one":
            return app_of(self).forecast.problem is not None
        return len(self.pages) > 1 if action == "turn" else True

    def _breaks(self) -> tuple[StepKey, ...]:
        page = self.page
        return () if page is None else root_misses(page.state if isinstance(page, BuildRecord) else page)

    def action_next_miss(self, by: int) -> None:
        """To the next or previous place where the cache breaks."""
        misses, page = self._breaks(), self.page
        if not misses or page is None:
            app_of(self).say("the cache breaks nowhere")
            return
        if isinstance(page, BuildForecast):
            order = [forecast_key(step) for step in page.steps]
        else:
            order = [step.key for step in page.state.steps]
        here = order.index(self._selected) if self._selected in order else -1
        ahead = [key for key in misses if (order.index(key) > here if by > 0 else order.index(key) < here)]
        self._steps.focus()
        self._steps.select((ahead or list(misses))[0 if by > 0 else -1], by_hand=True)

    def action_turn(self, by: int) -> None:
        """Another build of the history, or a forecast."""
        every, page = self.pages, self.page
        if every:
            here = next((at for at, other in enumerate(every) if same(other, page)), len(every))
            self._at = max(0, min(here + by, len(every) - 1))
            self._show()

    def action_refresh_one(self) -> None:
        """Forecast again."""
        app_of(self).runs.unforesee()
        app_of(self).runs.foresee()

    def action_copy(self) -> None:
        """The selection, the log's line, or the step's instruction."""
        text = self.get_selected_text() or (self._pane.log_view.line_to_copy() if self._pane.log_view.has_focus else "")
        text = text or self._instruction()
        if text:
            self.app.copy_to_clipboard(app_of(self).pen.said(text) if "\n" not in text else text)
            app_of(self).say("copied")

    def _instruction(self) -> str:
        page, key = self.page, self._selected
        if page is None or key is None:
            return ""
        step = page.state.step(key) if isinstance(page, BuildRecord) else step_of(page, key)
        return step.instruction if step else ""
