"""Numbers a Dockerfile's instructions as BuildKit does, so that a step of the stream finds its line.

Rules: `devbox.project.dockerfile_steps`. Where they do not reach (ONBUILD of a base, other frontends) the reader of the
outline sees another keyword at that number and drops the line.
"""

from __future__ import annotations

from collections.abc import Mapping

from devbox.core.build import StepKey
from devbox.core.outline import Outline
from devbox.project.dockerfile import Dockerfile
from devbox.project.dockerfile_steps import all_steps


def outline(dockerfile: Dockerfile, args: Mapping[str, str] | None = None) -> Outline:
    """The stages and numbered instructions; `args` are the build's arguments. Never raises.

    An only stage keeps its name here, although BuildKit prints none: people see it.
    """
    several = len(dockerfile.stages) > 1
    stages = tuple(stage.name or (f"stage-{stage.index}" if several else "") for stage in dockerfile.stages)
    lines = tuple(
        (StepKey(stages[step.stage_index], step.index), step.keyword, step.line)
        for step in all_steps(dockerfile, args=args)
        if step.index
    )
    everything = [*dockerfile.arguments, *(i for s in dockerfile.stages for i in (s.origin, *s.instructions))]
    return Outline(stages, lines, tuple(sorted(instruction.line for instruction in everything)))
