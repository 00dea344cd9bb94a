"""The frame around every screen: the header with its three tabs, and the keys at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.screen import Screen

from devbox.core.findings import RowStatus
from devbox.core.present import Tone
from devbox.core.text import shown_name
from devbox.tui.doctor_state import TONES
from devbox.tui.draw_box import box_count, run_lines
from devbox.tui.draw_build import count_spans, outcome_spans
from devbox.tui.lines import Line, Pen, Span, fit, line_width
from devbox.tui.widgets.canvas import LinesView, app_of

if TYPE_CHECKING:
    from devbox.tui.app import DevboxApp

SCREENS = (("doctor", "1 Doctor"), ("box", "2 Box"), ("build", "3 Build"))
_KEPT = ("help", "quit")
_COUNTED: tuple[RowStatus, ...] = ("error", "warn", "unknown")


class TopBar(LinesView):
    """Project, the three screens with their live counts, engine and platform."""

    def on_mount(self) -> None:
        app = app_of(self)
        for name in ("doctor", "box", "builds", "forecast", "run_view", "tick"):
            self.watch(app, name, self._changed, init=False)

    def _changed(self) -> None:
        self.redraw()

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        line = (*self._project(pen, width), *(span for _, tab in self._tabs(pen) for span in tab))
        fitting = (facts for facts in self._facts(pen) if line_width(line) + line_width(facts) < width)
        return (pen.fill(line, width, next(fitting, ())),)

    def _project(self, pen: Pen, width: int) -> Line:
        room = 16 if width < 100 else 24
        name = pen.clip(shown_name(app_of(self).session.place.project), room)
        return (Span(" devbox ", "accent"), Span(f" {name}  "))

    def _tabs(self, pen: Pen) -> list[tuple[str, Line]]:
        app = app_of(self)
        gap = Span("  " if app.size.width < 100 else "    ")
        tabs = []
        for name, words in SCREENS:
            count = self._count(name, pen)
            here = app.current_mode == name
            label = Span(f" {words} ", "tab" if here else "muted")
            tabs.append((name, (label, *count, gap)))
        return tabs

    def _count(self, name: str, pen: Pen) -> Line:
        app = app_of(self)
        if name == "box":
            return box_count(app.box, pen)
        if name == "build":
            return self._build_count(pen)
        spans: list[Span] = []
        for status in _COUNTED:
            if count := app.doctor.count(status):
                spans += [Span(f"{pen.glyphs.of(TONES[status])}{count}", TONES[status].value), Span(" ")]
        if app.doctor.scanning:
            return (*spans, pen.tone(Tone.RUNNING))
        return tuple(spans[:-1]) or ((pen.tone(Tone.OK),) if app.doctor.rows else ())

    def _build_count(self, pen: Pen) -> Line:
        app = app_of(self)
        if not app.builds:
            return self._forecast_count(pen)
        state = app.builds[-1].state
        if state.outcome == "failed":
            return (pen.tone(Tone.ERROR),)
        counts = (
            Span(f"{pen.glyphs.of(Tone.HIT)}{state.hits}", "hit"), Span(" "),
            Span(f"{pen.glyphs.of(Tone.MISS)}{state.misses}", "miss"),
        )
        return (*counts, Span(" "), pen.tone(Tone.RUNNING)) if state.outcome == "running" else counts

    def _forecast_count(self, pen: Pen) -> Line:
        """Dim while it is not yet true."""
        builds = app_of(self).forecast.live.builds
        hits, misses = (sum(build.count(word) for build in builds) for word in ("hit", "miss"))
        if not hits + misses:
            return ()
        return (Span(f"{pen.glyphs.of(Tone.HIT)}{hits} {pen.glyphs.of(Tone.MISS)}{misses}", "muted"),)

    def _facts(self, pen: Pen) -> list[Line]:
        """Engine and platform, the platform alone: the first that fits is shown."""
        app = app_of(self)
        platform = app.session.place.platform
        both = f"{app.engine_words} {pen.glyphs.separator} {platform}"
        return [(pen.span(f"{words} ", "muted"),) for words in (*([both] if app.engine_words else []), platform)]

    def on_click(self, event: events.Click) -> None:
        app = app_of(self)
        left = line_width(self._project(app.pen, self.size.width))
        for name, tab in self._tabs(app.pen):
            right = left + line_width(tab)
            if left <= event.x < right:
                app.action_go(name)
            left = right


class KeyBar(LinesView):
    """The keys of this moment, from the bindings; `?` shows all of them."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen and screen.is_current:
            self.redraw()

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        palette = (Span("^p", "strong"), Span(" palette ", "muted"))
        entries = [(label, (Span(key, "strong"), Span(f" {label}  ", "muted"))) for key, label, _ in self._keys()]
        # Help and quit stay where not all fits: help has the rest.
        kept = [entry for label, entry in entries if label in _KEPT]
        room = width - line_width(palette) - 1 - sum(map(line_width, kept))
        spans: list[Span] = [Span(" ")]
        for label, entry in entries:
            if label in _KEPT:
                continue
            if line_width(spans) + line_width(entry) > room:
                break
            spans += entry
        return (pen.fill([*spans, *(span for entry in kept for span in entry)], width, palette),)

    def _keys(self) -> list[tuple[str, str, str]]:
        seen: set[str] = set()
        keys = []
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.action not in seen and binding.description:
                seen.add(binding.action)
                keys.append((self.app.get_key_display(binding), binding.description, binding.key))
        return sorted(keys, key=lambda entry: entry[1] in _KEPT)

    def on_click(self, event: events.Click) -> None:
        app = app_of(self)
        left = 1
        for key, label, name in self._keys():
            right = left + line_width((Span(f"{key} {label}  "),))
            if left <= event.x < right:
                app.simulate_key(name)
                return
            left = right
        if event.x >= self.size.width - 11:
            app.action_command_palette()


class TinyLine(LinesView):
    """Below 60×15: what is running and its state, on one line."""

    def on_mount(self) -> None:
        app = app_of(self)
        for name in ("doctor", "box", "builds", "run_view", "tick"):
            self.watch(app, name, self._changed, init=False)

    def _changed(self) -> None:
        if self.display:
            self.redraw()

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        app = app_of(self)
        name = Span(f"{pen.said(app.session.place.project)} ", "accent")
        return (fit((name, *_state(app, pen)), width, pen.glyphs.ellipsis),)


def _state(app: DevboxApp, pen: Pen) -> Line:
    if app.builds and (app.builds[-1].running or app.builds[-1].state.outcome == "failed"):
        state = app.builds[-1].state
        return (pen.span("build "), *outcome_spans(state, pen), Span(" "), *count_spans(state, pen))
    if app.run_view is not None and (app.run_view.running or app.run_view.problem):
        return run_lines(app.run_view, pen, 200)[0]
    return (pen.span("box "), *(box_count(app.box, pen) or (pen.span("not up", "muted"),)))
