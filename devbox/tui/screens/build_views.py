"""The parts of the Build screen: header and lane, the steps, and what is said in place of a log. They only draw."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from devbox.core.build import StepKey
from devbox.core.build_forecast import BuildForecast, ForecastStep
from devbox.core.present import Tone
from devbox.tui.build_state import BuildRecord, Page
from devbox.tui.draw_box import problem_lines
from devbox.tui.draw_build import build_header, cache_lane, report_lines, step_rows
from devbox.tui.draw_forecast import (
    ago,
    forecast_details,
    forecast_header,
    forecast_key,
    forecast_lane,
    forecast_rows,
    since_words,
    trend_line,
)
from devbox.tui.lines import Line, Pen, Row, Span
from devbox.tui.widgets.canvas import LinesView, app_of
from devbox.tui.widgets.rows import RowsView

if TYPE_CHECKING:
    from devbox.tui.app import DevboxApp


class Summary(LinesView):
    """Header, cache lane, and the trend of the last builds."""

    page: Page | None = None
    position = ""
    selected: StepKey | None = None

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        app, page = app_of(self), self.page
        alike = [record for record in (*app.past, *app.builds) if page is not None and record.service == page.service]
        trend = trend_line(alike, pen, width)
        return (*self._head(pen, width), *((trend,) if trend else ()))

    def _head(self, pen: Pen, width: int) -> tuple[Line, Line]:
        page = self.page
        if page is None:
            if app_of(self).forecast.looking:
                words = pen.span(" working out what a build would do", "muted")
                return ((Span(" "), pen.tone(Tone.RUNNING), words), ())
            return ((Span(" "), pen.span("no build in this session yet", "muted")), ())
        if isinstance(page, BuildForecast):
            return forecast_header(page, self.position, pen, width), forecast_lane(page, self.selected, pen, width)
        head = build_header(page, page.state.seconds, self.position, pen, width)
        if not page.state.steps and page.running and page.forecast is not None:
            return head, forecast_lane(page.forecast, self.selected, pen, width)
        return head, cache_lane(page.state, self.selected, pen, width)


class Steps(RowsView):
    """The steps of the shown build, or of the forecast."""

    page: Page | None = None

    def rows(self, pen: Pen, width: int) -> tuple[Row, ...]:
        app, page = app_of(self), self.page
        old = partial(build_age, app)
        if isinstance(page, BuildForecast):
            return forecast_rows(page, old, pen, width)
        if page is not None and not page.state.steps and page.running and page.forecast is not None:
            return forecast_rows(page.forecast, old, pen, width)
        if page is not None:
            return step_rows(page, lambda build: since_words(build, old), pen, width)
        run = app.run_view
        if run is not None and run.problem is not None:
            return (Row(None, problem_lines(run.problem, pen, width - 1, before=f"{run.kind} failed: ")),)
        if run is not None and run.running:
            return (Row(None, ((pen.span("  preparing the build", "muted"),),)),)
        if app.forecast.problem is not None:
            return (Row(None, problem_lines(app.forecast.problem, pen, width - 1, before="no forecast: ")),)
        words = (pen.span("  "), pen.span("R", "strong"), pen.span(" builds now, ", "muted"), pen.span("u", "strong"),
                 pen.span(" on screen 2 brings the box up", "muted"))
        return (Row(None, (words,)),)


class Report(LinesView):
    """What is left to say after the end; of a forecast, all that is known of the selected step."""

    page: Page | None = None
    selected: StepKey | None = None

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        app, page = app_of(self), self.page
        if page is None:
            return ()
        if isinstance(page, BuildForecast):
            step = step_of(page, self.selected)
            return tuple(forecast_details(page, step, partial(build_age, app), pen, width))
        lines = report_lines(page, page.state.seconds, pen, width)
        if app.run_view is not None and app.run_view.problem is not None and app.builds[-1:] == (page,):
            lines = (*lines, (), *problem_lines(app.run_view.problem, pen, width))
        return lines


def build_age(app: DevboxApp, build: int) -> str:
    """How long ago that build began; empty where it is not remembered."""
    started = app.starts.get(build)
    return "" if started is None else ago(time.time() - started)


def step_of(build: BuildForecast, key: StepKey | None) -> ForecastStep | None:
    """The step of a forecast with that key."""
    return next((step for step in build.steps if forecast_key(step) == key), None)


def same(one: Page | None, other: Page | None) -> bool:
    """Whether both are the same build, or forecasts of the same service, whatever has changed in it."""
    if isinstance(one, BuildRecord) and isinstance(other, BuildRecord):
        return one.logs is other.logs
    return isinstance(one, BuildForecast) and isinstance(other, BuildForecast) and one.service == other.service
