"""One build as lines of text, for pipes and for the live view alike. Everything from outside is cleaned here."""

from __future__ import annotations

from devbox.core.build import BuildState, Step, StepStatus
from devbox.core.frozen import dataclass
from devbox.core.present import Glyphs, Tone, stage_label, step_tone, step_word
from devbox.core.text import cell_width, clean, clip_end, duration

_SGR = {
    Tone.OK: "32", Tone.WARN: "33", Tone.ERROR: "31;1", Tone.HIT: "36", Tone.MISS: "33", Tone.UP: "32",
    Tone.RUNNING: "1", Tone.CANCELLED: "90", Tone.TO_GO: "90", Tone.UNKNOWN: "90", Tone.DEPENDS: "90",
}
_PLACE, _WORD, _SECONDS = 12, 10, 8
_WIDE, _NARROWEST = 80, 12
BREAK = "cache breaks here"


@dataclass(frozen=True, slots=True)
class Style:
    """How lines look here."""

    glyphs: Glyphs
    colour: bool = False

    def paint(self, text: str, tone: Tone) -> str:
        """The text in the tone's colour, where there are colours."""
        return f"\x1b[{_SGR[tone]}m{text}\x1b[0m" if self.colour and text else text


def step_place(step: Step) -> str:
    """`dev 2/4`."""
    return clean(stage_label(step.key.stage, step.key.index, step.of, step.key.platform))


def step_line(step: Step, style: Style, columns: int) -> str:
    """One step: place, instruction clipped to the room there is, word, seconds, and where the cache breaks."""
    tone = Tone.TO_GO if step.status is StepStatus.MISS and step.after is not None else step_tone(step.status)
    place = step_place(step)
    seconds = "" if step.status in (StepStatus.HIT, StepStatus.TO_GO, StepStatus.SKIPPED) else _seconds(step.seconds)
    note = _note(step, style)
    beside = len(BREAK) if columns >= _WIDE else cell_width(note)
    room = max(columns - max(_PLACE, cell_width(place)) - _WORD - _SECONDS - beside - 6, _NARROWEST)
    instruction = clip_end(" ".join(clean(step.instruction).split()), room, style.glyphs.ellipsis)
    glyph = style.paint(style.glyphs.of(step_tone(step.status)), tone)
    word = style.paint(_padded(step_word(step), _WORD), tone)
    return f"{glyph} {_padded(place, _PLACE)} {_padded(instruction, room)} {word}{seconds:>{_SECONDS}} {note}".rstrip()


def outcome_line(service: str, build: BuildState, style: Style) -> str:
    """`box: built in 4.2s, 9 hit, 1 miss, saved about 1m 58s`."""
    words = {"ok": "built", "failed": "failed", "cancelled": "cancelled", "interrupted": "interrupted"}
    tone = {"ok": Tone.OK, "failed": Tone.ERROR}.get(build.outcome, Tone.CANCELLED)
    saved = f", saved about {duration(build.saved_seconds)}" if build.saved_seconds else ""
    word = style.paint(words.get(build.outcome, "running"), tone)
    joint = "in" if build.outcome == "ok" else "after"
    return f"{clean(service)}: {word} {joint} {duration(build.seconds)}, {build.hits} hit, {build.misses} miss{saved}"


def builder_lines(build: BuildState) -> list[str]:
    """Who builds and what that builder can't show; nothing for one that shows everything."""
    return [clean(f"{build.builder}: {limit}") for limit in build.limits]


def _note(step: Step, style: Style) -> str:
    if step.root and step.status in (StepStatus.MISS, StepStatus.RUNNING, StepStatus.FAILED):
        return BREAK
    if step.status in (StepStatus.HIT, StepStatus.TO_GO) and step.past_seconds is not None:
        return f"{duration(step.past_seconds)} {style.glyphs.past}"
    return ""


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def _padded(text: str, columns: int) -> str:
    return text + " " * max(columns - cell_width(text), 0)
