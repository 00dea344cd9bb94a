"""Screen 3, Build: the cache as it is used, step by step, and where it breaks (tui.md)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from devbox.core.build import StepKey
from devbox.resources import styles_folder
from devbox.tui.build_state import BuildRecord, LogBook, first_error_line, root_misses, shown_step
from devbox.tui.draw_box import problem_lines
from devbox.tui.draw_build import build_header, cache_lane, label, report_lines, step_rows
from devbox.tui.keys import bind
from devbox.tui.lines import Line, Pen, Row, Span
from devbox.tui.screens.framed import Framed
from devbox.tui.screens.logs import LogPane
from devbox.tui.widgets.canvas import LinesView, app_of, set_title
from devbox.tui.widgets.rows import RowsView


class Summary(LinesView):
    """Header and cache lane."""

    record: BuildRecord | None = None
    position = ""
    selected: StepKey | None = None

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        if self.record is None:
            return ((Span(" "), pen.span("no build in this session yet", "muted")), ())
        return (
            build_header(self.record, self.record.state.seconds, self.position, pen, width),
            cache_lane(self.record.state, self.selected, pen, width),
        )


class Steps(RowsView):
    """The steps of the shown build."""

    record: BuildRecord | None = None

    def rows(self, pen: Pen, width: int) -> tuple[Row, ...]:
        run = app_of(self).run_view
        if self.record is not None:
            return step_rows(self.record.state, pen, width)
        if run is not None and run.problem is not None:
            return (Row(None, problem_lines(run.problem, pen, width - 1, before=f"{run.kind} failed: ")),)
        if run is not None and run.running:
            return (Row(None, ((pen.span("  preparing the build", "muted"),),)),)
        words = (pen.span("  "), pen.span("R", "strong"), pen.span(" builds now, ", "muted"), pen.span("u", "strong"),
                 pen.span(" on screen 2 brings the box up", "muted"))
        return (Row(None, (words,)),)


class Report(LinesView):
    """What is left to say after the end."""

    record: BuildRecord | None = None

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        run = app_of(self).run_view
        if self.record is None:
            return ()
        lines = report_lines(self.record, self.record.state.seconds, pen, width)
        if run is not None and run.problem is not None and app_of(self).builds[-1:] == (self.record,):
            lines = (*lines, (), *problem_lines(run.problem, pen, width))
        return lines


class BuildScreen(Framed):
    """Steps above (beside on very wide terminals), the log of one below."""

    CSS_PATH: ClassVar[Path] = styles_folder() / "build.tcss"
    AUTO_FOCUS = "Steps"
    BINDINGS = bind("box.rebuild", "miss.next", "miss.previous", "stop", "view.previous", "view.next", "copy")

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
        self._chosen: StepKey | None = None
        self._failure_shown: LogBook | None = None
        set_title(self.query_one("#steps-pane"), (Span("Steps", "strong"),))
        self.watch(app, "builds", self._show)
        self.watch(app, "run_view", self._show, init=False)
        self.watch(app, "tick", self._turn, init=False)

    @property
    def record(self) -> BuildRecord | None:
        """The build on screen: the newest, unless history is being read."""
        builds = app_of(self).builds
        if not builds:
            return None
        return builds[-1] if self._at is None or self._at >= len(builds) else builds[self._at]

    def _show(self) -> None:
        record = self.record
        fresh = record is not None and (self._summary.record is None or record.logs is not self._summary.record.logs)
        if fresh:
            self._chosen = None
            self._steps.selected = None
        for view in (self._summary, self._steps, self._report):
            view.record = record
        builds = app_of(self).builds
        at = len(builds) if self._at is None else self._at + 1
        self._summary.position = f"build {at} of {len(builds)}" if len(builds) > 1 else ""
        self._steps.redraw()
        self._follow_step()
        self._summary.redraw()
        self._report.redraw(layout=True)

    def _turn(self) -> None:
        if self.is_current and self.record is not None and self.record.running:
            self._summary.redraw()
            self._steps.redraw()

    def _follow_step(self) -> None:
        """Which log is shown: the chosen step's, else what runs; after a success the report."""
        record = self.record
        if record is None:
            self._pane.show_lines((Span("Log", "strong"),))
            return
        step = self._chosen or shown_step(record.state, None)
        if self._chosen is None and step is not None:
            self._steps.select(step)
        self._summary.selected = self._steps.selected if isinstance(self._steps.selected, StepKey) else None
        if self._chosen is None and record.state.outcome not in ("running", "failed"):
            self._pane.show_lines((Span("Report", "strong"),))
            return
        self._show_log(record, step)

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
        record = self.record
        if record is None or not isinstance(event.key, StepKey) or not event.by_hand:
            return
        automatic = shown_step(record.state, None)
        self._chosen = None if event.key == automatic and record.running else event.key
        self._follow_step()
        self._summary.redraw()

    def on_rows_view_opened(self, event: RowsView.Opened) -> None:
        record = self.record
        if record is not None and isinstance(event.key, StepKey):
            self._chosen = event.key
            self._follow_step()
            self.open_page(self._pane.log_view)

    def action_back(self) -> None:
        """From the log to the steps; from a chosen step to what runs."""
        if not self.close_page(self._steps):
            self._chosen = None
            self._at = None
            self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "next_miss":
            return self.record is not None and bool(root_misses(self.record.state))
        return len(app_of(self).builds) > 1 if action == "turn" else True

    def action_next_miss(self, by: int) -> None:
        """To the next or previous place where the cache breaks."""
        record = self.record
        misses = root_misses(record.state) if record else ()
        if not misses or record is None:
            app_of(self).say("the cache breaks nowhere")
            return
        order = [step.key for step in record.state.steps]
        here = order.index(self._steps.selected) if self._steps.selected in order else -1
        ahead = [key for key in misses if (order.index(key) > here if by > 0 else order.index(key) < here)]
        self._steps.focus()
        self._steps.select((ahead or list(misses))[0 if by > 0 else -1], by_hand=True)

    def action_turn(self, by: int) -> None:
        """Another build of the history."""
        builds = app_of(self).builds
        if builds:
            at = (len(builds) - 1 if self._at is None else self._at) + by
            self._at = None if at >= len(builds) - 1 else max(at, 0)
            self._show()

    def action_copy(self) -> None:
        """The selection, the log's line, or the step's instruction."""
        record = self.record
        step = record.state.step(self._steps.selected) if record and isinstance(self._steps.selected, StepKey) else None
        text = self.get_selected_text() or (self._pane.log_view.line_to_copy() if self._pane.log_view.has_focus else "")
        text = text or (step.instruction if step else "")
        if text:
            self.app.copy_to_clipboard(app_of(self).pen.said(text) if "\n" not in text else text)
            app_of(self).say("copied")

