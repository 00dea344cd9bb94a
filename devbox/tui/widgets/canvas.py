"""Where painted lines meet Textual: the only module that turns spans into strips and titles.

Everything outside reaches the screen through `paint` or `set_title`, which clean it once more; no widget of devbox
takes a plain string (style.md, Textual rules).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from devbox.tui.lines import Line, Pen

if TYPE_CHECKING:
    from devbox.tui.app import DevboxApp


def app_of(widget: Widget) -> DevboxApp:
    """The app, with its type."""
    return cast("DevboxApp", widget.app)


def paint(widget: Widget, line: Line, width: int, *, behind: Style | None = None) -> Strip:
    """One line in the widget's own colours, exactly `width` columns wide; `behind` tints the whole line."""
    app = app_of(widget)
    pen, ink = app.pen, app.ink
    under = widget.rich_style + behind if behind else widget.rich_style
    segments = [Segment(pen.said(span.text), under + ink.get(span.role, Style.null())) for span in line]
    return Strip(segments).crop_extend(0, width, under)


def set_title(widget: Widget, line: Line, *, subtitle: Line = ()) -> None:
    """The border's title (and, at the bottom right, subtitle) from spans."""
    pen = app_of(widget).pen
    widget.border_title = _content(pen, line)
    widget.border_subtitle = _content(pen, subtitle)


def _content(pen: Pen, line: Line) -> Content | None:
    if not line:
        return None
    return Content.assemble(*((pen.said(span.text), _STYLE.get(span.role, f"$db-{span.role}")) for span in line))


_STYLE = {"": "$db-foreground", "strong": "bold $db-foreground", "accent": "bold $db-accent", "up": "$db-accent"}


class LinesView(Widget):
    """A few lines that cannot be selected: header, strips, detail panes. `lines(pen, width)` says what they are."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LinesView { height: auto; }"
    _drawn: tuple[int, tuple[Line, ...]] | None = None

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        """What to draw at this width; pure with respect to the widget's snapshot."""
        raise NotImplementedError

    def redraw(self, *, layout: bool = False) -> None:
        """The snapshot changed; `layout` when the number of lines may have."""
        self._drawn = None
        self.refresh(layout=layout)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(len(self._lines_at(width)), 1)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        lines = self._lines_at(width)
        return paint(self, lines[y] if y < len(lines) else (), width)

    def _lines_at(self, width: int) -> tuple[Line, ...]:
        if self._drawn is None or self._drawn[0] != width:
            self._drawn = (width, self.lines(app_of(self).pen, width))
        return self._drawn[1]
