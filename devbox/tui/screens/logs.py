"""A pane that shows either a log or a few lines, with its title and the state of following in the border."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from devbox.tui.lines import Line, Span
from devbox.tui.log_store import LogStore
from devbox.tui.widgets.canvas import LinesView, set_title
from devbox.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from devbox.tui.screens.framed import Framed


class LogPane(Vertical):
    """A `LogView`, and lines that take its place."""

    DEFAULT_CLASSES = "pane"

    def __init__(self, lines: LinesView, *, id: str) -> None:
        super().__init__(id=id)
        self.log_view = LogView()
        self._lines = lines
        self._title: Line = ()

    def compose(self) -> ComposeResult:
        yield self.log_view
        with VerticalScroll(classes="in-place"):
            yield self._lines

    def show_log(self, title: Line, store: LogStore, *, empty: str = "no output yet") -> None:
        """Show that log under this title."""
        self._title = title
        self.remove_class("-lines")
        self.log_view.show(store, empty=empty)
        self._retitle()

    def show_lines(self, title: Line) -> None:
        """Show the lines instead of a log."""
        self._title = title
        self.add_class("-lines")
        self._lines.redraw(layout=True)
        self._retitle()

    @property
    def focusable_part(self) -> LogView | VerticalScroll:
        """What to focus."""
        return self.query_one(VerticalScroll) if self.has_class("-lines") else self.log_view

    def _retitle(self) -> None:
        log = self.log_view
        words = [] if self.has_class("-lines") else ["following" if log.following else "paused"]
        if log.wrapping:
            words.append("wrapped")
        if log.searched and not self.has_class("-lines"):
            words.append(f"/{log.searched}" + ("" if log.found is not None else ": not found"))
        text = "  ".join(words)
        set_title(self, self._title, subtitle=(Span(text, "muted"),) if text else ())

    def on_log_view_mode_changed(self, event: LogView.ModeChanged) -> None:
        event.stop()
        self._retitle()

    async def on_log_view_search_asked(self, event: LogView.SearchAsked) -> None:
        event.stop()
        log = self.log_view

        def told(text: str, done: bool) -> None:
            if done:
                log.searched = text
                log.focus()

        await cast("Framed", self.screen).ask_text(log.searched, told)
