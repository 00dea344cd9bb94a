"""Questions from a worker thread to the person: the thread waits, the app shows a dialog, no answer is no."""

from __future__ import annotations

import threading
from typing import Any

from textual.app import App
from textual.message import Message


class Asked(Message, bubble=False):
    """A flow asks; the app shows a dialog and calls `answer`."""

    def __init__(self, question: str, detail: str, trust: bool) -> None:
        super().__init__()
        self.question = question
        self.detail = detail
        self.trust = trust
        self.reply: bool | None = None
        self.done = threading.Event()

    def answer(self, yes: bool | None) -> None:
        """Let the waiting thread go on."""
        self.reply = bool(yes)
        self.done.set()


class Asker:
    """What flows call to ask; `close()` answers everything, now and later, with no."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._open: list[Asked] = []
        self._closed = False

    def __call__(self, question: str, *, detail: str = "", trust: bool = False) -> bool:
        """Called in a worker thread."""
        if self._closed:
            return False
        asked = Asked(question, detail, trust)
        self._open.append(asked)
        try:
            if not self._app.post_message(asked):
                return False
            asked.done.wait()
        finally:
            self._open.remove(asked)
        return bool(asked.reply)

    def close(self) -> None:
        """The app ends, or the operation that may ask was stopped."""
        self._closed = True
        for asked in tuple(self._open):
            asked.answer(False)
