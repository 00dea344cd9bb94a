"""The faces of a run: JSON lines, plain lines for pipes and logs, and which of them fits."""

from __future__ import annotations

from devbox.cli.invocation import Invocation
from devbox.core.events import Event
from devbox.report.build_lines import Style
from devbox.report.events_json import EventsJson
from devbox.report.events_text import EventsText


class JsonFace:
    """One JSON event per line, as things happen."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._events = EventsJson()

    def show(self, event: Event) -> None:
        """Print what the contract names."""
        for item in self._events.objects(event):
            self._invocation.emit(item)

    def close(self) -> None:
        """Say what is still held back."""
        for item in self._events.flush():
            self._invocation.emit(item)


class PlainFace:
    """A line for each piece of news, on stderr; with `-v` also what the steps print."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        style = Style(invocation.glyphs, invocation.colour(invocation.stderr))
        self._events = EventsText(style, logs=invocation.options.verbose > 0)

    def show(self, event: Event) -> None:
        """Narrate."""
        for line in self._events.lines(event):
            self._invocation.narrate(line)

    def close(self) -> None:
        """Nothing is held."""
