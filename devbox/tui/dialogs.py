"""Dialogs: a question whose default is no, the plan before `up`, the keys, and the long form of something."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from devbox.tui.keys import bind
from devbox.tui.lines import Line, Pen, Row, Span, wrapped
from devbox.tui.widgets.canvas import LinesView, set_title
from devbox.tui.widgets.rows import RowsView

Draw = Callable[[Pen, int], tuple[Line, ...]]


class Drawn(LinesView):
    """Lines from a function."""

    def __init__(self, draw: Draw, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        return self._draw(pen, width)

    def show(self, draw: Draw) -> None:
        """Draw something else."""
        self._draw = draw
        self.redraw(layout=True)


class Sheet(ModalScreen[bool]):
    """A titled box over the screen with scrolling lines; `esc` closes it with no."""

    BINDINGS = bind("back", "close")

    def __init__(self, title: str, draw: Draw, keys: str = "esc back") -> None:
        super().__init__()
        self._title = title
        self._keys = keys
        self.body = Drawn(draw)

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"), VerticalScroll(id="sheet-body"):
            yield self.body

    def on_mount(self) -> None:
        self.retitle(self._keys)
        self.query_one("#sheet-body").focus()

    def retitle(self, keys: str) -> None:
        """Change the keys named at the bottom edge."""
        set_title(
            self.query_one("#sheet"), (Span(self._title, "strong"),), subtitle=(Span(keys, "muted"),)
        )

    def action_back(self) -> None:
        """Close."""
        self.dismiss(False)


class PlanSheet(Sheet):
    """What `up` would do: enter runs it, esc leaves."""

    BINDINGS = bind("confirm")

    def __init__(self, draw: Draw) -> None:
        super().__init__("Up: the plan", draw, "esc leave")
        self.ready = False

    def show_plan(self, draw: Draw, *, runnable: bool) -> None:
        """The plan is known."""
        self.ready = runnable
        self.body.show(draw)
        self.retitle("enter run it   esc leave" if runnable else "esc leave")

    def action_confirm(self) -> None:
        """Run it, once it is known."""
        if self.ready:
            self.dismiss(True)


class _Choice(RowsView):
    """No first, then yes."""

    def __init__(self, no: str, yes: str) -> None:
        super().__init__(id="choice")
        self._words = (no, yes)

    def rows(self, pen: Pen, width: int) -> tuple[Row, ...]:
        no, yes = self._words
        return (
            Row("no", ((Span("  "), pen.span(no)),)),
            Row("yes", ((Span("  "), pen.span(yes)),)),
        )


class Question(ModalScreen[bool]):
    """A yes/no question; no is selected, `esc` is no."""

    BINDINGS = bind("back", "close", "confirm")

    def __init__(self, title: str, detail: str = "", *, no: str = "no", yes: str = "yes") -> None:
        super().__init__()
        self._title = title
        self._detail = detail
        self._choice = _Choice(no, yes)

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"):
            with VerticalScroll(id="sheet-body", can_focus=False):
                yield Drawn(self._lines)
            yield self._choice

    def _lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        lines = list(wrapped((pen.span(self._title, "strong"),), width))
        for part in self._detail.split("\n") if self._detail else ():
            lines += wrapped((pen.span(part),), width)
        return tuple(lines)

    def on_mount(self) -> None:
        keys = (Span("enter choose   esc no", "muted"),)
        set_title(self.query_one("#sheet"), (Span("Question", "strong"),), subtitle=keys)
        self._choice.redraw()
        self._choice.focus()

    def on_rows_view_opened(self, event: RowsView.Opened) -> None:
        event.stop()
        self.dismiss(event.key == "yes")

    def action_confirm(self) -> None:
        """The selected answer."""
        self.dismiss(self._choice.selected == "yes")

    def action_back(self) -> None:
        """No."""
        self.dismiss(False)
