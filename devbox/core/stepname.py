"""What a vertex name says about its place in the Dockerfile: the only link back to it (spec/buildkit.md 1.4).

Pure text; knows neither statuses nor the stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from devbox.core.build import StepKey
from devbox.core.frozen import dataclass

_NUMBERED = re.compile(
    r"\[\s*(?:(?P<platform>[a-z0-9]+/[a-z0-9]+(?:/[a-z0-9]+)?(?:->[a-z0-9/]+)?)\s+)?(?:(?P<stage>\S+)\s+)?"
    r"(?P<index>[0-9]{1,6})/(?P<of>[0-9]{1,6})\]\s(?P<text>.*)",
    re.DOTALL,
)
_INTERNAL = re.compile(r"\[(?:\S+ )?internal\] (?P<text>.*)", re.DOTALL)
_LINK = "LINK "


@dataclass(frozen=True, slots=True)
class StepName:
    """A numbered vertex name, taken apart."""

    key: StepKey
    of: int
    instruction: str

    @property
    def is_base(self) -> bool:
        """Whether it is a FROM, whose cached flag says nothing (spec 1.3)."""
        return self.instruction[:5].upper().startswith("FROM ")


def parse_step_name(name: str) -> StepName | None:
    """The step a vertex belongs to; None for internal and other unnumbered vertices.

    `LINK COPY …`, the second half of a `COPY --link`, gives the name of its first half.
    """
    match = _NUMBERED.match(name)
    if match is None:
        return None
    text = match["text"]
    if text.startswith(_LINK):
        text = text.removeprefix(_LINK)
    key = StepKey(stage=match["stage"] or "", index=int(match["index"]), platform=match["platform"] or "")
    return StepName(key=key, of=int(match["of"]), instruction=text)


def stage_label(stage: str) -> str:
    """The stage as contract.md names it: its name, or its number where it has none."""
    if not stage:
        return "0"
    match = re.fullmatch(r"stage-([0-9]+)", stage)
    return match[1] if match else stage


def shown_stage(label: str, stages: Iterable[str]) -> str:
    """A stage's label in BuildKit's words: its name, `stage-1` where it has none, nothing where it is the only one of
    `stages`, the labels of a build."""
    if not label.isdecimal():
        return label
    return "" if label == "0" and set(stages) <= {label} else f"stage-{label}"


def step_words(stage: str, index: int) -> str:
    """A step within a sentence: `dev 2`, `step 2` where its stage has no name."""
    return f"{stage or 'step'} {index}"


def phase_name(name: str) -> str:
    """What an unnumbered vertex does, for people: `loading build context`, `exporting to image`."""
    match = _INTERNAL.match(name)
    if match is None:
        return name
    text = match["text"]
    return f"loading {text.removeprefix('load ')}" if text.startswith("load ") else text


def is_context_load(name: str) -> bool:
    """Whether the vertex sends the build context."""
    match = _INTERNAL.match(name)
    return match is not None and match["text"].startswith("load build context")
