"""States as words and glyphs: the one vocabulary of report, CLI and TUI (tui.md, "Glyphs and colours").

A state is named by a `Tone`; the tone names the glyph, the word's colour role and nothing else. Colours themselves are
theme variables of the faces.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from devbox.core.frozen import dataclass

if TYPE_CHECKING:
    # Not at run time: the model of builds costs 3 ms, and most commands build nothing.
    from devbox.core.build import Step, StepStatus


class Tone(StrEnum):
    """The kinds of state a screen can show."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"
    UNKNOWN = "unknown"
    HIT = "hit"
    MISS = "miss"
    DEPENDS = "depends"
    RUNNING = "running"
    TO_GO = "to-go"
    CANCELLED = "cancelled"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of glyphs; every one is a single column wide."""

    tones: dict[Tone, str]
    spinner: str
    past: str
    """Before a duration from an earlier run."""
    arrow: str
    separator: str
    ellipsis: str
    filled: str
    bar: str
    levels: str
    """From little to much, for a line of past values."""

    def of(self, tone: Tone) -> str:
        """The glyph of a tone."""
        return self.tones[tone]

    def spin(self, tick: int) -> str:
        """The spinner's frame for a tick count."""
        return self.spinner[tick % len(self.spinner)]


UNICODE = Glyphs(
    {
        Tone.OK: "✓", Tone.WARN: "!", Tone.ERROR: "✗", Tone.UNKNOWN: "?", Tone.HIT: "▰", Tone.MISS: "▱",
        Tone.DEPENDS: "◇", Tone.RUNNING: "⠋", Tone.TO_GO: "·", Tone.CANCELLED: "⊘", Tone.UP: "▸",
    },
    spinner="⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", past="↺", arrow="→", separator="·", ellipsis="…", filled="█", bar="│",
    levels="▁▂▃▄▅▆▇█",
)
ASCII = Glyphs(
    {
        Tone.OK: "+", Tone.WARN: "!", Tone.ERROR: "x", Tone.UNKNOWN: "?", Tone.HIT: "=", Tone.MISS: "#",
        Tone.DEPENDS: "~", Tone.RUNNING: "*", Tone.TO_GO: ".", Tone.CANCELLED: "/", Tone.UP: ">",
    },
    spinner="*", past="<", arrow="->", separator="-", ellipsis="...", filled="#", bar="|",
    levels="_.-=+*%#",
)


def glyphs(ascii_only: bool) -> Glyphs:
    """The set for this terminal."""
    return ASCII if ascii_only else UNICODE


_STEP_TONES = {
    "to-go": Tone.TO_GO, "running": Tone.RUNNING, "hit": Tone.HIT, "miss": Tone.MISS, "failed": Tone.ERROR,
    "cancelled": Tone.CANCELLED, "skipped": Tone.TO_GO, "interrupted": Tone.CANCELLED, "base": Tone.TO_GO,
}
"""By the values of `StepStatus`."""
_STEP_WORDS = {"to-go": "to go", "miss": "MISS"}


def step_tone(status: StepStatus) -> Tone:
    """The tone of a step."""
    return _STEP_TONES[status.value]


def step_word(step: Step) -> str:
    """The word beside a step: `hit`, `MISS` where the cache breaks, `after miss` in its cascade, …"""
    word = step.status.value
    return "after miss" if word == "miss" and step.after is not None else _STEP_WORDS.get(word, word)


_FORECAST_TONES = {
    "hit": Tone.HIT, "miss": Tone.MISS, "depends": Tone.DEPENDS, "unknown": Tone.UNKNOWN, "base": Tone.TO_GO,
}
_FORECAST_WORDS = {"hit": "will hit", "miss": "will run", "base": ""}


def forecast_tone(word: str) -> Tone:
    """The tone of what a step will do."""
    return _FORECAST_TONES.get(word, Tone.UNKNOWN)


def forecast_word(word: str) -> str:
    """`will hit`, `will run`, `depends`, `unknown`; nothing for a base image."""
    return _FORECAST_WORDS.get(word, word)


def stage_label(stage: str, index: int, of: int, platform: str = "") -> str:
    """A step's place: `dev 2/4`, `2/4` where the stage has no name."""
    return " ".join(part for part in (platform, stage, f"{index}/{of}") if part)


_SERVICE_TONES = {
    "running": Tone.UP, "healthy": Tone.OK, "unhealthy": Tone.ERROR, "starting": Tone.RUNNING, "dead": Tone.ERROR,
    "restarting": Tone.WARN, "paused": Tone.WARN, "created": Tone.TO_GO, "absent": Tone.TO_GO,
}


STOPPED = 143
"""Exit code of what ended because it was asked to (SIGTERM): `devbox stop`, `docker stop`."""


def service_tone(state: str, health: str | None, exit_code: int | None) -> Tone:
    """The tone of a service from the engine's words; a container that ended with 0 or was stopped is not an
    error."""
    if state == "running" and health:
        return _SERVICE_TONES.get(health, Tone.UP)
    if state == "exited":
        return Tone.TO_GO if exit_code in (None, 0, STOPPED) else Tone.ERROR
    return _SERVICE_TONES.get(state, Tone.UNKNOWN)


def service_word(state: str, health: str | None, exit_code: int | None) -> str:
    """`running`, `healthy`, `exited 1`, `stopped`, `not created`."""
    if state == "running" and health:
        return health
    if state == "exited" and exit_code == STOPPED:
        return "stopped"
    if state == "exited":
        return f"exited {exit_code}" if exit_code is not None else "exited"
    return "not created" if state == "absent" else state


_SEVERITY_TONES = {"error": Tone.ERROR, "warn": Tone.WARN, "info": Tone.OK}
_CHECK_TONES = {"ok": Tone.OK, "drift": Tone.WARN, "unknown": Tone.UNKNOWN}


def severity_tone(severity: str) -> Tone:
    """The tone of a finding."""
    return _SEVERITY_TONES[severity]


def check_tone(status: str) -> Tone:
    """The tone of a check or layer."""
    return _CHECK_TONES[status]
