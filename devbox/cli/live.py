"""A build as a live view on a terminal: the step list redrawn in place, in plain ANSI.

It keeps no mode switched on (no alternate screen, no hidden cursor, no raw input), so there is nothing to restore on
whatever way out, a second Ctrl-C included: what stands on the screen simply stays. Everything from outside is cleaned
by the lines' makers.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TextIO

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.events import BuildChanged, BuildLog, BuildStarted, Event
from devbox.core.present import Tone
from devbox.core.text import LineSplitter, cell_width, clean, clip_end, duration
from devbox.report.build_lines import Style, builder_lines, outcome_line, step_line
from devbox.report.events_text import EventsText

_UP = "\x1b[{}F"
_ERASE_BELOW = "\x1b[J"
_LOG_LINES = 4
"""Newest output of the running step shown under the steps."""
_SMALLEST = (40, 6)
_DONE = (StepStatus.HIT, StepStatus.MISS, StepStatus.BASE)


class LiveView:
    """The face of a run on a terminal; everything but builds becomes plain lines above the view."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        """`stream` is a terminal."""
        self._stream = stream
        self._style = style
        self._plain = EventsText(style)
        self._drawn: list[int] = []
        """Columns of each line of the view on the screen."""
        self._service = ""
        self._build: BuildState | None = None
        self._tails: dict[StepKey | None, deque[str]] = {}
        self._splitters: dict[StepKey | None, LineSplitter] = {}

    def show(self, event: Event) -> None:
        """Draw what changed."""
        match event:
            case BuildStarted(service):
                self._service, self._build = service, None
                self._tails.clear()
                self._splitters.clear()
            case BuildLog(_, step, data):
                self._keep(step, data)
            case BuildChanged(service, build):
                self._service, self._build = service, build
                if build.outcome == "running":
                    self._redraw()
                else:
                    self._settle(build)
            case _:
                self._above(list(self._plain.lines(event)))

    def close(self) -> None:
        """Leave what stands; a build cut off in the middle keeps its last picture."""
        self._drawn = []
        self._build = None

    def _keep(self, step: StepKey | None, data: bytes) -> None:
        tail = self._tails.setdefault(step, deque(maxlen=_LOG_LINES))
        tail.extend(clean(line) for line in self._splitters.setdefault(step, LineSplitter()).feed(data)[-_LOG_LINES:])

    def _settle(self, build: BuildState) -> None:
        """The build is over: its report stays on the screen."""
        columns, _ = self._size()
        lines = [*builder_lines(build), *(f" {step_line(step, self._style, columns - 2)}" for step in build.steps)]
        lines += [f" warning: {clean(warning)}" for warning in build.warnings]
        self._write([], above=[*lines, outcome_line(self._service, build, self._style)])
        self._build = None

    def _above(self, lines: list[str]) -> None:
        """Print lines that stay, and the view below them again."""
        if lines:
            self._write(self._view() if self._build else [], above=lines)

    def _redraw(self) -> None:
        self._write(self._view(), above=[])

    def _write(self, view: list[str], above: list[str]) -> None:
        columns, _ = self._size()
        # After a resize the terminal has wrapped what it holds: a line may stand on several rows now.
        rows = sum(max(1, -(-width // columns)) for width in self._drawn)
        start = (_UP.format(rows) if rows else "") + _ERASE_BELOW
        self._stream.write(start + "".join(f"{line}\n" for line in (*above, *view)))
        self._stream.flush()
        self._drawn = [cell_width(_plain(line)) for line in view]

    def _view(self) -> list[str]:
        build = self._build
        assert build is not None
        columns, rows = self._size()
        columns -= 1  # a full line would wrap on some terminals
        logs = self._log_lines(build, columns)
        room = max(rows - 3 - len(logs), 1)
        steps = [f" {step_line(step, self._style, columns - 1)}" for step in _window(build.steps, room)]
        hidden = len(build.steps) - len(steps)
        head = self._head(build, hidden)
        return [clip_end(head, columns, self._style.glyphs.ellipsis), *steps, *logs]

    def _head(self, build: BuildState, hidden: int) -> str:
        counts = f"{build.hits} hit, {build.misses} miss, {build.count(StepStatus.TO_GO)} to go"
        more = f", {hidden} more" if hidden else ""
        phase = f", {clean(build.phase)}" if build.phase and not build.count(StepStatus.RUNNING) else ""
        return f"build {clean(self._service)}  {duration(build.seconds)}  {counts}{more}{phase}"

    def _log_lines(self, build: BuildState, columns: int) -> list[str]:
        running = [step for step in build.steps if step.status in (StepStatus.RUNNING, StepStatus.FAILED)]
        if not running:
            return []
        bar = self._style.glyphs.bar
        tail = self._tails.get(running[-1].key, ())
        return [self._style.paint(clip_end(f"   {bar} {line}", columns), Tone.TO_GO) for line in tail]

    def _size(self) -> tuple[int, int]:
        try:
            found = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return 80, 24
        return max(found.columns, _SMALLEST[0]), max(found.lines, _SMALLEST[1])


def _window(steps: tuple[Step, ...], room: int) -> tuple[Step, ...]:
    """The steps around where the work is, when they do not all fit."""
    if len(steps) <= room:
        return steps
    active = [number for number, step in enumerate(steps) if step.status is StepStatus.RUNNING]
    ended = [number for number, step in enumerate(steps) if step.status in _DONE]
    at = (active or ended or [0])[-1]
    first = min(max(at - room // 2, 0), len(steps) - room)
    return steps[first : first + room]


def _plain(line: str) -> str:
    """The line without our own colours."""
    while (start := line.find("\x1b[")) >= 0:
        end = line.find("m", start)
        line = line[:start] + line[end + 1 :]
    return line
