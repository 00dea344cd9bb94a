"""The one-line prompt of `/`, made when first asked for."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input


class Prompt(Input):
    """Asks for a filter or a search; `esc` clears and closes it."""

    BINDINGS = [Binding("escape", "give_up", "clear", show=True)]  # noqa: RUF012

    @dataclass
    class Given(Message):
        """The text changed, or was confirmed (`done`)."""

        text: str
        done: bool

    def __init__(self, value: str) -> None:
        super().__init__(value, compact=True, select_on_focus=False, id="prompt")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Given(event.value, False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Given(event.value, True))

    def action_give_up(self) -> None:
        """Clear and close."""
        self.post_message(self.Given("", True))
