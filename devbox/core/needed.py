"""Steps whose record the builder lost, and that it may never miss (spec/buildkit.md 1.3, 5; seen on 20.10 and 26.1).

A builder finds its way by keys, which outlive records: a step that another one copies from is not looked at as long as
that one's record is there, and shown as cached. It runs only where something needs its files. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from devbox.core.buildplan import BuildPlan, Input

if TYPE_CHECKING:
    from devbox.core.forecast import Verdict

_NOT, _MAYBE, _SURELY = range(3)


def settled(plan: BuildPlan, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts, each that is `lost` made a hit where nothing needs it, a miss where something does, and one that
    depends where that is not known."""
    if not any(verdict.lost for verdict in verdicts):
        return tuple(verdicts)
    need = _needs(plan, verdicts)
    found: list[Verdict] = []
    for number, verdict in enumerate(verdicts):
        real = plan.real(number)
        if real != number:
            found.append(found[real])
            continue
        if verdict.lost and need[number] == _NOT:
            verdict = replace(verdict, lost=False)
        elif verdict.lost and need[number] == _MAYBE:
            verdict = replace(verdict, word="depends", p_hit=_chance(plan, verdicts, number), lost=False)
        elif verdict.lost:
            verdict = replace(verdict, word="miss", p_hit=0.0)
        if verdict.word == "miss" and verdict.after is None:
            verdict = replace(verdict, after=_after(plan, found, number))
        found.append(verdict)
    return tuple(found)


def _needs(plan: BuildPlan, verdicts: Sequence[Verdict]) -> list[int]:
    """For each vertex, whether something will ask for its files; what nothing is built on is asked for."""
    used = {plan.real(at) for number in range(len(verdicts)) for _, at in _sources(plan, number)}
    need = [_NOT if number in used else _SURELY for number in range(len(verdicts))]
    for number in reversed(range(len(verdicts))):
        verdict = verdicts[number]
        if plan.real(number) != number or (verdict.word in ("hit", "base") and not verdict.lost):
            continue
        for one, at in _sources(plan, number):
            asked = need[number]
            if verdict.word in ("depends", "unknown"):
                # To know whether files are the same, the step that makes them must have run.
                looked_at = verdict.word == "depends" and one.content and verdicts[at].word == "miss"
                asked = asked if looked_at else min(asked, _MAYBE)
            need[at] = max(need[at], asked)
    return need


def _sources(plan: BuildPlan, number: int) -> Iterator[tuple[Input, int]]:
    return ((one, plan.real(one.vertex)) for one in plan.vertices[number].inputs if one.vertex is not None)


def _chance(plan: BuildPlan, verdicts: Sequence[Verdict], number: int) -> float:
    """The chance that none of those that may need it does."""
    found = 1.0
    for other, verdict in enumerate(verdicts):
        if verdict.word in ("depends", "unknown") and any(at == number for _, at in _sources(plan, other)):
            found *= 0.5 if verdict.p_hit is None else verdict.p_hit
    return found


def _after(plan: BuildPlan, found: Sequence[Verdict], number: int) -> int | None:
    """Where the cache breaks before it, if it does."""
    for one, at in _sources(plan, number):
        if found[at].word == "miss" and not one.content:
            return at if found[at].after is None else found[at].after
    return None
