"""The live view on a real pseudo-terminal: what stands on the screen, and that nothing acts on it."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from devbox.cli.live import LiveView
from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.events import BuildChanged, BuildLog, BuildStarted, Event, Note
from devbox.core.present import UNICODE
from devbox.report.build_lines import Style


class Screen:
    """Enough of a terminal for what the view uses: lines, cursor up to line start, erase below, wrapping."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows = [""]
        self.at = 0

    def feed(self, text: str) -> None:
        for part in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|\n|[^\x1b\n]+", text.replace("\r\n", "\n")):
            if part == "\n":
                self.at += 1
                if self.at == len(self.rows):
                    self.rows.append("")
            elif part.endswith("F") and part.startswith("\x1b"):
                self.at = max(self.at - int(part[2:-1]), 0)
            elif part == "\x1b[J":
                self.rows = [*self.rows[: self.at], ""]
            elif part.startswith("\x1b"):
                assert part.endswith("m"), f"unexpected sequence {part!r}"
            else:
                assert len(part) <= self.columns, f"line wraps: {part!r}"
                self.rows[self.at] += part


@contextmanager
def terminal(columns: int = 90, lines: int = 12) -> Iterator[tuple[TextIO, list[bytes]]]:
    """A pty whose output is collected."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    collected: list[bytes] = []

    def read() -> None:
        try:
            while data := os.read(ours, 65536):
                collected.append(data)
        except OSError:
            return

    thread = threading.Thread(target=read)
    thread.start()
    stream = open(theirs, "w", encoding="utf-8")  # noqa: SIM115 (closed below, before the reader ends)
    try:
        yield stream, collected
    finally:
        stream.close()
        thread.join()
        os.close(ours)


def shown(*events: Event, columns: int = 90, lines: int = 12) -> list[str]:
    with terminal(columns, lines) as (stream, collected):
        view = LiveView(stream, Style(UNICODE))
        for event in events:
            view.show(event)
        view.close()
    screen = Screen(columns)
    screen.feed(b"".join(collected).decode())
    return [" ".join(row.split()) for row in screen.rows if row.strip()]


def step(index: int, status: StepStatus, instruction: str = "RUN x") -> Step:
    return Step(StepKey("dev", index), 40, instruction, status, 1.0)


def test_view_is_redrawn_in_place() -> None:
    states = [
        BuildState(steps=(step(2, StepStatus.RUNNING), step(3, StepStatus.TO_GO))),
        BuildState(steps=(step(2, StepStatus.MISS), step(3, StepStatus.RUNNING))),
    ]
    rows = shown(BuildStarted("box"), *(BuildChanged("box", state) for state in states))
    assert rows == [
        "build box 0.0s 0 hit, 1 miss, 0 to go", "▱ dev 2/40 RUN x MISS 1.0s", "⠋ dev 3/40 RUN x running 1.0s",
    ]


def test_news_stand_above_the_view_and_the_report_stays() -> None:
    running = BuildState(steps=(step(2, StepStatus.RUNNING),))
    ended = BuildState(steps=(step(2, StepStatus.MISS),), outcome="ok", seconds=2.0)
    rows = shown(BuildChanged("box", running), Note("careful"), BuildChanged("box", ended), Note("after"))
    assert rows == ["careful", "▱ dev 2/40 RUN x MISS 1.0s", "box: built in 2.0s, 0 hit, 1 miss", "after"]


def test_long_builds_show_where_the_work_is() -> None:
    steps = tuple(step(n, StepStatus.HIT if n < 20 else StepStatus.RUNNING if n == 20 else StepStatus.TO_GO)
                  for n in range(2, 40))
    rows = shown(BuildChanged("box", BuildState(steps=steps)), lines=10)
    assert len(rows) <= 10
    assert any("dev 20/40" in row for row in rows)
    assert "31 more" in rows[0]


def test_newest_output_of_the_running_step_is_shown_and_cannot_act() -> None:
    running = BuildState(steps=(step(2, StepStatus.RUNNING),))
    hostile = b"\x1b[2J\x1b]52;c;aGk=\x07\x9b8t plain\rtext\n" + b"\xff" * 500 + b"\nlast\n"
    changed = BuildChanged("box", running)
    rows = shown(changed, BuildLog("box", StepKey("dev", 2), hostile), changed)
    assert rows[-1] == "│ last"
    assert any("plain" in row for row in rows)


def test_narrow_terminal_does_not_wrap() -> None:
    running = BuildState(steps=(step(2, StepStatus.RUNNING, "RUN " + "long " * 50),))
    assert shown(BuildChanged("box", running), BuildChanged("box", running), columns=60)
