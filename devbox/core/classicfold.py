"""Folds the classic builder's messages into a `BuildState` (spec/buildkit.md 2.2).

Steps come one after another and have no times of their own: the caller says when a message arrived. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devbox.core.build import BuildState, Step, StepKey, StepStatus, Transfer
from devbox.core.buildfold import TEXT_LIMIT, BuildFacts, Outcome

_STEP = re.compile(r"Step ([0-9]{1,6})/([0-9]{1,6}) : (.*?)\n?", re.DOTALL)
_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_LAYER = re.compile(r" ---> [0-9a-f]{12}\n")
_CACHED = " ---> Using cache\n"
_RUNNING = re.compile(r" ---> Running in [0-9a-f]{12}\n")
_REMOVING = re.compile(r"Removing intermediate container [0-9a-f]{12}\n")
_WARNING = "[Warning] "


@dataclass(slots=True)
class _Open:
    """The step that is at work, or was."""

    key: StepKey
    of: int
    instruction: str
    started: float
    ended: float | None = None
    status: StepStatus = StepStatus.RUNNING
    ran: bool = False
    after: StepKey | None = None
    line: int | None = None
    lines: int = 0
    error: str | None = None
    transfers: dict[str, Transfer] = field(default_factory=dict)


class ClassicFold:
    """The accumulator of one build. Every instruction is a step, numbered through all stages."""

    def __init__(self, facts: BuildFacts | None = None) -> None:
        self._facts = facts or BuildFacts()
        self._steps: list[_Open] = []
        self._break: StepKey | None = None
        self._stage: tuple[str, ...] = ()
        self._stages: dict[str, StepKey | None] = {}
        self._from = 0
        self._warnings: dict[str, None] = {}
        self._text: list[str] = []
        self._outcome: Outcome | None = None
        self.image: str | None = None
        self.failed = False

    def apply(self, message: Mapping[str, Any], now: float) -> tuple[StepKey | None, bytes] | None:
        """Take in one message; what of it is output of a step is returned."""
        stream, error, aux = message.get("stream"), message.get("error"), message.get("aux")
        if isinstance(error, str):
            self._fail(error, now)
        elif isinstance(aux, dict) and isinstance(aux.get("ID"), str):
            self.image = aux["ID"]
        elif isinstance(stream, str):
            return self._said(stream, now)
        elif isinstance(message.get("status"), str):
            self._transfer(message)
        return None

    @property
    def begun(self) -> bool:
        """Whether a step was seen."""
        return bool(self._steps)

    def note(self, line: str) -> None:
        """A line of narration that is no message of the builder."""
        self._text.append(line)

    def end(self, outcome: Outcome, now: float) -> None:
        """The stream is over."""
        self._outcome = outcome
        self._finish(now)

    def snapshot(self, now: float, seconds: float) -> BuildState:
        """The state now; `seconds` is the wall time of the build."""
        return BuildState(
            target=self._facts.target, builder=self._facts.builder, limits=self._facts.limits,
            steps=tuple(_frozen(step, now) for step in self._steps), warnings=tuple(self._warnings),
            text=tuple(self._text), seconds=seconds, outcome=self._outcome or "running",
            phase="" if self._steps or self._outcome else "sending the build context",
            image=self.image if self._outcome == "ok" else None,
        )

    def _said(self, text: str, now: float) -> tuple[StepKey | None, bytes] | None:
        match = _STEP.fullmatch(text)
        if match is not None and int(match[1]) == len(self._steps) + 1:
            self._begin(match, now)
            return None
        step = self._steps[-1] if self._steps else None
        if step is None:
            return (None, text.encode("utf-8", "replace")) if text.strip() else None
        if not step.ran and not step.lines:
            # Only before its own output: a RUN may print the same words.
            if text == _CACHED:
                step.status, step.ended = StepStatus.HIT, now
                return None
            if _RUNNING.fullmatch(text):
                step.ran = True
                return None
        if text == "\n" or _LAYER.fullmatch(text) or _REMOVING.fullmatch(text):
            return None
        if text.startswith(_WARNING) and len(self._warnings) < TEXT_LIMIT:
            self._warnings[text.removeprefix(_WARNING).strip()] = None
            return None
        step.lines += text.count("\n")
        return step.key, text.encode("utf-8", "replace")

    def _begin(self, match: re.Match[str], now: float) -> None:
        self._finish(now)
        instruction = match[3]
        known = self._facts.instructions[len(self._steps) : len(self._steps) + 1]
        step = _Open(StepKey("", int(match[1])), int(match[2]), instruction, now, line=next(iter(known), None))
        if (base := _FROM.match(instruction)) is not None:
            # A stage begins with its base: an image, or an earlier stage and what became of it.
            self._break = self._stages.get(base[1].lower())
            self._stage = (str(self._from), (base[2] or "").lower())
            self._from += 1
        self._steps.append(step)

    def _finish(self, now: float) -> None:
        """The step at work is over: by the next one, by an error, or by the end."""
        step = self._steps[-1] if self._steps else None
        if step is None or step.ended is not None:
            return
        step.ended = now
        if step.instruction[:5].upper() == "FROM " and self._outcome in (None, "ok"):
            step.status = StepStatus.BASE
            return
        if self._outcome == "cancelled":
            step.status = StepStatus.CANCELLED
        elif self._outcome == "interrupted":
            step.status = StepStatus.INTERRUPTED
        else:
            step.status = StepStatus.MISS
        step.after = self._break
        self._break = self._break or step.key
        self._stages.update(dict.fromkeys(filter(None, self._stage), self._break))

    def _fail(self, error: str, now: float) -> None:
        self.failed = True
        self._text.append(f"ERROR: {error}")
        self._finish(now)
        if self._steps:
            self._steps[-1].status, self._steps[-1].error = StepStatus.FAILED, error

    def _transfer(self, message: Mapping[str, Any]) -> None:
        detail, id, status = message.get("progressDetail"), message.get("id"), str(message["status"])
        if not self._steps or not isinstance(id, str) or not isinstance(detail, dict):
            return
        current, total = detail.get("current"), detail.get("total")
        self._steps[-1].transfers[id] = Transfer(
            f"{status.lower()} {id}", current if isinstance(current, int) else 0,
            total if isinstance(total, int) else None, status in ("Pull complete", "Already exists"),
        )


def _frozen(step: _Open, now: float) -> Step:
    ran = step.status in (StepStatus.MISS, StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.INTERRUPTED)
    return Step(
        key=step.key, of=step.of, instruction=step.instruction, status=step.status,
        seconds=max((now if step.ended is None else step.ended) - step.started, 0.0),
        root=ran and step.after is None, after=step.after if ran else None, log_lines=step.lines, line=step.line,
        transfers=tuple(step.transfers.values()), error=step.error,
    )
