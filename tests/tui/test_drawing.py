"""Snapshots as lines: pure functions, so tests call them directly."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from devbox.core.build import BuildState, Cause, StepStatus
from devbox.core.events import BuildChanged, BuildLog, BuildStarted, Event, Note, OperationChanged, PlanMade, Waiting
from devbox.core.findings import DoctorReport, Finding, Finished, RowChanged, RowsKnown
from devbox.core.status import BoxStatus
from devbox.tui.box_state import BoxView, RunView, fold_event
from devbox.tui.build_state import BuildRecord, with_started, with_state
from devbox.tui.doctor_state import DoctorView, check_of, fold_doctor, matching, settled
from devbox.tui.draw_box import age_words, config_lines, mount_lines, plan_lines, run_lines, service_rows
from devbox.tui.draw_build import build_header, cache_lane, cause_words, clock, report_lines, step_rows
from devbox.tui.draw_doctor import doctor_detail, doctor_rows, layer_strip
from devbox.tui.lines import Line, Pen, Span, line_width, pen_for, plain, wrapped
from devbox.tui.session import problem_of
from tests.tui import sample
from tests.tui.fakes import no_engine

PEN, ASCII = pen_for(False), pen_for(True)
ANY_TEXT = st.text(max_size=60)


def texts(lines: tuple[Line, ...] | list[Line]) -> str:
    return "\n".join(plain(line) for line in lines)


def all_rows(rows: object) -> str:
    return "\n".join(texts(row.lines) for row in rows)  # type: ignore[attr-defined]


def no_age(build: int | None) -> str:
    return ""


@given(ANY_TEXT, st.integers(0, 40))
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int) -> None:
    for pen in (PEN, ASCII):
        cell = pen.cell(text, width)
        assert cell.width == width
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", cell.text)


@given(st.lists(st.tuples(ANY_TEXT, st.sampled_from(["", "muted"])), max_size=5), st.integers(3, 50))
def test_wrapped_lines_fit_and_lose_no_letter(spans: list[tuple[str, str]], width: int) -> None:
    line = tuple(PEN.span(text, role) for text, role in spans)
    rows = wrapped(line, width)
    assert all(line_width(row) <= width + 1 or plain(row).rstrip() != plain(row) for row in rows)
    assert "".join(plain(row) for row in rows).replace(" ", "") == plain(line).replace(" ", "")


@given(ANY_TEXT)
def test_ascii_mode_writes_ascii(text: str) -> None:
    assert ASCII.said(text).isascii()


@pytest.mark.parametrize("width", [10, 60, 78, 98, 118, 158])
def test_no_line_is_wider_than_its_pane(width: int) -> None:
    for rows in (sample.SORTED, sample.EVIL_ROWS):
        for row in doctor_rows(rows, PEN, max(width, 60)):
            assert all(line_width(line) <= max(width, 60) for line in row.lines)
    for state in (sample.RUNNING, sample.BUILT, sample.FAILED, sample.EVIL_BUILD):
        for row in step_rows(BuildRecord("dev", state), no_age, PEN, max(width, 60)):
            assert all(line_width(line) <= max(width, 60) for line in row.lines), texts(row.lines)


def test_only_the_root_miss_says_where_the_cache_breaks() -> None:
    shown = all_rows(step_rows(BuildRecord("dev", sample.BUILT), no_age, PEN, 118))
    assert shown.count("cache breaks here") == 1
    assert "requirements.txt changed (content)" in shown
    assert shown.count("after miss") == 2


def test_an_unrecorded_cause_is_unknown() -> None:
    steps = tuple(replace(step, causes=()) for step in sample.BUILT.steps)
    record = BuildRecord("dev", replace(sample.BUILT, steps=steps))
    assert "cache breaks here · cause unknown" in all_rows(step_rows(record, no_age, PEN, 118))


def test_every_cause_is_words_with_its_evidence() -> None:
    assert cause_words(Cause("arg-changed", "BASE", "a → b")) == "argument changed: BASE (a → b)"
    assert cause_words(Cause("never-built")) == "never built on this builder"
    assert cause_words(Cause("something-new", None, "x")) == "something-new (x)"


def test_states_are_told_apart_without_colour() -> None:
    shown = set()
    for status in StepStatus:
        state = BuildState(steps=(sample.step("s", 1, 1, "RUN x", status, 1.0),))
        shown.add(all_rows(step_rows(BuildRecord("dev", state), no_age, PEN, 118)))
    assert len(shown) == len(StepStatus)


def test_lane_counts_instructions_not_base_images() -> None:
    lane = plain(cache_lane(sample.RUNNING, None, PEN, 118))
    assert "▰▰▰▰▱" in lane
    assert "4 hit · 1 miss · 1 running · 1 to go" in lane
    assert "saved about 57.3s" in lane
    assert "saved" not in plain(cache_lane(replace(sample.RUNNING, saved_seconds=None), None, PEN, 118))


def test_a_long_lane_scrolls_with_the_selection() -> None:
    steps = tuple(sample.step("s", n, 300, "RUN x", StepStatus.HIT) for n in range(300))
    state = BuildState(steps=(*steps[:200], replace(steps[200], status=StepStatus.FAILED), *steps[201:]))
    assert "✗" in plain(cache_lane(state, steps[200].key, PEN, 100))
    assert "✗" not in plain(cache_lane(state, steps[0].key, PEN, 100))
    assert line_width(cache_lane(state, steps[200].key, PEN, 100)) <= 100


def test_header_says_where_it_failed_and_cancelled_is_not_failed() -> None:
    record = BuildRecord("dev", sample.FAILED)
    assert "✗ failed in dev 3/5" in plain(build_header(record, 9.8, "", PEN, 118))
    cancelled = BuildRecord("dev", replace(sample.FAILED, outcome="cancelled"))
    assert "failed" not in plain(build_header(cancelled, 9.8, "", PEN, 118))


def test_report_names_the_costly_misses_first() -> None:
    shown = texts(report_lines(BuildRecord("dev", sample.BUILT), 92.4, PEN, 118))
    assert shown.index("RUN make") < shown.index("RUN pip") < shown.index("COPY . /src")


def test_clock_counts_hours() -> None:
    assert [clock(seconds) for seconds in (0.4, 41, 75, 3723)] == ["00:00", "00:41", "01:15", "1:02:03"]


@pytest.mark.parametrize(("moment", "words"), [
    ("2024-05-01T10:00:00.123456789Z", "39s"), ("2024-05-01T09:57:00Z", "3m"), ("2024-05-01T07:00:40+00:00", "3h"),
    ("2024-04-26T10:00:40Z", "5d"), ("2099-01-01T00:00:00Z", "0s"), ("0001-01-01T00:00:00Z", ""), ("rubbish", ""),
    (None, ""),
    ("2024-05-01T10:00:00." + "9" * 400 + "Z", "39s"),
])  # fmt: skip
def test_ages(moment: str | None, words: str) -> None:
    assert age_words(moment, 1714557640.0) == words


def test_services_are_listed_box_first_with_their_state_in_words() -> None:
    rows = service_rows(BoxView(sample.STATUS), "/home/ada/py311-cuda", 1714557640.0, PEN, 40)
    assert [row.key for row in rows if row.key] == ["box", "db", "cache"]
    shown = all_rows(rows)
    assert "./src → /work" in shown
    assert "exited 1" in shown
    assert "healthy" in shown


def test_config_names_what_is_stale_and_the_cure() -> None:
    shown = texts(config_lines(sample.BOX, BoxView(sample.STATUS), PEN, 70))
    assert "127.0.0.1:8000 → 8000/tcp" in shown
    assert "env DEBUG: 0 → 1  recreate" in shown
    assert "volume" in texts(mount_lines(sample.BOX, PEN, 70))


def test_plan_shows_findings_before_operations() -> None:
    shown = texts(plan_lines(sample.PLAN, PEN, 70))
    assert shown.index("python is 3.12.4") < shown.index("create network") < shown.index("env DEBUG changed")


def folded(*events: Event) -> RunView:
    view = RunView("up")
    for event in events:
        view = fold_event(view, event)
    return view


def test_a_run_shows_what_it_does_now() -> None:
    view = folded(
        PlanMade((sample.CREATE, sample.RECREATE)),
        OperationChanged(sample.CREATE, "done", 0.1),
        OperationChanged(sample.RECREATE, "started"),
    )
    assert texts(run_lines(view, PEN, 100)) == "⠋ up  1/2  recreate container box"
    assert "waiting for db  2.0s" in texts(run_lines(fold_event(view, Waiting("db", 2.0)), PEN, 100))


def test_a_failed_run_keeps_cause_and_hint() -> None:
    view = replace(folded(), outcome="failed", problem=problem_of(no_engine()))
    shown = texts(run_lines(view, PEN, 100))
    assert "up failed: no Docker Engine answers" in shown
    assert "`devbox engine start`" in shown


def test_warnings_stay_after_success() -> None:
    view = replace(folded(Note("the network has a host address", "warn"), Note("fine")), outcome="ok")
    assert "the network has a host address" in texts(run_lines(view, PEN, 100))


def test_builds_of_several_services_are_kept_apart_and_history_is_bounded() -> None:
    view = folded(
        BuildStarted("cache"),
        BuildStarted("box"),
        BuildChanged("cache", sample.BUILT),
        BuildLog("box", None, b"hello\n"),
    )
    assert [record.service for record in view.builds] == ["cache", "box"]
    assert view.builds[0].state is sample.BUILT
    assert view.builds[1].logs.of(None).line(0) == b"hello"
    builds = view.builds
    for _ in range(50):
        builds = with_state(with_started(builds, "box"), "box", sample.BUILT)
    assert len(builds) == 20


def test_doctor_rows_change_in_place() -> None:
    view = fold_doctor(DoctorView(), RowsKnown(tuple(sample.checking(row) for row in sample.ROWS)))
    view = fold_doctor(view, RowChanged(sample.GCC))
    assert [row.key for row in view.rows] == [row.key for row in sample.ROWS]
    assert view.row(sample.GCC.key) == sample.GCC
    done = fold_doctor(view, Finished(sample.REPORT, sample.SORTED))
    assert done.engine == "docker 26.1.5"
    assert done.rows == sample.SORTED


def test_a_probe_that_never_answers_is_unknown_not_ok() -> None:
    view = settled(DoctorView((sample.checking(sample.GCC),), scanning=True), None)
    assert view.rows[0].status == "unknown"
    assert not view.scanning


def test_a_partial_scan_keeps_the_other_rows_and_layers() -> None:
    view = fold_doctor(DoctorView(), Finished(sample.REPORT, sample.SORTED))
    better = replace(sample.PYTHON, status="ok", word="ok", found="3.11.9")
    view = replace(view, scope=("toolchain.python",))
    view = fold_doctor(view, Finished(replace(sample.REPORT, layers={}), (better,)))
    assert {row.key for row in view.rows} == {row.key for row in sample.ROWS}
    assert view.rows[0] == sample.NODE
    assert view.layers["dependencies"] == "unknown"


def test_a_rescan_of_one_tool_keeps_what_the_box_runs() -> None:
    view = fold_doctor(DoctorView(), Finished(sample.REPORT, sample.BOXED))
    view = fold_doctor(replace(view, scope=("toolchain.python",)), Finished(sample.REPORT, (sample.PYTHON,)))
    row = view.row(sample.PYTHON.key)
    assert row is not None
    assert row.container == "3.11.9"


def test_a_fault_that_a_rescan_no_longer_finds_leaves_the_table() -> None:
    broken = replace(sample.MEMORY, key="project.config:devbox.toml:1:", status="error", layer="configuration")
    view = fold_doctor(DoctorView(), Finished(sample.REPORT, (broken, *sample.SORTED)))
    view = fold_doctor(replace(view, scope=("project.config",)), Finished(sample.REPORT, ()))
    assert set(view.rows) == set(sample.SORTED)
    assert view.layers["configuration"] == "ok"


def test_what_is_ok_and_pinned_nowhere_is_one_row_a_layer_that_opens() -> None:
    more = tuple(replace(sample.MEMORY, key=f"platform.x{n}", subject=f"thing {n}", pinned="*") for n in range(30))
    view = fold_doctor(DoctorView(), Finished(sample.REPORT, (*sample.SORTED, *more)))
    alone, folded = view.folded()
    assert alone == sample.SORTED
    closed, opened = (doctor_rows(alone, PEN, 118, folded, keys) for keys in ((), {"layer:hardware"}))
    assert (len(closed), len(opened)) == (1 + len(sample.SORTED) + 1, 1 + len(sample.SORTED) + 31)
    assert "thing 0 32.0 GiB" in all_rows(closed)
    assert "30 of this layer" in texts(doctor_detail(folded[0], PEN, 78))
    assert all(line_width(line) <= 118 for row in opened for line in row.lines)


def test_no_row_leaves_its_layer_before_the_scan_ends() -> None:
    rows = tuple(replace(sample.checking(sample.MEMORY), key=f"platform.x{n}", pinned="") for n in range(3))
    view = fold_doctor(DoctorView(scanning=True), RowsKnown(rows))
    bad = replace(sample.MEMORY, key="platform.x1", pinned="", status="warn")
    view = fold_doctor(view, RowChanged(bad))
    ((), (group,)) = view.folded()
    assert (len(group.rows), group.status) == (3, "warn")
    view = settled(fold_doctor(view, Finished(sample.REPORT, (bad, rows[0], rows[2]))), None)
    assert bad in view.folded()[0]


def test_filter_looks_at_every_column() -> None:
    assert matching(sample.ROWS, "NVML") == (sample.CUDA,)
    assert matching(sample.ROWS, "gave no answer") == (sample.GCC,)
    assert matching(sample.ROWS, "") == sample.ROWS


def test_the_check_behind_a_row() -> None:
    assert check_of(sample.PYTHON) == "toolchain.python"
    assert check_of(sample.MEMORY) == "platform.memory"
    assert check_of(replace(sample.MEMORY, key="project.config:devbox.toml:3")) == "project.config"
    assert check_of(replace(sample.PYTHON, key="toolchain.python.pyenv@api/v1")) == "toolchain.python"
    finding = replace(sample.PLAN.findings[0], check="images")
    assert check_of(replace(sample.MEMORY, key="images.base:Dockerfile:1", finding=finding)) == "images"


def test_narrow_tables_drop_the_origin_only() -> None:
    wide, narrow = (all_rows(doctor_rows(sample.SORTED, PEN, width)) for width in (118, 78))
    assert "/usr/bin/python3" in wide
    assert "/usr/bin/python3" not in narrow
    for row in sample.SORTED:
        assert row.word in narrow
        assert row.found in narrow
    assert "/usr/bin/python3" in texts(doctor_detail(sample.PYTHON, PEN, 78))


def test_layers_are_named_in_full_where_they_fit() -> None:
    view = DoctorView(layers=sample.LAYER_STATES)  # type: ignore[arg-type]
    assert "configuration" in plain(layer_strip(view, PEN, 118))
    assert cell_len(plain(layer_strip(view, PEN, 78))) <= 78
    assert plain(layer_strip(DoctorView(scanning=True), PEN, 118)).count("⠋") == 8


def test_an_empty_project_draws_nothing_wrong() -> None:
    assert service_rows(BoxView(BoxStatus("p", "", "")), "/", 0.0, PEN, 40) == ()
    assert isinstance(PEN, Pen)
    assert Span("").width == 0


def test_notes_are_in_their_layers_line() -> None:
    note = Finding("images.x", "images", "configuration", "info", "Dockerfile", "no digest", hint="add one")
    report = DoctorReport("/p", {}, findings=(note,))
    alone, (group,) = fold_doctor(DoctorView(), Finished(report, ())).folded()
    assert (alone, group.layer) == ((), "configuration")
    assert [(row.word, row.detail, row.hint) for row in group.rows] == [("note", "no digest", "add one")]
