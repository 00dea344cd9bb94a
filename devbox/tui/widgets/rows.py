"""A list of rows with one selected: the table of every screen, drawn line by line."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from devbox.core.present import Tone
from devbox.tui.keys import bind
from devbox.tui.lines import Line, Pen, Row, Span
from devbox.tui.widgets.canvas import app_of, paint


class RowsView(ScrollView, can_focus=True):
    """Draws `rows(pen, width)`; the selection follows its key when rows change."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "RowsView { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }"
    BINDINGS = bind("open", "move.down", "move.up", "move.first", "move.last", "move.page_down", "move.page_up")

    @dataclass
    class Moved(Message):
        """Another row is selected; `by_hand` when a person did it."""

        view: RowsView
        key: Hashable
        by_hand: bool

    @dataclass
    class Opened(Message):
        """The selected row was opened (enter, or a second click)."""

        view: RowsView
        key: Hashable

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.selected: Hashable | None = None
        self._rows: tuple[Row, ...] = ()
        self._index: list[tuple[int, int]] = []
        """For each screen line: row number and line within the row."""

    def rows(self, pen: Pen, width: int) -> tuple[Row, ...]:
        """What to draw at this width; pure with respect to the widget's snapshot."""
        raise NotImplementedError

    def redraw(self) -> None:
        """The snapshot changed."""
        self._rows = self.rows(app_of(self).pen, self.size.width)
        self._index = [(row, line) for row, item in enumerate(self._rows) for line in range(len(item.lines))]
        self.virtual_size = Size(self.size.width, len(self._index))
        keys = self._keys()
        if self.selected not in keys:
            self.selected = None
            if keys:
                self.select(keys[0])
        self.refresh()

    def on_resize(self) -> None:
        self.redraw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.refresh()

    @property
    def keys(self) -> tuple[Hashable, ...]:
        """The keys that can be selected, in order."""
        return tuple(self._keys())

    def _keys(self) -> list[Hashable]:
        return [row.key for row in self._rows if row.key is not None]

    def select(self, key: Hashable, *, by_hand: bool = False) -> None:
        """Select that row and bring it into view."""
        if key == self.selected:
            return
        self.selected = key
        self._reveal()
        self.refresh()
        self.post_message(self.Moved(self, key, by_hand))

    def _reveal(self) -> None:
        lines = [y for y, (row, _) in enumerate(self._index) if self._rows[row].key == self.selected]
        if lines:
            self.scroll_to_region(Region(0, lines[0], 1, len(lines)), animate=False, force=True)

    def _step(self, by: int) -> None:
        keys = self._keys()
        if keys:
            at = keys.index(self.selected) if self.selected in keys else 0
            self.select(keys[max(0, min(at + by, len(keys) - 1))], by_hand=True)

    def action_move(self, by: int) -> None:
        """Up or down by so many rows."""
        self._step(by)

    def action_move_page(self, by: int) -> None:
        """Up or down by a screenful."""
        self._step(by * max(self.size.height - 1, 1))

    def action_move_to(self, index: int) -> None:
        """To the first (0) or last (-1) row."""
        if keys := self._keys():
            self.select(keys[index], by_hand=True)
            if index == 0:
                self.scroll_home(animate=False)

    def action_open(self) -> None:
        """Open the selected row."""
        if self.selected is not None:
            self.post_message(self.Opened(self, self.selected))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        y = offset.y + self.scroll_offset.y if offset else -1
        if 0 <= y < len(self._index):
            key = self._rows[self._index[y][0]].key
            if key is not None and key == self.selected and event.chain == 2:
                self.action_open()
            elif key is not None:
                self.select(key, by_hand=True)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        at = self.scroll_offset.y + y
        if at >= len(self._index):
            return paint(self, (), width)
        number, part = self._index[at]
        row = self._rows[number]
        line = row.lines[part]
        if row.key is None or row.key != self.selected:
            return paint(self, line, width)
        ink = app_of(self).ink
        mark = app_of(self).pen.glyphs.of(Tone.UP) if part == 0 else " "
        return paint(
            self, _marked(line, row.marked, mark), width, behind=ink["cursor" if self.has_focus else "cursor-blurred"]
        )


def _marked(line: Line, column: int, mark: str) -> Line:
    """The line with the selection mark in its reserved column."""
    spans: list[Span] = []
    used = 0
    for span in line:
        at = column - used
        if 0 <= at < span.width and span.text.isspace():
            spans += [Span(span.text[:at]), Span(mark, "accent"), Span(span.text[at + 1 :])]
        else:
            spans.append(span)
        used += span.width
    return tuple(spans)
