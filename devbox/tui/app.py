"""The app: three screens as modes, the state they watch, the actions that work everywhere, and how it ends.

Draws nothing itself and asks nobody but its `Session`. Screens are loaded when first opened, so that the first paint
pays for one screen only.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from rich.style import Style
from textual.app import App, SystemCommand
from textual.reactive import var
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from devbox.core.errors import ExitCode
from devbox.resources import styles_folder
from devbox.tui.asking import Asked
from devbox.tui.box_state import BoxView, RunView
from devbox.tui.bridge import Arrived
from devbox.tui.build_state import Builds, ForecastView
from devbox.tui.doctor_state import DoctorView
from devbox.tui.keys import bind
from devbox.tui.lines import Pen, pen_for
from devbox.tui.runs import Runs
from devbox.tui.session import Problem, Session
from devbox.tui.terminal_driver import TerminalDriver
from devbox.tui.theme import PlainScrollBar, devbox_themes, fallback, ink, read_colours

_SPIN = 0.1
_LOOK = 2.0
"""Seconds between two looks at the box while its screen is shown."""
_LEAVE = 0.1
"""Seconds given to streams to end before the app leaves them behind; none of them can hold the process."""
_STOPPING = 15.0
"""Seconds given to a running operation to leave a convergent state."""
_SIGNALS = {signal.SIGTERM: ExitCode.TERMINATED, signal.SIGHUP: ExitCode.HANGUP}


def _doctor() -> Screen[None]:
    from devbox.tui.screens.doctor import DoctorScreen

    return DoctorScreen()


def _box() -> Screen[None]:
    from devbox.tui.screens.box import BoxScreen

    return BoxScreen()


def _build() -> Screen[None]:
    from devbox.tui.screens.build import BuildScreen

    return BuildScreen()


class DevboxApp(App[int]):
    """devbox on a terminal."""

    TITLE = "devbox"
    CSS_PATH = styles_folder() / "frame.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {"doctor": _doctor, "box": _box, "build": _build}
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (100, "-wide"), (140, "-xwide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (15, "-tall")]  # noqa: RUF012
    BINDINGS = bind("go.doctor", "go.box", "go.build", "help", "quit")
    ENABLE_COMMAND_PALETTE = True

    doctor: var[DoctorView] = var(DoctorView(scanning=True))
    box: var[BoxView] = var(BoxView())
    run_view: var[RunView | None] = var(None)
    builds: var[Builds] = var(())
    past: var[Builds] = var(())
    starts: var[Mapping[int, float]] = var[Mapping[int, float]]({})
    forecast: var[ForecastView] = var(ForecastView())
    tick: var[int] = var(0)

    def __init__(self, session: Session, *, screen: str = "doctor", ascii_only: bool = False) -> None:
        self._colours = read_colours(styles_folder())
        super().__init__(driver_class=TerminalDriver)
        self.session = session
        self.runs = Runs(self)
        self._first = screen
        self._pen = pen_for(ascii_only)
        self._leaving = False
        self.failure: Exception | None = None
        for theme in devbox_themes(self._colours):
            self.register_theme(theme)
        self.theme = "devbox-dark"
        self.set_class(ascii_only, "-ascii")

    # What widgets draw with

    @property
    def pen(self) -> Pen:
        """How to write now: glyph set and spinner frame."""
        return replace(self._pen, tick=self.tick)

    @cached_property
    def ink(self) -> dict[str, Style]:
        """Styles by role in the current theme."""
        return ink(self.theme_variables)

    @property
    def engine_words(self) -> str:
        """The engine for the header, as far as known: `docker 26.1`."""
        return self.doctor.engine

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return fallback(self.current_theme, self._colours)

    def get_css_variables(self) -> dict[str, str]:
        self.__dict__.pop("ink", None)
        return super().get_css_variables()

    # Life

    def on_load(self) -> None:
        ScrollBar.renderer = PlainScrollBar if self._pen.ascii_only else ScrollBarRender

    def on_mount(self) -> None:
        self.switch_mode(self._first)
        self._spinner = self.set_interval(_SPIN, self._spin, pause=True)
        self.call_after_refresh(self._begin)
        loop = asyncio.get_running_loop()
        for number, code in _SIGNALS.items():
            with contextlib.suppress(NotImplementedError, RuntimeError):
                loop.add_signal_handler(number, self._signalled, code)

    def _begin(self) -> None:
        """After the first paint: what is slow to import or to answer."""
        self.runs.examine()
        self.runs.look()
        self.set_interval(_LOOK, self._look_again)

    def _look_again(self) -> None:
        if self.box.status is not None and self.current_mode == "box":
            self.runs.look()

    def _spin(self) -> None:
        self.tick += 1
        if not self.moving:
            self._spinner.pause()

    @property
    def moving(self) -> bool:
        """Whether anything on screen is in motion: only then the spinner turns."""
        running = self.run_view is not None and self.run_view.running
        return running or self.doctor.scanning or self.forecast.looking

    def _move(self) -> None:
        if self.moving and self.is_running:
            self._spinner.resume()

    def watch_doctor(self) -> None:
        self._move()

    def watch_forecast(self) -> None:
        self._move()

    def watch_run_view(self, before: RunView | None, now: RunView | None) -> None:
        self._move()
        if (before is not None and before.running) != (now is not None and now.running):
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "stop_run":
            return self.run_view is not None and self.run_view.running
        return True

    def on_arrived(self, message: Arrived) -> None:
        message.bridge.deliver()

    def on_asked(self, message: Asked) -> None:
        from devbox.tui.dialogs import Question

        self.push_screen(Question(message.question, message.detail), message.answer)

    # Actions that work everywhere

    def action_go(self, mode: str) -> None:
        """Show one of the three screens."""
        if self.screen.is_modal:
            return
        self.switch_mode(mode)

    def action_plan_up(self) -> None:
        """Show what `up` would do, then do it."""
        from devbox.tui.commands import plan_up

        plan_up(self)

    def action_rebuild(self, no_cache: bool = False) -> None:
        """Build now."""
        from devbox.tui.commands import rebuild

        rebuild(self, no_cache=no_cache)

    def action_down(self, volumes: bool = False) -> None:
        """Remove what `up` made."""
        from devbox.tui.commands import down

        down(self, volumes=volumes)

    def action_stop_run(self) -> None:
        """Cancel what runs, after asking."""
        from devbox.tui.commands import stop_run

        stop_run(self)

    def action_keys_help(self) -> None:
        """All keys of this screen."""
        from devbox.tui.commands import show_keys

        show_keys(self)

    def say(self, words: str) -> None:
        """A short success; errors never come this way."""
        self.notify(self.pen.said(words), markup=False, timeout=3)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        from devbox.tui.commands import palette

        return palette(self, screen)

    # The end

    async def action_quit(self) -> None:
        """Leave; while something runs, ask."""
        if self.runs.operating:
            from devbox.tui.commands import ask_to_leave

            ask_to_leave(self)
        else:
            await self.leave(ExitCode.OK)

    def _signalled(self, code: ExitCode) -> None:
        if code is ExitCode.HANGUP:
            TerminalDriver.gone = True
        self.run_worker(self.leave(code), name="leave", exit_on_error=False)

    def _handle_exception(self, error: Exception) -> None:
        """A bug: the screen is restored and the caller's boundary reports it, instead of a traceback on the terminal.

        Textual 8.2 offers no public way to take over its own report.
        """
        self.failure = error
        self._exception = error
        self._exception_event.set()
        self.exit(ExitCode.INTERNAL)

    async def leave(self, code: int) -> None:
        """Close every stream, wait for their threads, end the app."""
        if self._leaving:
            self.exit(code)
            return
        self._leaving = True
        patience = _STOPPING if self.runs.operating else _LEAVE
        self.runs.close()
        until = time.monotonic() + patience
        while self.runs.alive and time.monotonic() < until:
            await asyncio.sleep(0.01)
        self.exit(code)


def run_app(session: Session, *, screen: str = "doctor", ascii_only: bool = False) -> int:
    """Open the session's screens until the person leaves; the exit code."""
    app = DevboxApp(session, screen=screen, ascii_only=ascii_only)
    try:
        code = app.run()
    finally:
        app.runs.close()
        session.close()
        # The process is about to end: walking every object of textual and docker once more takes half a second.
        gc.freeze()
    if app.failure is not None:
        raise app.failure
    return code or app.return_code or 0


def show_problem(app: DevboxApp, title: str, problem: Problem) -> None:
    """An error that belongs to no pane, in a dialog that stays until it is closed."""
    from devbox.tui.dialogs import Sheet
    from devbox.tui.draw_box import problem_lines

    app.push_screen(Sheet(title, lambda pen, width: problem_lines(problem, pen, width)))
