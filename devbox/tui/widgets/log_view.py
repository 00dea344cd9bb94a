"""Long output, drawn line by line: only what is visible is decoded and coloured (style.md, Textual rules)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.text import Text
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from devbox.tui.keys import bind
from devbox.tui.log_lines import LogLines, Piece, search_pattern
from devbox.tui.log_store import LogStore
from devbox.tui.widgets.canvas import app_of, paint

_SCROLL_COLUMNS = 8


class LogView(ScrollView, can_focus=True):
    """Shows one `LogStore`; `changed()` after it grew. Scroll positions count lines, not rows."""

    DEFAULT_CSS = """
    LogView { overflow-y: scroll; overflow-x: auto; scrollbar-size-horizontal: 0; scrollbar-size-vertical: 1; }
    """
    BINDINGS = bind(
        "search", "log.follow", "log.wrap", "log.next", "log.previous", "log.right", "log.left",
        "move.down", "move.up", "move.first", "move.last", "move.page_down", "move.page_up",
    )
    following = var(True)
    wrapping = var(False)
    searched = var("")

    @dataclass
    class ModeChanged(Message):
        """Following, wrapping or the search changed."""

        view: LogView

    @dataclass
    class SearchAsked(Message):
        """`/` was pressed: the screen opens its prompt and sets `searched`."""

        view: LogView

    def __init__(self) -> None:
        super().__init__()
        self.store = LogStore()
        self.empty = "no output yet"
        self.found: int | None = None
        """The line of the last search hit."""
        self._lines_of_store = LogLines(self.store)
        self._window: list[Piece] | None = None
        self._dropped = 0
        self._steering = False

    def show(self, store: LogStore, *, empty: str = "no output yet") -> None:
        """Show another log, from its end; the same one again only redraws."""
        self.empty = empty
        if store is not self.store:
            self.store, self._dropped, self.found = store, store.dropped, None
            self._lines_of_store = LogLines(store, ascii_only=app_of(self).pen.ascii_only)
            self.following = True
        self.changed()

    def changed(self) -> None:
        """The store grew: keep the end in view while following, else keep the same lines in view."""
        self._window = None
        gone = self.store.dropped - self._dropped
        self._dropped = self.store.dropped
        self._measure()
        if self.following:
            self._steer(self.max_scroll_y)
        elif gone:
            self._steer(max(self.scroll_offset.y - gone, 0))
        self.refresh()

    def show_line(self, number: int) -> None:
        """Stop following and bring that line into the upper third."""
        self.following = False
        self._steer(max(number - self.store.dropped - self.size.height // 3, 0))

    @property
    def _wrap_width(self) -> int | None:
        return max(self.size.width, 1) if self.wrapping else None

    def _measure(self) -> None:
        height = max(self.size.height, 1)
        rows = len(self.store) - self.store.dropped
        if self.wrapping:
            rows = self._lines_of_store.last_top(self._wrap_width, height) - self.store.dropped + height
        self.virtual_size = Size(0 if self.wrapping else self._lines_of_store.widest, rows)

    def _steer(self, y: int) -> None:
        """Scroll without that counting as a person's wish to stop following."""
        self._steering = True
        self.scroll_to(y=y, animate=False, immediate=True, force=True)
        self._steering = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._window = None
        if not self._steering and new_value < old_value and new_value < self.max_scroll_y:
            self.following = False

    def watch_following(self) -> None:
        self.post_message(self.ModeChanged(self))

    def watch_wrapping(self) -> None:
        self.changed()
        self.post_message(self.ModeChanged(self))

    def watch_searched(self) -> None:
        self.found = None
        self.refresh()
        if self.searched:
            self._search(len(self.store) - 1, backwards=True)
        self.refresh_bindings()
        self.post_message(self.ModeChanged(self))

    def on_resize(self) -> None:
        self.changed()

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    # Drawing

    def _visible(self) -> list[Piece]:
        if self._window is None:
            top = self.store.dropped + self.scroll_offset.y
            self._window = self._lines_of_store.window(top, self._wrap_width, max(self.size.height, 1))
            if not self.wrapping and self._lines_of_store.widest > self.virtual_size.width:
                self.call_later(self._measure)
        return self._window

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        window = self._visible()
        if y >= len(window):
            message = () if len(self.store) or y else (app_of(self).pen.span(self.empty, "muted"),)
            return paint(self, message, width)
        piece = window[y]
        text = self._highlighted(piece)
        under = self.rich_style
        left = 0 if self.wrapping else self.scroll_offset.x
        strip = Strip(text.render(self.app.console), text.cell_len).apply_style(under)
        return strip.crop_extend(left, left + width, under).apply_offsets(piece.start + left, piece.number)

    def _highlighted(self, piece: Piece) -> Text:
        text = Text(end="")
        text.append_text(piece.text)
        ink = app_of(self).ink
        if self.searched:
            for match in re.finditer(re.escape(self.searched), text.plain, re.IGNORECASE):
                text.stylize(ink["match"], *match.span())
        if piece.number == self.found:
            text.stylize(ink["cursor"])
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(piece.number)) is not None:
            first = max(span[0] - piece.start, 0)
            last = len(text) if span[1] == -1 else span[1] - piece.start
            if last > first:
                text.stylize(ink["selection"], first, last)
        return text

    # Copying

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, cleaned."""
        first = selection.start.y if selection.start else self.store.dropped
        last = min(selection.end.y if selection.end else len(self.store) - 1, len(self.store) - 1)
        lines = []
        for number in range(first, last + 1):
            plain = self._lines_of_store.text(number).plain
            begin, end = selection.get_span(number) or (0, 0)
            lines.append(plain[begin : len(plain) if end == -1 else end])
        return "\n".join(lines), "\n"

    def line_to_copy(self) -> str:
        """The line of the search hit, else the last visible one."""
        window = self._visible()
        number = self.found if self.found is not None else window[-1].number if window else None
        return "" if number is None else self._lines_of_store.text(number).plain

    # Keys

    def action_move(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_offset.y + by, animate=False, immediate=True)

    def action_move_page(self, by: int) -> None:
        """Scroll by a screenful."""
        self.action_move(by * max(self.size.height - 1, 1))

    def action_move_to(self, index: int) -> None:
        """To the first line, or to the end and follow it."""
        if index == 0:
            self.action_move(-self.scroll_offset.y)
        else:
            self.following = True
            self.changed()

    def action_sideways(self, by: int) -> None:
        """Scroll long lines to the right or left."""
        self.scroll_to(x=self.scroll_offset.x + by * _SCROLL_COLUMNS, animate=False, immediate=True)

    def action_follow(self) -> None:
        """Follow the end, or stop."""
        self.following = not self.following
        self.changed()

    def action_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.wrapping = not self.wrapping

    def action_search(self) -> None:
        """Ask for what to search."""
        self.post_message(self.SearchAsked(self))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self.searched) if action == "next_match" else True

    def action_next_match(self, by: int) -> None:
        """To the next or previous hit."""
        at = self.found if self.found is not None else len(self.store)
        self._search(at + by, backwards=by < 0)

    def _search(self, start: int, *, backwards: bool) -> None:
        pattern = search_pattern(self.searched)
        self.found = self.store.find(pattern, start, backwards=backwards)
        if self.found is None:
            around = len(self.store) if backwards else self.store.dropped
            self.found = self.store.find(pattern, around, backwards=backwards)
        if self.found is not None:
            self.show_line(self.found)
        self.refresh()
        self.post_message(self.ModeChanged(self))
