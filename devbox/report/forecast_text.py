"""A forecast as lines: one for each step, its cause below it. Everything from outside is cleaned here."""

from __future__ import annotations

from collections.abc import Iterator

from devbox.core.build import Cause
from devbox.core.build_forecast import BuildForecast, ForecastStep
from devbox.core.present import Tone
from devbox.core.text import cell_width, clean, clip_end, duration
from devbox.report.build_lines import Style

_TONES = {"hit": Tone.HIT, "miss": Tone.MISS, "depends": Tone.DEPENDS, "unknown": Tone.UNKNOWN, "base": Tone.TO_GO}
_KINDS = {
    "file-changed": "changed", "file-added": "added", "file-removed": "removed", "mode-changed": "mode changed",
    "owner-changed": "owner changed",
}
_SHOWN = 3
"""Causes that a line names; JSON has all."""


def forecast_lines(build: BuildForecast, style: Style, columns: int = 110) -> Iterator[str]:
    """The whole forecast of one build."""
    yield f"{clean(build.service)}: {_headline(build)}"
    places = {step: clean(build.place(step)) for step in build.steps}
    width = max(map(cell_width, places.values()), default=0)
    for step, place in places.items():
        tone = _TONES[step.word]
        room = max(columns - width - 32, 20)
        text = clip_end(clean(step.instruction), room, style.glyphs.ellipsis)
        word = style.paint(f"{step.word if step.word != 'miss' else 'MISS' if step.root else 'miss':<8}", tone)
        glyph = style.paint(style.glyphs.of(tone), tone)
        yield f"  {glyph} {place:<{width}}  {text:<{room}}  {word} {_time(step)}".rstrip()
        if step.absent:
            yield f"      the build will fail here: {absent_text(step.absent)}"
        if step.root and not _only_absent(step) and (why := causes_text(step.causes)):
            since = f" since build {step.build}" if step.build else ""
            yield f"      cache will break here: {why}{since}"
        if step.word == "unknown" and step.reason and step.reason != build.reason:
            yield f"      {clean(step.reason)}"
    for path in build.unseen[:_SHOWN]:
        yield f"  BuildKit will not see the edit of {clean(path)}: size and time are unchanged (`touch` it)"


def absent_text(paths: tuple[str, ...]) -> str:
    """`nope.txt is not in the build context`."""
    return f"{', '.join(map(clean, paths[:_SHOWN]))} {'is' if len(paths) == 1 else 'are'} not in the build context"


def _only_absent(step: ForecastStep) -> bool:
    """Whether what is not there is all there is to say."""
    return bool(step.absent) and all(cause.kind == "never-built" for cause in step.causes)


def causes_text(causes: tuple[Cause, ...]) -> str:
    """The causes in one line."""
    words = [_cause(cause) for cause in causes[:_SHOWN]]
    more = [f"{len(causes) - _SHOWN} more"] if len(causes) > _SHOWN else []
    return ", ".join((*words, *more))


def _cause(cause: Cause) -> str:
    what = _KINDS.get(cause.kind, cause.kind.replace("-", " "))
    detail = f" ({clean(cause.detail)})" if cause.detail else ""
    return f"{clean(cause.path)} {what}{detail}" if cause.path else f"{what}{detail}"


def _headline(build: BuildForecast) -> str:
    if build.reason:
        return f"no forecast: {clean(build.reason)}"
    counts = [f"{build.count('hit')} hit", f"{build.count('miss')} miss"]
    counts += [f"{build.count(word)} {word}" for word in ("depends", "unknown") if build.count(word)]
    time = f", about {duration(build.seconds)}" if build.seconds is not None else ""
    return ", ".join(counts) + time


def _time(step: ForecastStep) -> str:
    if step.word in ("hit", "base") or step.seconds is None:
        return ""
    chance = f" ({step.p_hit:.0%} hit)" if step.word == "depends" and step.p_hit is not None else ""
    return f"{duration(step.seconds)}{chance}"
