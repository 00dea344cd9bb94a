"""What the keys do: every binding once, quitting and stopping, trust, the shell, resizing, questions from threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from devbox.core.build import StepKey
from devbox.core.build_forecast import LiveForecast
from devbox.core.errors import BuildError, NotReadyError
from devbox.core.findings import Finished, RowsKnown
from devbox.tui import commands
from devbox.tui.app import DevboxApp, run_app
from devbox.tui.keys import KEYS
from devbox.tui.widgets.log_view import LogView
from devbox.tui.widgets.rows import RowsView
from tests.tui import sample
from tests.tui.driving import screen_text, until
from tests.tui.fakes import FakeSession, no_engine

SIZE = (120, 40)


def full(**more: object) -> FakeSession:
    return FakeSession(doctor_events=sample.FULL, box=sample.STATUS, log_events=sample.BOX_LOG, **more)  # type: ignore[arg-type]


async def settled(pilot: Pilot[int], app: DevboxApp) -> None:
    await until(pilot, lambda: not app.doctor.scanning and (app.box.status or app.box.problem))


async def on(pilot: Pilot[int], app: DevboxApp, mode: str, key: str) -> None:
    """Open a screen and wait for it."""
    await settled(pilot, app)
    await pilot.press(key)
    await until(pilot, lambda: app.current_mode == mode and app.screen.query("#body"))


PRESSES = {
    "go.doctor": ("box", "1"),
    "go.box": ("doctor", "2"),
    "go.build": ("doctor", "3"),
    "help": ("doctor", "question_mark"),
    "quit": ("doctor", "q"),
    "filter": ("doctor", "slash"),
    "search": ("box-log", "slash"),
    "open": ("doctor", "enter"),
    "back": ("box", "escape"),
    "close": ("help", "q"),
    "confirm": ("plan", "enter"),
    "pane.next": ("box", "tab"),
    "pane.previous": ("box", "shift+tab"),
    "copy": ("doctor", "y"),
    "refresh": ("doctor", "r"),
    "doctor.all": ("doctor", "R"),
    "box.up": ("box", "u"),
    "box.down": ("box", "d"),
    "box.shell": ("box", "s"),
    "box.rebuild": ("box", "R"),
    "stop": ("running", "x"),
    "view.previous": ("box", "left_square_bracket"),
    "view.next": ("box", "right_square_bracket"),
    "miss.next": ("built", "n"),
    "miss.previous": ("built", "N"),
    "log.follow": ("box-log", "f"),
    "log.wrap": ("box-log", "w"),
    "log.next": ("box-search", "n"),
    "log.previous": ("box-search", "N"),
    "log.right": ("box-log", "right"),
    "log.left": ("box-log", "left"),
    "move.down": ("doctor", "j"),
    "move.up": ("doctor", "k"),
    "move.first": ("doctor", "g"),
    "move.last": ("doctor", "G"),
    "move.page_down": ("doctor", "pagedown"),
    "move.page_up": ("doctor", "pageup"),
}
"""For each key of the table: where it is pressed, and how."""


async def _go(pilot: Pilot[int], app: DevboxApp, place: str) -> None:
    await settled(pilot, app)
    if place == "doctor":
        return
    await on(pilot, app, "box", "2")
    if place in ("box-log", "box-search"):
        app.screen.query_one(LogView).focus()
        await pilot.pause()
        if place == "box-search":
            await pilot.press("slash", *"worker", "enter")
            await until(pilot, lambda: app.screen.query_one(LogView).searched == "worker")
    elif place == "help":
        await pilot.press("question_mark")
    elif place == "plan":
        await pilot.press("u")
        await until(pilot, lambda: "recreate container box" in screen_text(app))
    elif place in ("running", "built"):
        await pilot.press("R")
        await until(pilot, lambda: app.builds and (place == "running" or not app.run_view.running))


def test_every_key_of_the_table_is_pressed() -> None:
    assert set(PRESSES) == set(KEYS)


@pytest.mark.parametrize("id", PRESSES)
async def test_every_binding_runs_its_action(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, press = PRESSES[id]
    state = sample.RUNNING if place == "running" else sample.BUILT
    app = DevboxApp(full(plan=sample.PLAN, events=sample.build_events(state), events_held=place == "running"))
    ran: list[str] = []
    dispatch = DevboxApp._dispatch_action

    async def watched(self: DevboxApp, namespace: object, action_name: str, params: object) -> bool:
        done = await dispatch(self, namespace, action_name, params)  # type: ignore[arg-type]
        ran.extend([action_name] if done else [])
        return done

    async with app.run_test(size=SIZE) as pilot:
        await _go(pilot, app, place)
        monkeypatch.setattr(DevboxApp, "_dispatch_action", watched)
        await pilot.press(press)
        assert KEYS[id].action.split("(")[0].removeprefix("app.") in ran


async def test_doctor_rows_stay_in_place_while_probes_return_and_are_sorted_once() -> None:
    session = FakeSession(doctor_events=sample.LOADING, doctor_held=True, box=sample.STATUS)
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.doctor.row("engine.reachable") == sample.DOCKER)
        assert [row.key for row in app.doctor.rows] == [row.key for row in sample.ROWS]
    app = DevboxApp(full())
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        assert app.doctor.rows == sample.SORTED


async def test_refresh_asks_only_for_the_selected_row() -> None:
    session = full()
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press("r")
        await until(pilot, lambda: session.calls[-1] == "doctor toolchain.python")
        await until(pilot, lambda: not app.doctor.scanning)
        assert set(app.doctor.rows) == set(sample.ROWS)


@pytest.mark.parametrize(("moves", "selected"), [((), sample.PYTHON.key), (("j", "j"), sample.NODE.key)])
async def test_the_worst_row_is_selected_once_all_is_known_unless_somebody_chose_one(
    moves: tuple[str, ...], selected: str
) -> None:
    known = RowsKnown(tuple(sample.checking(row) for row in (sample.MEMORY, *sample.SORTED[:-1])))
    session = FakeSession(doctor_events=(known,), doctor_held=True, box=sample.STATUS)
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.doctor.rows)
        await pilot.press(*moves)
        session.doctor_events, session.doctor_held = (Finished(sample.REPORT, sample.SORTED),), False
        session.streams[session.calls.index("doctor")].release()
        await until(pilot, lambda: not app.doctor.scanning)
        await pilot.press("R")
        await settled(pilot, app)
        await until(pilot, lambda: app.screen.query_one(RowsView).selected == selected)


async def test_a_folded_layer_opens_closes_and_is_rescanned_as_one() -> None:
    session = FakeSession(doctor_events=sample.MANY, box=sample.STATUS)
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        table = app.screen.query_one(RowsView)
        table.select("layer:hardware", by_hand=True)
        await pilot.press("enter")
        await until(pilot, lambda: "platform.cpu" in table.keys)
        await pilot.press("enter")
        await until(pilot, lambda: "platform.cpu" not in table.keys)
        await pilot.press("r")
        await until(pilot, lambda: session.calls[-1] == "doctor platform.arch platform.cpu platform.disk")
        await settled(pilot, app)
        await pilot.press("slash", *"level", "enter")
        await until(pilot, lambda: table.keys == ("platform.cpu",))


async def test_filter_shows_matching_rows_and_escape_clears_it() -> None:
    app = DevboxApp(full())
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press("slash", *"cuda", "enter")
        await until(pilot, lambda: app.screen.query_one(RowsView).keys == ("gpu.driver",))
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen.query_one(RowsView).keys) == len(sample.ROWS))


async def test_copy_takes_the_command_of_the_hint() -> None:
    app = DevboxApp(full())
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == "uv python install 3.11")


async def test_up_runs_only_after_the_plan_was_seen_and_confirmed() -> None:
    session = full(plan=sample.PLAN, events=sample.UP_EVENTS)
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "box", "2")
        await pilot.press("u")
        await until(pilot, lambda: "recreate container box" in screen_text(app))
        await pilot.press("escape")
        assert "up" not in session.calls
        await pilot.press("u")
        await until(pilot, lambda: "recreate container box" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.run_view and app.run_view.outcome == "ok")
        assert "up done in 1.4s" in screen_text(app)


@pytest.mark.parametrize("key", ["R", "s"])
async def test_an_untrusted_folder_asks_first_and_the_default_is_no(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session = full(is_trusted=False)
    app = DevboxApp(session)
    monkeypatch.setattr(app, "suspend", _no_suspend)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "box", "2")
        for answer in (("enter",), ("escape",), ("q",)):
            await pilot.press(key)
            await until(pilot, lambda: "Do you trust this folder?" in screen_text(app))
            await pilot.press(*answer)
            await until(pilot, lambda: "Do you trust this folder?" not in screen_text(app))
        assert not {"grant trust", "rebuild", "shell box"} & set(session.calls)
        await pilot.press(key)
        await until(pilot, lambda: "Do you trust this folder?" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: {"rebuild", "shell box"} & set(session.calls))
        assert "grant trust" in session.calls


async def test_a_failed_up_stays_on_the_screen() -> None:
    failure = NotReadyError("box exited with code 3", detail="no such module", hint="`devbox logs box`")
    session = full(plan=sample.PLAN, events=(*sample.UP_EVENTS[:2], failure))
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "box", "2")
        await pilot.press("u")
        await until(pilot, lambda: "recreate container box" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.run_view and app.run_view.outcome == "failed")
        assert "up failed: box exited with code 3" in screen_text(app)
        assert "no such module" in screen_text(app)
        assert "`devbox logs box`" in screen_text(app)


async def test_down_with_volumes_names_them_and_asks() -> None:
    session = full()
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "box", "2")
        app.action_down(volumes=True)
        await until(pilot, lambda: "pgdata, venv" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "pgdata, venv" not in screen_text(app))
        assert "down volumes" not in session.calls
        await pilot.press("d")
        await until(pilot, lambda: "down" in session.calls)


async def test_quit_during_a_build_asks_and_stay_keeps_it_running() -> None:
    session = full(events=sample.build_events(sample.RUNNING), events_held=True)
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        await pilot.press("R")
        await until(pilot, lambda: app.builds)
        await pilot.press("q")
        await until(pilot, lambda: "Quit while rebuild is running?" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Quit while" not in screen_text(app))
        assert app.runs.operating
        await pilot.press("q", "down", "enter")
        await until(pilot, lambda: not app.is_running)
    assert all(stream.closed.is_set() for stream in session.streams if not stream.done)


async def test_stop_asks_and_then_says_cancelled() -> None:
    session = full(events=sample.build_events(sample.RUNNING), events_held=True)
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        await pilot.press("R")
        await until(pilot, lambda: app.builds)
        await pilot.press("x", "down", "enter")
        await until(pilot, lambda: app.run_view and app.run_view.outcome == "cancelled")
        assert app.builds[-1].state.outcome == "interrupted"


async def test_resize_during_a_build_keeps_the_selection_and_the_log() -> None:
    app = DevboxApp(full(events=sample.build_events(sample.RUNNING), events_held=True))
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        await pilot.press("R")
        await until(pilot, lambda: app.builds and app.builds[-1].logs.has(StepKey("dev", 4)))
        for size in ((80, 24), (50, 10), (160, 50), (30, 5), SIZE):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: app.size == size)
        assert app.screen.query_one(RowsView).selected == StepKey("dev", 4)
        assert len(app.screen.query_one(LogView).store) == 1


async def test_a_failed_step_shows_its_first_error_line() -> None:
    failed = BuildError("the build failed in dev 3/5")
    events = (*sample.build_events(sample.FAILED, log=sample.PIP_LOG * 5, at=StepKey("dev", 3)), failed)
    app = DevboxApp(full(events=events))
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        await pilot.press("R")
        await until(pilot, lambda: app.run_view and not app.run_view.running)
        log = app.screen.query_one(LogView)
        await until(pilot, lambda: not log.following)
        await until(pilot, lambda: "ERROR: No matching distribution" in screen_text(app))
        assert log.scroll_offset.y < 90
        assert "✗ failed in dev 3/5" in screen_text(app)


async def test_root_misses_are_walked_with_n() -> None:
    app = DevboxApp(full(events=sample.build_events(sample.BUILT)))
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        await pilot.press("R")
        await until(pilot, lambda: app.builds and not app.run_view.running)
        await pilot.press("g", "n")
        assert app.screen.query_one(RowsView).selected == sample.ROOT


async def test_history_keeps_earlier_builds() -> None:
    session = full(events=sample.build_events(sample.FAILED))
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        await pilot.press("R")
        await until(pilot, lambda: app.builds and not app.run_view.running)
        session.events = sample.build_events(sample.BUILT)
        await pilot.press("R")
        await until(pilot, lambda: len(app.builds) == 2 and not app.run_view.running)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "build 1 of 2" in screen_text(app) and "failed in dev 3/5" in screen_text(app))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "build 2 of 2" in screen_text(app) and "✓ built" in screen_text(app))


def saved(*forecasts: LiveForecast) -> tuple[threading.Event, Iterator[LiveForecast]]:
    """Forecasts of which all but the first come when the event is set, as after a file was saved."""
    event = threading.Event()

    def items() -> Iterator[LiveForecast]:
        yield forecasts[0]
        event.wait()
        yield from forecasts[1:]

    return event, items()


EDITED = replace(sample.LIVE, edits=1)


async def test_a_saved_file_changes_the_forecast_on_screen_and_r_starts_the_build() -> None:
    save, forecasts = saved(sample.ALL_HIT, EDITED)
    app = DevboxApp(full(forecasts=forecasts, events=sample.build_events(sample.RUNNING), events_held=True))
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        await until(pilot, lambda: "nothing will run" in screen_text(app) and "looking every 3 s" in screen_text(app))
        save.set()
        await until(pilot, lambda: "cache will break here · requirements.txt changed" in screen_text(app))
        assert app.screen.query_one(RowsView).selected == StepKey("dev", 2)
        await pilot.press("G", "n")
        assert app.screen.query_one(RowsView).selected == StepKey("dev", 2)
        await pilot.press("R")
        await until(pilot, lambda: "cache breaks here" in screen_text(app) and "1 running" in screen_text(app))


async def test_after_a_build_its_report_stays_until_a_file_is_saved() -> None:
    save, forecasts = saved(sample.ALL_HIT, EDITED)
    session = full(events=sample.build_events(sample.BUILT))
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        session.forecasts = forecasts
        await pilot.press("R")
        await until(pilot, lambda: app.builds and not app.run_view.running and app.forecast.live.builds)
        assert "✓ built" in screen_text(app)
        save.set()
        await until(pilot, lambda: "cache will break here" in screen_text(app))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "✓ built" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "cache will break here" in screen_text(app))


async def test_the_forecast_is_made_only_while_its_screen_is_shown() -> None:
    session = full(forecasts=(sample.LIVE,))
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        assert "forecast" not in session.calls
        await on(pilot, app, "build", "3")
        await until(pilot, lambda: app.forecast.live.builds)
        [stream] = [each for name, each in zip(session.calls, session.streams, strict=True) if name == "forecast"]
        await pilot.press("question_mark")
        await until(pilot, lambda: "Command palette" in screen_text(app))
        assert not stream.closed.is_set()
        await pilot.press("escape", "2")
        await until(pilot, stream.closed.is_set)
        await pilot.press("3")
        await until(pilot, lambda: session.calls.count("forecast") == 2)


async def test_history_reaches_builds_of_earlier_sessions_and_says_where_the_forecast_was_wrong() -> None:
    app = DevboxApp(full(forecasts=(sample.LIVE,), past=sample.past(time.time())))
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        await until(pilot, lambda: "last 2 builds" in screen_text(app) and "will hit" in screen_text(app))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "build 41, 12 min ago, 2 of 2" in screen_text(app))
        assert "the forecast was wrong: it said `will hit`" in screen_text(app)
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "build 40, 2 h ago, 1 of 2" in screen_text(app))
        await pilot.press(*["right_square_bracket"] * 2)
        await until(pilot, lambda: "cache will break here" in screen_text(app))


async def test_without_an_engine_there_is_no_forecast_and_r_tries_again() -> None:
    session = full(forecasts=(no_engine(),))
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "build", "3")
        await until(pilot, lambda: "no forecast: no Docker Engine answers" in screen_text(app))
        session.forecasts = (sample.LIVE,)
        await pilot.press("r")
        await until(pilot, lambda: "cache will break here" in screen_text(app))


async def test_the_plan_says_what_will_be_built_and_why() -> None:
    app = DevboxApp(full(plan=replace(sample.PLAN, builds=(sample.FORECAST,))))
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "box", "2")
        await pilot.press("u")
        await until(pilot, lambda: "dev builds: 3 will hit · 2 will run" in screen_text(app))
        assert "requirements.txt changed (content)" in screen_text(app)


async def test_a_shell_that_does_not_start_is_a_dialog_not_a_broken_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = NotReadyError("box is not up", hint="`devbox up`")
    app = DevboxApp(full(shell_outcome=failure))
    async with app.run_test(size=SIZE) as pilot:
        monkeypatch.setattr(app, "suspend", _no_suspend)
        await on(pilot, app, "box", "2")
        await pilot.press("s")
        await until(pilot, lambda: "box is not up" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "worker ready" in screen_text(app))


async def test_the_shell_s_exit_code_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    app = DevboxApp(full(shell_outcome=7))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        monkeypatch.setattr(app, "suspend", _no_suspend)
        await on(pilot, app, "box", "2")
        await pilot.press("s")
        await until(pilot, lambda: "shell ended with exit code 7" in screen_text(app))


async def test_without_an_engine_doctor_still_works_and_r_tries_again() -> None:
    session = FakeSession(doctor_events=sample.FULL, box=no_engine())
    app = DevboxApp(session)
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "box", "2")
        await until(pilot, lambda: "no Docker Engine answers" in screen_text(app))
        session.box = sample.STATUS
        await pilot.press("r")
        await until(pilot, lambda: app.box.status is not None and "healthy" in screen_text(app))
        await pilot.press("1")
        await until(pilot, lambda: "3.12.4" in screen_text(app))


async def test_a_flow_s_question_becomes_a_dialog_and_no_answer_is_no() -> None:
    session = full(events_held=True)
    app = DevboxApp(session)
    answers: list[bool] = []
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "box", "2")
        commands.restart(app, "box")
        await until(pilot, lambda: session.asks)
        ask = session.asks[0]
        for keys in (("enter",), ("down", "enter")):
            asking = threading.Thread(target=lambda: answers.append(ask("install [/x]?", detail="\x1b]52;c;x\x07")))
            asking.start()
            await until(pilot, lambda: "install [/x]?" in screen_text(app))
            await pilot.press(*keys)
            await until(pilot, lambda asking=asking: not asking.is_alive())
        assert answers == [False, True]
        asking = threading.Thread(target=lambda: answers.append(ask("again?")))
        asking.start()
        await until(pilot, lambda: "again?" in screen_text(app))
        app.runs.stop()
        await until(pilot, lambda: not asking.is_alive())
        assert answers[-1] is False


async def test_nothing_is_left_running_after_quit() -> None:
    session = full()
    app = DevboxApp(session)
    before = threading.active_count()
    async with app.run_test(size=SIZE) as pilot:
        await on(pilot, app, "box", "2")
        await until(pilot, lambda: "logs box" in session.calls)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_a_bug_in_a_screen_reaches_the_caller_instead_of_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(DevboxApp):
        def action_keys_help(self) -> None:
            raise ZeroDivisionError("a bug")

    session = full()

    async def press_help(pilot: Pilot[int]) -> None:
        await pilot.press("question_mark")

    app = Broken(session)
    app.run(headless=True, size=SIZE, auto_pilot=press_help)
    assert isinstance(app.failure, ZeroDivisionError)
    assert "Traceback" not in "".join(capsys.readouterr())
    assert callable(run_app)


class _no_suspend:
    """Stands in for `App.suspend` where there is no terminal to hand over."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None
