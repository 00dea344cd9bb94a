"""The state of one build, as every face shows it; `devbox.core.buildfold` folds events into it.

Vocabulary and rules: spec/buildkit.md 1 (vertices, names, statuses) and tui.md screen 3 (root miss, cascade).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from devbox.core.frozen import dataclass


class StepStatus(StrEnum):
    """What became of a step. The values are those of contract.md's step events where it names them."""

    TO_GO = "to-go"
    RUNNING = "running"
    HIT = "hit"
    MISS = "miss"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    """never started: not reached or not needed"""
    INTERRUPTED = "interrupted"
    """was running when the stream ended"""
    BASE = "base"
    """FROM: its cached flag means nothing (spec 1.3), so it is neither hit nor miss"""


@dataclass(frozen=True, slots=True, order=True)
class StepKey:
    """Identity of a step within one build: stage name (`""` when BuildKit prints none), number, platform."""

    stage: str
    index: int
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Progress of bytes (pull, extract, context): `total` None where the builder gives none."""

    name: str
    current: int
    total: int | None
    done: bool


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a step misses, in contract.md's words (`file-changed`, `instruction-changed`, …), with evidence."""

    kind: str
    path: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step."""

    key: StepKey
    of: int
    instruction: str
    """As BuildKit prints it: upper-case keyword, variables expanded."""
    status: StepStatus = StepStatus.TO_GO
    seconds: float | None = None
    """Duration so far or in total; None before it started."""
    root: bool = False
    """A miss whose own inputs, internal ones aside, were all hits: the cache breaks here."""
    after: StepKey | None = None
    """For a miss of the cascade: the root it follows."""
    causes: tuple[Cause, ...] = ()
    since: int | None = None
    """The past build whose state the causes compare with."""
    forecast: str | None = None
    """What was foretold of it before the build: hit, miss, depends or unknown; None where nothing was."""
    past_seconds: float | None = None
    """How long it took when it last ran, from the ledger."""
    line: int | None = None
    """Line in the Dockerfile, where known."""
    log_lines: int = 0
    transfers: tuple[Transfer, ...] = ()
    error: str | None = None
    twin: StepKey | None = None
    """The step this one is identical to: BuildKit runs both as one and names only that one (spec 1.4)."""

    @property
    def is_base(self) -> bool:
        """Whether it is a FROM, which is no instruction step."""
        return self.instruction[:5].upper() == "FROM "


@dataclass(frozen=True, slots=True)
class BuildState:
    """A snapshot: immutable, complete, cheap to compare."""

    target: str = ""
    builder: str = ""
    """Said on screen: `buildx (docker)`, `classic builder (cannot show the cache per file)`."""
    limits: tuple[str, ...] = ()
    """What this builder cannot show, as sentences."""
    steps: tuple[Step, ...] = ()
    """In Dockerfile order, grouped by stage."""
    phase: str = ""
    """What happens outside numbered steps: `loading context`, `exporting to image`, …; empty when nothing does."""
    transfers: tuple[Transfer, ...] = ()
    """Context transfer and export."""
    warnings: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    """Plain lines of the builder outside the protocol (error excerpts)."""
    errors: tuple[tuple[str, str], ...] = ()
    """What failed outside numbered steps: (what it was, error). No failed build by itself (spec 1.3)."""
    seconds: float = 0.0
    """Wall time so far."""
    saved_seconds: float | None = None
    """Sum of past durations of the hits; None when nothing is known."""
    outcome: Literal["running", "ok", "failed", "cancelled", "interrupted"] = "running"
    image: str | None = None
    """Image id, after success."""

    def count(self, *statuses: StepStatus) -> int:
        """How many steps are in one of these statuses."""
        return sum(step.status in statuses for step in self.steps)

    @property
    def hits(self) -> int:
        """Instruction steps that came from cache."""
        return self.count(StepStatus.HIT)

    @property
    def misses(self) -> int:
        """Instruction steps that ran, failed ones included."""
        return self.count(StepStatus.MISS, StepStatus.FAILED)

    def step(self, key: StepKey) -> Step | None:
        """The step with that key."""
        return next((step for step in self.steps if step.key == key), None)
