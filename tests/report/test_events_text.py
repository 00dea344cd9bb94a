"""Build events as plain lines."""

from __future__ import annotations

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.events import BuildChanged, BuildLog, BuildStarted, Note, OperationChanged, Waiting
from devbox.core.plan import Operation
from devbox.core.present import ASCII, UNICODE
from devbox.core.text import cell_width
from devbox.report.build_lines import Style, step_line
from devbox.report.events_text import EventsText

PLAIN = Style(UNICODE)
ROOT = Step(StepKey("dev", 2), 4, "RUN pip install -r x", StepStatus.MISS, 31.24, root=True)
AFTER = Step(StepKey("dev", 3), 4, "COPY . /src", StepStatus.MISS, 0.41, after=StepKey("dev", 2))
HIT = Step(StepKey("base", 2), 5, "RUN apt-get update", StepStatus.HIT, 0.0, past_seconds=48.0)


def said(*events: object, logs: bool = False) -> list[str]:
    text = EventsText(PLAIN, logs=logs)
    return [" ".join(line.split()) for event in events for line in text.lines(event)]  # type: ignore[arg-type]


def test_one_line_for_each_change_and_none_for_the_same_again() -> None:
    running = Step(StepKey("dev", 2), 4, "RUN pip install -r x", StepStatus.RUNNING, 1.0)
    states = [BuildState(steps=(HIT, running)), BuildState(steps=(HIT, running)), BuildState(steps=(HIT, ROOT, AFTER))]
    assert said(BuildStarted("box"), *(BuildChanged("box", state) for state in states)) == [
        "build box", "▰ base 2/5 RUN apt-get update hit 48.0s ↺", "⠋ dev 2/4 RUN pip install -r x running 1.0s",
        "▱ dev 2/4 RUN pip install -r x MISS 31.2s cache breaks here", "▱ dev 3/4 COPY . /src after miss 0.4s",
    ]


def test_end_says_what_the_cache_did() -> None:
    state = BuildState(steps=(HIT, ROOT), outcome="ok", seconds=31.9, saved_seconds=48.0, warnings=("old syntax",))
    assert said(BuildChanged("box", state))[-2:] == [
        "warning: old syntax", "box: built in 31.9s, 1 hit, 1 miss, saved about 48.0s",
    ]


def test_builder_that_cannot_show_everything_says_so_once() -> None:
    state = BuildState(builder="classic builder", limits=("no files",), steps=(HIT,))
    lines = said(BuildChanged("box", state), BuildChanged("box", state))
    assert lines.count("classic builder: no files") == 1


def test_output_of_steps_only_where_asked_for_and_with_its_step() -> None:
    events = (
        BuildChanged("box", BuildState(steps=(ROOT,))), BuildLog("box", ROOT.key, b"one\ntw"),
        BuildLog("box", ROOT.key, b"o\n"),
    )
    assert not any("one" in line for line in said(*events))
    assert said(*events, logs=True)[-2:] == ["dev 2/4 | one", "dev 2/4 | two"]


def test_other_news_are_lines_too() -> None:
    operation = Operation("create-network", "private", "not there")
    assert said(
        Note("careful"), Waiting("box to be ready", 2.0), OperationChanged(operation, "started"),
        OperationChanged(operation, "failed", 1.0, "in use"),
    ) == [
        "careful", "waiting for box to be ready (2.0s)", "create network private: not there", "failed in 1.0s: in use",
    ]


def test_hostile_instruction_stays_on_its_line() -> None:
    step = Step(StepKey("dev", 2), 4, "RUN a\n\x1b[2Jb\r\x9bc 漢字" * 30, StepStatus.FAILED, 1.0)
    line = step_line(step, PLAIN, 100)
    assert "\x1b" not in line
    assert "\n" not in line
    assert cell_width(line) <= 100


def test_ascii_style_is_ascii() -> None:
    assert step_line(ROOT, Style(ASCII), 60).isascii()
    assert step_line(HIT, Style(ASCII), 60).isascii()


def test_colour_is_only_colour() -> None:
    import re

    painted = step_line(ROOT, Style(UNICODE, colour=True), 100)
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted).split() == step_line(ROOT, PLAIN, 100).split()
    assert "\x1b[33m" in painted
