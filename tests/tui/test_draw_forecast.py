"""The forecast as lines: before a build, while one runs, and held against what came true."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from devbox.core.build import Cause
from devbox.core.build_forecast import BuildForecast
from devbox.core.events import BuildChanged, BuildForeseen, BuildStarted
from devbox.tui.box_state import RunView, fold_event
from devbox.tui.build_state import BuildRecord
from devbox.tui.draw_build import report_lines, step_rows
from devbox.tui.draw_forecast import (
    forecast_details,
    forecast_header,
    forecast_lane,
    forecast_rows,
    plan_build_lines,
    trend_line,
)
from devbox.tui.lines import Pen, line_width, plain
from tests.tui import sample
from tests.tui.test_drawing import ASCII, PEN, all_rows, no_age, texts


@pytest.mark.parametrize("pen", [PEN, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [60, 78, 98, 118, 158])
def test_no_line_of_a_forecast_is_wider_than_its_pane(width: int, pen: Pen) -> None:
    for live in (sample.LIVE, sample.ALL_HIT, sample.EVIL_FORECAST):
        [build] = live.builds
        lines = [line for row in forecast_rows(build, old, pen, width) for line in row.lines]
        lines += [forecast_header(build, "1 of 2", pen, width), forecast_lane(build, None, pen, width)]
        for step in build.steps:
            lines += forecast_details(build, step, old, pen, width)
        lines += plan_build_lines(build, pen, width)
        # A wrapped line may keep the blank at which it was broken.
        assert all(cell_len(plain(line).rstrip()) <= width for line in lines), texts(lines)


def old(build: int) -> str:
    return "12 min ago"


def test_a_forecast_says_what_will_break_why_and_since_when() -> None:
    shown = all_rows(forecast_rows(sample.FORECAST, old, PEN, 118))
    assert "cache will break here · requirements.txt changed (content) since build 41, 12 min ago" in shown
    assert shown.count("cache will break here") == 1
    assert "depends 60%" in shown
    assert "a remote source decides" in shown
    assert "BuildKit will not see the edit of src/app.py" in shown
    many = replace(sample.FORECAST.steps[4], causes=tuple(Cause("file-added", f"f{n}") for n in range(9)))
    assert "and 6 more" in all_rows(forecast_rows(replace(sample.FORECAST, steps=(many,)), old, PEN, 118))


def test_a_time_that_is_not_known_is_not_made_up() -> None:
    def head(**changes: object) -> str:
        return plain(forecast_header(replace(sample.FORECAST, **changes), "", PEN, 118))  # type: ignore[arg-type]

    assert "about 31.3s" in head()
    assert "time not known" in head(seconds=None)
    assert "unknown" in head(steps=(), reason="another frontend")
    assert "nothing will run" in head(steps=sample.ALL_HIT.builds[0].steps)
    hits = tuple(replace(step, past_seconds=None) for step in sample.FORECAST.steps)
    assert "saves" not in plain(forecast_lane(replace(sample.FORECAST, steps=hits), None, PEN, 118))


def test_what_is_to_go_shows_what_is_foretold_of_it_until_it_is_true() -> None:
    run = fold_event(RunView("up"), BuildForeseen("dev", sample.FORECAST))
    run = fold_event(fold_event(run, BuildStarted("dev")), BuildChanged("dev", sample.RUNNING))
    assert "▱ 5/5   RUN make" not in all_rows(step_rows(run.builds[-1], no_age, PEN, 118))
    steps = (*sample.FORECAST.steps[:-1], replace(sample.FORECAST.steps[-1], word="miss"))
    run = fold_event(run, BuildForeseen("dev", replace(sample.FORECAST, steps=steps)))
    shown = all_rows(step_rows(run.builds[-1], no_age, PEN, 118))
    assert re.search(r"▱ 5/5   RUN make +will run", shown)
    ended = fold_event(run, BuildChanged("dev", sample.BUILT)).builds[-1]
    assert "will run" not in all_rows(step_rows(ended, no_age, PEN, 118))


def test_a_wrong_forecast_is_shown_as_wrong() -> None:
    newest = sample.past(1e9)[-1]
    record = BuildRecord("dev", newest.state, id=newest.id)
    assert all_rows(step_rows(record, no_age, PEN, 118)).count("the forecast was wrong: it said `will hit`") == 3
    assert "forecast  4 right · 3 wrong" in texts(report_lines(record, 92.4, PEN, 118))


def test_trend_needs_two_builds_and_counts_only_those_that_went_well() -> None:
    records = [BuildRecord("dev", each.state) for each in sample.past(1e9)]
    assert plain(trend_line(records, PEN, 118)) == " trend █▆ 1m 32s   hits ▅▅ 57%   last 2 builds"
    assert trend_line(records[:1], PEN, 118) == ()
    assert trend_line([records[0], BuildRecord("dev", sample.FAILED)], PEN, 118) == ()
    assert all(line_width(trend_line(records * 20, PEN, width)) <= width for width in (10, 30, 60))


def test_stages_without_a_name_read_as_the_build_prints_them() -> None:
    only = BuildForecast("x", "0", "Dockerfile", (sample.foretold("0", 2, 2, "RUN x", "hit"),))
    assert "0 " not in plain(forecast_rows(only, old, PEN, 118)[0].lines[0])[:9]
    assert "target" not in plain(forecast_header(only, "", PEN, 118))
    two = replace(only, steps=(*only.steps, sample.foretold("1", 2, 2, "RUN y", "hit")))
    assert "stage-1" in plain(forecast_rows(two, old, PEN, 118)[1].lines[0])
