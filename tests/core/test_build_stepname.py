"""Vertex names of spec/buildkit.md 1.4."""

from __future__ import annotations

import pytest

from devbox.core.build import StepKey
from devbox.core.stepname import parse_step_name, phase_name, shown_stage, stage_label


@pytest.mark.parametrize(
    ("name", "key", "of", "instruction"),
    [
        ("[2/4] WORKDIR /app", StepKey("", 2), 4, "WORKDIR /app"),
        ("[ 2/13] RUN x", StepKey("", 2), 13, "RUN x"),
        ("[build  2/13] RUN x", StepKey("build", 2), 13, "RUN x"),
        ("[linux/386 stage-1 2/4] RUN x", StepKey("stage-1", 2, "linux/386"), 4, "RUN x"),
        ("[linux/arm/v7 2/4] RUN x", StepKey("", 2, "linux/arm/v7"), 4, "RUN x"),
        ("[linux/amd64->386 tool 2/3] RUN x", StepKey("tool", 2, "linux/amd64->386"), 3, "RUN x"),
        ("[stage-1 2/4] LINK COPY --link f /f", StepKey("stage-1", 2), 4, "COPY --link f /f"),
        ("[3/6] RUN <<EOF (echo one...)", StepKey("", 3), 6, "RUN <<EOF (echo one...)"),
        ("[2/2] RUN a\nb [9/9] c", StepKey("", 2), 2, "RUN a\nb [9/9] c"),
    ],
)
def test_numbered_names(name: str, key: StepKey, of: int, instruction: str) -> None:
    parsed = parse_step_name(name)
    assert parsed is not None
    assert (parsed.key, parsed.of, parsed.instruction) == (key, of, instruction)


@pytest.mark.parametrize(
    "name", ["[internal] load build context", "exporting to image", "[linux/amd64 internal] load x", "", "[", "[x] y"]
)
def test_unnumbered_names(name: str) -> None:
    assert parse_step_name(name) is None


@pytest.mark.parametrize(
    ("stage", "label"), [("", "0"), ("stage-0", "0"), ("stage-12", "12"), ("dev", "dev"), ("stage-x", "stage-x")]
)
def test_stage_without_a_name_is_its_number(stage: str, label: str) -> None:
    assert stage_label(stage) == label


def test_phases_read_as_sentences() -> None:
    assert phase_name("[internal] load build context") == "loading build context"
    assert phase_name("[linux/amd64 internal] load metadata for x:1") == "loading metadata for x:1"
    assert phase_name("exporting to image") == "exporting to image"


def test_a_stage_without_a_name_is_called_as_buildkit_calls_it() -> None:
    assert [shown_stage(label, ["0", "1", "dev"]) for label in ("0", "1", "dev")] == ["stage-0", "stage-1", "dev"]
    assert shown_stage("0", ["0", "0"]) == "", "BuildKit prints nothing for an only stage"
    assert shown_stage("dev", ["dev"]) == "dev"


@pytest.mark.parametrize("stage", ["dev", "stage-1"])
def test_what_is_shown_of_a_stage_is_what_its_label_came_from(stage: str) -> None:
    assert shown_stage(stage_label(stage), ["0", "1", "dev"]) == stage
