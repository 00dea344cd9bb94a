"""Each screen empty, loading, full, failing and with hostile data, as plain text at two sizes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from devbox.core.build import StepKey
from devbox.core.errors import BuildError
from devbox.core.events import BuildForeseen
from devbox.core.findings import DoctorReport, Finished, RowsKnown
from devbox.core.status import BoxStatus
from devbox.tui import draw_box
from devbox.tui.app import DevboxApp
from devbox.tui.session import Place
from tests.tui import sample
from tests.tui.driving import SIZES, check_golden, screen_text, until
from tests.tui.fakes import FakeSession, no_engine

Holds = Callable[[DevboxApp], object]


@dataclass(frozen=True)
class Case:
    """A session, the keys that lead to the screen, and what must be true before looking."""

    session: Callable[[], FakeSession]
    keys: tuple[str, ...] = ()
    ready: Holds = lambda app: True
    screen: str = "doctor"


def _scanned(app: DevboxApp) -> bool:
    return not app.doctor.scanning and (app.box.status is not None or app.box.problem is not None)


def _known(app: DevboxApp) -> bool:
    return bool(app.doctor.rows) and app.box.status is not None


def _ended(app: DevboxApp) -> bool:
    return _scanned(app) and app.run_view is not None and not app.run_view.running


def _shows(words: str) -> Holds:
    return lambda app: words in screen_text(app)


def _full(**more: object) -> FakeSession:
    return FakeSession(doctor_events=sample.FULL, box=sample.STATUS, log_events=sample.BOX_LOG, **more)  # type: ignore[arg-type]


def _build(state: object, **more: object) -> FakeSession:
    return _full(events=sample.build_events(state, **more))  # type: ignore[arg-type]


NOTHING = DoctorReport("/home/ada/empty", {})
EMPTY_PLACE = Place("empty", "/home/ada/empty", "linux/amd64", None)
PIP = StepKey("dev", 3)
NOT_BUILT = BuildError(
    "the build of dev failed in dev 3/5: RUN pip install -r /tmp/requirements.txt", detail="exit code: 1"
)

CASES = {
    "doctor-empty": Case(
        lambda: FakeSession(
            EMPTY_PLACE, doctor_events=(RowsKnown(()), Finished(NOTHING, ())), box=BoxStatus("e", "", "")
        ),
        ready=_scanned,
    ),
    "doctor-loading": Case(
        lambda: FakeSession(doctor_events=sample.LOADING, doctor_held=True, box=sample.STATUS),
        ready=_known,
    ),
    "doctor-full": Case(_full, ready=_scanned),
    "doctor-many": Case(lambda: FakeSession(doctor_events=sample.MANY, box=sample.STATUS), ready=_scanned),
    "doctor-open": Case(
        lambda: FakeSession(doctor_events=sample.MANY, box=sample.STATUS),
        (*["j"] * 7, "enter"),
        lambda app: _scanned(app) and "cpu level  " in screen_text(app),
    ),
    "doctor-evidence": Case(_full, ("enter",), _shows("Python 3.12.4")),
    "doctor-failing": Case(
        lambda: FakeSession(doctor_events=(RuntimeError("the probe broke"),), box=no_engine()),
        ready=_scanned,
    ),
    "doctor-hostile": Case(
        lambda: FakeSession(doctor_events=sample.EVIL_DOCTOR, box=sample.EVIL_STATUS, log_events=sample.EVIL_LOG),
        ready=_scanned,
    ),
    "box-empty": Case(
        lambda: FakeSession(EMPTY_PLACE, doctor_events=(Finished(NOTHING, ()),), box=BoxStatus("empty", "", "")),
        ("2",),
        ready=_scanned,
    ),
    "box-loading": Case(lambda: FakeSession(doctor_events=sample.FULL), ("2",), lambda app: not app.doctor.scanning),
    "box-full": Case(_full, ("2",), lambda app: _scanned(app) and _log_lines(app) == 2),
    "box-down": Case(lambda: FakeSession(doctor_events=sample.FULL, box=sample.DOWN), ("2",), _scanned),
    "box-failing": Case(lambda: FakeSession(doctor_events=sample.FULL, box=no_engine()), ("2",), _scanned),
    "box-stopped": Case(_full, ("2", "G"), lambda app: _scanned(app) and "cache" in str(app.screen.service)),  # type: ignore[attr-defined]
    "box-hostile": Case(
        lambda: FakeSession(doctor_events=sample.EVIL_DOCTOR, box=sample.EVIL_STATUS, log_events=sample.EVIL_LOG),
        ("2",),
        lambda app: _scanned(app) and _log_lines(app) == 3,
    ),
    "box-plan": Case(lambda: _full(plan=sample.PLAN), ("2", "u"), _shows("recreate container box")),
    "box-plan-build": Case(
        lambda: _full(plan=replace(sample.PLAN, findings=(), builds=(sample.FORECAST,))), ("2", "u"),
        _shows("recreate container box"),
    ),
    "box-trust": Case(lambda: _full(is_trusted=False), ("2", "R"), _shows("Do you trust this folder?")),
    "build-empty": Case(_full, ("3",), _scanned),
    "build-forecast": Case(
        lambda: _full(forecasts=(sample.LIVE,)), ("3",), lambda app: _scanned(app) and app.forecast.live.builds
    ),
    "build-forecast-step": Case(
        lambda: _full(forecasts=(sample.LIVE,), past=sample.past(time.time())), ("3", "enter"),
        lambda app: _scanned(app) and app.past and "Dockerfile:2" in screen_text(app) and "last 2" in screen_text(app),
    ),
    "build-nothing-to-do": Case(
        lambda: _full(forecasts=(sample.ALL_HIT,)), ("3",), lambda app: _scanned(app) and app.forecast.live.builds
    ),
    "build-past": Case(
        lambda: _full(forecasts=(sample.LIVE,), past=sample.past(time.time())), ("3", "left_square_bracket"),
        lambda app: _scanned(app) and app.past and "build 41" in screen_text(app),
    ),
    "build-no-engine": Case(
        lambda: FakeSession(doctor_events=sample.FULL, box=no_engine(), forecasts=(no_engine(),)), ("3",), _scanned
    ),
    "build-forecast-hostile": Case(
        lambda: FakeSession(
            doctor_events=sample.EVIL_DOCTOR, box=sample.EVIL_STATUS, forecasts=(sample.EVIL_FORECAST,)
        ),
        ("3",),
        lambda app: _scanned(app) and app.forecast.live.builds,
    ),
    "build-loading": Case(lambda: _full(events_held=True), ("2", "R"), _shows("preparing the build")),
    "build-running": Case(
        lambda: _full(
            events=(BuildForeseen("dev", sample.FORECAST), *sample.build_events(sample.RUNNING)), events_held=True
        ),
        ("2", "R"),
        lambda app: _scanned(app) and app.builds and app.builds[-1].logs.has(StepKey("dev", 4)),
    ),
    "build-full": Case(lambda: _build(sample.BUILT), ("2", "R"), _ended),
    "build-failing": Case(
        lambda: _full(events=(*sample.build_events(sample.FAILED, log=sample.PIP_LOG, at=PIP), NOT_BUILT)),
        ("2", "R"),
        lambda app: _ended(app) and "paused" in screen_text(app),
    ),
    "build-hostile": Case(
        lambda: FakeSession(
            doctor_events=sample.EVIL_DOCTOR,
            box=sample.EVIL_STATUS,
            events=sample.build_events(sample.EVIL_BUILD, log=sample.EVIL_BYTES, at=StepKey(sample.WIDE, 2)),
        ),
        ("2", "R"),
        _ended,
    ),
    "help": Case(_full, ("2", "question_mark"), _shows("Keys")),
}


def _log_lines(app: DevboxApp) -> int:
    from devbox.tui.widgets.log_view import LogView

    return len(app.screen.query_one(LogView).store)


@pytest.fixture(autouse=True)
def _still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ages and the spinner stand still, so that the picture is the same every time."""
    monkeypatch.setattr(draw_box, "age_words", lambda moment, now: "2h" if moment and moment[0] == "2" else "")
    monkeypatch.setattr(DevboxApp, "_spin", lambda app: None)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", CASES)
async def test_screen_looks_as_approved(name: str, size: tuple[int, int]) -> None:
    case = CASES[name]
    app = DevboxApp(case.session(), screen=case.screen)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.doctor.rows or not app.doctor.scanning)
        await pilot.press(*case.keys)
        await until(pilot, lambda: case.ready(app))
        await pilot.pause()
        check_golden(app, f"{name}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("name", ["doctor-loading", "build-running", "build-forecast-step"])
async def test_ascii_mode_uses_ascii_only(name: str) -> None:
    case = CASES[name]
    app = DevboxApp(case.session(), ascii_only=True)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.press(*case.keys)
        await until(pilot, lambda: case.ready(app))
        assert screen_text(app).isascii(), screen_text(app)


async def test_tiny_terminal_shows_one_line() -> None:
    app = DevboxApp(_full())
    async with app.run_test(size=(50, 12)) as pilot:
        await until(pilot, lambda: _scanned(app))
        assert screen_text(app).strip() == "py311-cuda box ▸2/3"


async def test_very_wide_terminal_puts_the_log_beside_the_steps() -> None:
    app = DevboxApp(_build(sample.BUILT))
    async with app.run_test(size=(160, 40)) as pilot:
        await until(pilot, lambda: _scanned(app))
        await pilot.press("2", "R")
        await until(pilot, lambda: _ended(app))
        assert app.screen.query_one("#log-pane").region.y == app.screen.query_one("#steps-pane").region.y


async def test_other_themes_of_textual_work() -> None:
    app = DevboxApp(_full())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: _scanned(app) and "hint" in screen_text(app))
        before = screen_text(app)
        for theme in ("devbox-light", "nord", "ansi-dark", "ansi-light"):
            app.theme = theme
            await pilot.pause()
            assert screen_text(app) == before
