"""A forecast while its build runs: what its steps have shown, and what follows from it for the rest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from devbox.core.build import Step, StepStatus
from devbox.core.buildgraph import RAN
from devbox.core.buildplan import BuildPlan
from devbox.core.forecast import Forecast, Verdict
from devbox.core.learning import Outcome
from devbox.core.stepname import stage_label

UNSEEN = "found in the cache, in a record that devbox did not see made"


def outcomes(plan: BuildPlan, steps: Iterable[Step]) -> dict[int, Outcome]:
    """What is known of each vertex by now. A step at work came from no cache (spec/buildkit.md 1.3)."""
    shown = {(stage_label(step.key.stage), step.key.index): step.status for step in steps}
    found: dict[int, Outcome] = {}
    for number, vertex in enumerate(plan.vertices):
        if vertex.key is None or vertex.half or vertex.kind == "base":
            continue
        status = shown.get((vertex.key.stage, vertex.key.index))
        if status is StepStatus.HIT or status in RAN:
            found[plan.real(number)] = "hit" if status is StepStatus.HIT else "ran"
    return found


def known(given: Forecast, shown: Mapping[int, Outcome]) -> dict[int, Verdict]:
    """The verdicts that these outcomes are. A hit on a record that nobody knows leaves what stands on it unknown."""
    found: dict[int, Verdict] = {}
    for number in sorted(shown):
        said = given.verdicts[number]
        if shown[number] == "hit":
            records = said.records if said.word in ("hit", "depends") else frozenset()
            found[number] = Verdict("hit", records) if records else Verdict("unknown", reason=UNSEEN)
            continue
        before = [one.vertex for one in given.plan.vertices[number].inputs if one.vertex is not None]
        roots = [at if found[at].after is None else found[at].after for at in before
                 if at in found and found[at].word == "miss"]
        found[number] = Verdict("miss", frozenset((f"new:{number}",)), p_hit=0.0, after=next(iter(roots), None))
    return found
