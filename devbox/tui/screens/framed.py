"""What the three screens share: the frame, pages on narrow terminals, and the prompt of `/`."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget

from devbox.tui.keys import bind
from devbox.tui.widgets.canvas import app_of
from devbox.tui.widgets.frame import KeyBar, TinyLine, TopBar


class Framed(Screen[None]):
    """Header, body, keys. A subclass composes `body()`.

    On a narrow terminal one pane is shown at a time: the class `-page` shows the second (tui.md, Sizes).
    """

    BINDINGS = bind("back", "pane.next", "pane.previous")
    DEFAULT_CLASSES = "framed"
    _prompted: Callable[[str, bool], None] | None = None

    def compose(self) -> ComposeResult:
        yield TopBar()
        with Vertical(id="body"):
            yield from self.body()
        yield KeyBar()
        yield TinyLine()

    def body(self) -> ComposeResult:
        """The panes of this screen."""
        raise NotImplementedError

    @property
    def narrow(self) -> bool:
        """Whether one pane is shown at a time."""
        return app_of(self).size.width < 100

    def open_page(self, focus: Widget) -> None:
        """Show the second pane, and focus it."""
        self.add_class("-page")
        focus.focus()

    def close_page(self, focus: Widget) -> bool:
        """Show the first pane again; whether there was something to close."""
        was = self.has_class("-page")
        self.remove_class("-page")
        focus.focus()
        return was

    async def ask_text(self, value: str, told: Callable[[str, bool], None]) -> None:
        """Open the prompt; `told(text, done)` hears of every change."""
        # Deferred: wanted only after `/`, and the first paint pays for every module.
        from devbox.tui.widgets.prompt import Prompt

        self._prompted = told
        await self.query("#prompt").remove()
        prompt = Prompt(value)
        await self.query_one("#body").mount(prompt)
        prompt.focus()

    async def on_prompt_given(self, event: object) -> None:
        """The prompt has news; when it is done it goes."""
        text, done = getattr(event, "text", ""), getattr(event, "done", True)
        if done:
            await self.query("#prompt").remove()
        if self._prompted is not None:
            self._prompted(text, done)
