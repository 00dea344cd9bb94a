"""Stages and step lines of a Dockerfile, checked against the numbering of spec/buildkit.md 1.4."""

from __future__ import annotations

from devbox.core.build import StepKey
from devbox.core.outline import Outline
from devbox.project.build_outline import outline
from devbox.project.dockerfile import parse_dockerfile

DOCKERFILE = r"""# syntax=docker/dockerfile:1
# comment
ARG V=1
FROM debian:bookworm AS Base
ENV A=1
RUN apt-get update && \
    # a comment inside

    apt-get install x
WORKDIR /
WORKDIR /w
from base
RUN <<EOF
FROM nothing
RUN nothing
EOF
COPY --from=base \
     /a /b
FROM --platform=linux/amd64 scratch AS last
COPY <<a <<-b /o/
text
a
	b
ADD x /x
"""


def outline_of(text: str) -> Outline:
    return outline(parse_dockerfile(text.encode(), "Dockerfile"))


def test_steps_have_the_numbers_and_lines_of_buildkit() -> None:
    found = outline_of(DOCKERFILE)
    assert found.stages == ("base", "stage-1", "last")
    assert found.instructions == (3, 4, 5, 6, 10, 11, 12, 13, 17, 19, 20, 24)
    assert found.lines == (
        (StepKey("base", 1), "FROM", 4), (StepKey("base", 2), "RUN", 6), (StepKey("base", 3), "WORKDIR", 11),
        (StepKey("stage-1", 1), "RUN", 13), (StepKey("stage-1", 2), "COPY", 17),
        (StepKey("last", 1), "COPY", 20), (StepKey("last", 2), "ADD", 24),
    )


def test_only_stage_has_its_name_or_none() -> None:
    assert outline_of("FROM x\nRUN y\n").lines == ((StepKey("", 1), "FROM", 1), (StepKey("", 2), "RUN", 2))
    assert outline_of("FROM x AS dev\nRUN y\n").stages == ("dev",)
