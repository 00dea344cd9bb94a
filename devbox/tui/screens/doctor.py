"""Screen 1, Doctor: what this machine is against what the project asks (tui.md)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from devbox.core.findings import DoctorRow
from devbox.core.row_groups import Folded
from devbox.resources import styles_folder
from devbox.tui.doctor_state import DoctorView, check_of, matching
from devbox.tui.draw_box import problem_lines
from devbox.tui.draw_doctor import doctor_detail, doctor_rows, doctor_title, evidence_lines, layer_strip
from devbox.tui.keys import bind
from devbox.tui.lines import Line, Pen, Row, Span
from devbox.tui.screens.framed import Framed
from devbox.tui.widgets.canvas import LinesView, app_of, set_title
from devbox.tui.widgets.rows import RowsView


class Layers(LinesView):
    """The strip of the eight layers."""

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        return (layer_strip(app_of(self).doctor, pen, width),)


class Findings(RowsView):
    """The table."""

    query_text = ""
    opened: frozenset[str] = frozenset()
    """The folded layers that are open, by key."""

    def rows(self, pen: Pen, width: int) -> tuple[Row, ...]:
        view = app_of(self).doctor
        width -= 1  # the scroll bar's, whether it is there or not
        # A filter looks inside: what it finds is listed by itself.
        alone, folded = (matching(view.rows, self.query_text), ()) if self.query_text else view.folded()
        rows = doctor_rows(alone, pen, width, folded, self.opened)
        if len(rows) > 1:
            return rows
        if view.problem is not None:
            return (Row(None, tuple((Span(" "), *line) for line in problem_lines(view.problem, pen, width - 2))),)
        words = "reading the project" if view.scanning else "no row matches" if self.query_text else "nothing to check"
        return (Row(None, ((Span("  "), pen.span(words, "muted")),)),)


    def current(self) -> DoctorRow | Folded | None:
        """The selected row, or the layer that is one row."""
        view = app_of(self).doctor
        row = view.row(self.selected)
        return row or next((group for group in view.folded()[1] if group.key == self.selected), None)

    def turn(self, group: Folded) -> None:
        """Open the layer, or close it."""
        self.opened ^= {group.key}
        self.redraw()


class Detail(LinesView):
    """The selected row in sentences."""

    row: DoctorRow | Folded | None = None

    def lines(self, pen: Pen, width: int) -> tuple[Line, ...]:
        return doctor_detail(self.row, pen, width)


class DoctorScreen(Framed):
    """Findings above, the selected one in full below."""

    CSS_PATH: ClassVar[Path] = styles_folder() / "doctor.tcss"
    AUTO_FOCUS = "Findings"
    BINDINGS = bind("filter", "refresh", "doctor.all", "copy")
    _touched = False
    """Whether a person has chosen a row."""

    def body(self) -> ComposeResult:
        yield Layers(id="layers")
        with Vertical(id="findings-pane", classes="pane"):
            yield Findings(id="findings")
        with Vertical(id="detail-pane", classes="pane"):
            yield Detail(id="detail")

    def on_mount(self) -> None:
        self._table = self.query_one(Findings)
        self._detail = self.query_one(Detail)
        set_title(self.query_one("#findings-pane"), (Span("Findings", "strong"),))
        self.watch(app_of(self), "doctor", self._show)
        self.watch(app_of(self), "tick", self._turn, init=False)

    def _show(self, view: DoctorView) -> None:
        self.query_one(Layers).redraw()
        self._table.redraw()
        if not view.scanning and not self._touched and self._table.keys:
            # The worst is first once all is known; whoever has moved already stays where they are.
            self._table.select(self._table.keys[0])
        self._show_detail()

    def _turn(self) -> None:
        if self.is_current and app_of(self).doctor.scanning:
            self.query_one(Layers).redraw()
            self._table.redraw()

    def _show_detail(self) -> None:
        row = self._table.current()
        self._detail.row = row
        self._detail.redraw(layout=True)
        set_title(self.query_one("#detail-pane"), doctor_title(row, app_of(self).pen))

    def on_rows_view_moved(self, event: RowsView.Moved) -> None:
        self._touched = self._touched or event.by_hand
        self._show_detail()

    def on_rows_view_opened(self) -> None:
        row = self._detail.row
        if isinstance(row, Folded):
            self._table.turn(row)
        elif row is not None:
            # Deferred: dialogs are opened by hand, later than the first paint.
            from devbox.tui.dialogs import Sheet

            self.app.push_screen(Sheet(row.subject, lambda pen, width: evidence_lines(row, pen, width)))

    async def action_filter(self) -> None:
        """Show only matching rows."""
        def told(text: str, done: bool) -> None:
            self._table.query_text = text
            self._table.redraw()
            self._show_detail()
            if done:
                self._table.focus()

        await self.ask_text(self._table.query_text, told)

    def action_back(self) -> None:
        """Clear the filter."""
        self._table.query_text = ""
        self._table.redraw()
        self._table.focus()

    def action_refresh_one(self) -> None:
        """Run the checks of the selected row again."""
        row = self._detail.row
        rows = row.rows if isinstance(row, Folded) else (row,) if row else ()
        if rows:
            app_of(self).runs.examine(tuple(dict.fromkeys(map(check_of, rows))))

    def action_rescan_all(self) -> None:
        """Run every check again."""
        app_of(self).runs.examine()

    def action_copy(self) -> None:
        """Copy the hint's command, else the row."""
        row = self._detail.row
        if row is None:
            return
        if isinstance(row, Folded):
            text = ", ".join(row.words)
        else:
            commands = (row.hint or "").split("`")[1:2]
            text = commands[0] if commands else row.hint or f"{row.subject} {row.pinned} {row.found} {row.word}"
        self.app.copy_to_clipboard(app_of(self).pen.said(text))
        app_of(self).say("copied")
