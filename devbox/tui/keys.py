"""Every key of the TUI in one table: footer, `?` help, command palette and README derive from it (tui.md, Keys).

One meaning per letter on all screens. Only keys that survive every terminal.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One binding: the footer shows `label`, help and palette show `tooltip`."""

    id: str
    keys: str
    action: str
    label: str
    tooltip: str
    shown: bool = True
    display: str | None = None


_ALL = (
    Key("go.doctor", "1", "app.go('doctor')", "doctor", "Doctor: is this machine right", shown=False),
    Key("go.box", "2", "app.go('box')", "box", "Box: is the environment up", shown=False),
    Key("go.build", "3", "app.go('build')", "build", "Build: why is it slow", shown=False),
    Key("help", "question_mark", "app.keys_help", "help", "Keys of this screen", display="?"),
    Key("quit", "q", "app.quit", "quit", "Quit; asks while a build runs"),
    Key("filter", "slash", "filter", "filter", "Filter the list; esc clears", display="/"),
    Key("search", "slash", "search", "search", "Search the log; esc clears", display="/"),
    Key("open", "enter", "open", "open", "Open what is selected", display="enter"),
    Key("back", "escape", "back", "back", "Back", shown=False, display="esc"),
    Key("close", "q", "back", "close", "Close", shown=False),
    Key("confirm", "enter", "confirm", "confirm", "Do it", shown=False),
    Key("pane.next", "tab", "app.focus_next", "pane", "Next pane", shown=False),
    Key("pane.previous", "shift+tab", "app.focus_previous", "pane", "Previous pane", shown=False),
    Key("copy", "y", "copy", "copy", "Copy the hint, line or selection"),
    Key("refresh", "r", "refresh_one", "refresh", "Refresh what is selected"),
    Key("doctor.all", "R", "rescan_all", "rescan all", "Run every check again"),
    Key("box.up", "u", "app.plan_up", "up", "Box up: shows the plan first"),
    Key("box.down", "d", "app.down", "down", "Box down; named volumes stay"),
    Key("box.shell", "s", "shell", "shell", "Shell in the selected service"),
    Key("box.rebuild", "R", "app.rebuild", "rebuild", "Build now, then recreate what is stale"),
    Key("stop", "x", "app.stop_run", "stop", "Stop what runs; asks first"),
    Key("view.previous", "left_square_bracket", "turn(-1)", "previous", "Previous build or tab", display="["),
    Key("view.next", "right_square_bracket", "turn(1)", "next", "Next build or tab", display="]"),
    Key("miss.next", "n", "next_miss(1)", "next miss", "Next place where the cache breaks"),
    Key("miss.previous", "N", "next_miss(-1)", "previous miss", "Previous place where the cache breaks", shown=False),
    Key("log.follow", "f", "follow", "follow", "Follow the end of the log, or stop following"),
    Key("log.wrap", "w", "wrap", "wrap", "Wrap long lines, or not"),
    Key("log.next", "n", "next_match(1)", "next match", "Next match of the search", shown=False),
    Key("log.previous", "N", "next_match(-1)", "previous match", "Previous match of the search", shown=False),
    Key("log.right", "right", "sideways(1)", "right", "Scroll long lines", shown=False),
    Key("log.left", "left", "sideways(-1)", "left", "Scroll long lines back", shown=False),
    Key("move.down", "j,down", "move(1)", "down", "Down", shown=False, display="j ↓"),
    Key("move.up", "k,up", "move(-1)", "up", "Up", shown=False, display="k ↑"),
    Key("move.first", "g,home", "move_to(0)", "first", "To the first line", shown=False, display="g home"),
    Key("move.last", "G,end", "move_to(-1)", "last", "To the last line", shown=False, display="G end"),
    Key("move.page_down", "pagedown", "move_page(1)", "page down", "A page down", shown=False, display="PgDn"),
    Key("move.page_up", "pageup", "move_page(-1)", "page up", "A page up", shown=False, display="PgUp"),
)
KEYS = {key.id: key for key in _ALL}


Bindings = list[Binding | tuple[str, str] | tuple[str, str, str]]
"""The type that Textual gives `BINDINGS`."""


def bind(*ids: str) -> Bindings:
    """Bindings for a `BINDINGS` list, from the table's ids."""
    return [
        Binding(
            key.keys, key.action, key.label, show=key.shown, key_display=key.display, tooltip=key.tooltip, id=key.id
        )
        for key in (KEYS[id] for id in ids)
    ]
