"""States as words and glyphs: the one vocabulary of report, CLI and TUI (tui.md, "Glyphs and colours").

A state is named by a `Tone`; the tone names the glyph, the word's colour role and nothing else. Colours themselves are
theme variables of the faces.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
)
ASCII = Glyphs(
    {
        Tone.OK: "+", Tone.WARN: "!", Tone.ERROR: "x", Tone.UNKNOWN: "?", Tone.HIT: "=", Tone.MISS: "#",
        Tone.DEPENDS: "~", Tone.RUNNING: "*", Tone.TO_GO: ".", Tone.CANCELLED: "/", Tone.UP: ">",
    },
    spinner="*", past="<", arrow="->", separator="-", ellipsis="...", filled="#", bar="|",
)


def glyphs(ascii_only: bool) -> Glyphs:
    """The set for this terminal."""
    return ASCII if ascii_only else UNICODE


_STEP_TONES = {
    StepStatus.TO_GO: Tone.TO_GO,
    StepStatus.RUNNING: Tone.RUNNING,
    StepStatus.HIT: Tone.HIT,
    StepStatus.MISS: Tone.MISS,
    StepStatus.FAILED: Tone.ERROR,
    StepStatus.CANCELLED: Tone.CANCELLED,
    StepStatus.SKIPPED: Tone.TO_GO,
    StepStatus.INTERRUPTED: Tone.CANCELLED,
    StepStatus.BASE: Tone.TO_GO,
}
_STEP_WORDS = {StepStatus.TO_GO: "to go", StepStatus.MISS: "MISS"}


def step_tone(status: StepStatus) -> Tone:
    """The tone of a step."""
    return _STEP_TONES[status]


def step_word(step: Step) -> str:
    """The word beside a step: `hit`, `MISS` where the cache breaks, `after miss` in its cascade, …"""
    if step.status is StepStatus.MISS and step.after is not None:
        return "after miss"
    return _STEP_WORDS.get(step.status, step.status.value)


def stage_label(stage: str, index: int, of: int, platform: str = "") -> str:
    """A step's place: `dev 2/4`, `2/4` where the stage has no name."""
    return " ".join(part for part in (platform, stage, f"{index}/{of}") if part)


_SERVICE_TONES = {
    "running": Tone.UP, "healthy": Tone.OK, "unhealthy": Tone.ERROR, "starting": Tone.RUNNING, "dead": Tone.ERROR,
    "restarting": Tone.WARN, "paused": Tone.WARN, "created": Tone.TO_GO, "absent": Tone.TO_GO,
}


def service_tone(state: str, health: str | None, exit_code: int | None) -> Tone:
    """The tone of a service from the engine's words; a container that ended by itself with 0 is not an error."""
    if state == "running" and health:
        return _SERVICE_TONES.get(health, Tone.UP)
    if state == "exited":
        return Tone.ERROR if exit_code else Tone.TO_GO
    return _SERVICE_TONES.get(state, Tone.UNKNOWN)


def service_word(state: str, health: str | None, exit_code: int | None) -> str:
    """`running`, `healthy`, `exited 1`, `not created`."""
    if state == "running" and health:
        return health
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
