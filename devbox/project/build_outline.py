"""Numbers a Dockerfile's instructions as BuildKit does, so that a step of the stream finds its line.

Rules: spec/buildkit.md 1.4. Where they do not reach (ONBUILD of a base, other frontends) the reader of the outline sees
another keyword at that number and drops the line.
"""

from __future__ import annotations

from devbox.core.build import StepKey
from devbox.core.outline import Outline
from devbox.project.dockerfile import Dockerfile

_COUNTED = ("RUN", "COPY", "ADD", "WORKDIR")


def outline(dockerfile: Dockerfile) -> Outline:
    """The stages and numbered instructions."""
    stages: list[str] = []
    lines: list[tuple[StepKey, str, int]] = []
    named: set[str] = set()
    for stage in dockerfile.stages:
        label = stage.name or (f"stage-{stage.index}" if len(dockerfile.stages) > 1 else "")
        stages.append(label)
        # An image has a vertex of its own; an earlier stage and scratch have none.
        index = 0 if stage.base.lower() in named or stage.base == "scratch" else 1
        if index:
            lines.append((StepKey(label, 1), "FROM", stage.origin.line))
        for instruction in stage.instructions:
            if instruction.keyword in _COUNTED and instruction.text.split()[:2] != ["WORKDIR", "/"]:
                index += 1
                lines.append((StepKey(label, index), instruction.keyword, instruction.line))
        named |= {stage.name} if stage.name else set()
    everything = [*dockerfile.arguments, *(i for s in dockerfile.stages for i in (s.origin, *s.instructions))]
    return Outline(tuple(stages), tuple(lines), tuple(sorted(instruction.line for instruction in everything)))
