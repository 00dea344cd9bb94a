"""A Dockerfile as the build stream numbers it: which step stands on which line, in which order its stages come."""

from __future__ import annotations

from devbox.core.build import StepKey
from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Outline:
    """Made by `devbox.project.build_outline`; empty where nothing is known."""

    stages: tuple[str, ...] = ()
    """In order: names, `stage-N` where there is none, `""` for a nameless only one."""
    lines: tuple[tuple[StepKey, str, int], ...] = ()
    """Step (platform left out), its keyword, its first line (1-based)."""
    instructions: tuple[int, ...] = ()
    """The first line of every instruction, ARGs before the first FROM included: the classic builder's steps."""


NO_OUTLINE = Outline()
