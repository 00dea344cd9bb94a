"""Steps without an engine: lines, numbers, targets, what is refused. Names against real builds are tested beside."""

from __future__ import annotations

import pytest

from devbox.core.errors import ConfigError
from devbox.project.dockerfile import Dockerfile, parse_dockerfile
from devbox.project.dockerfile_steps import BaseConfig, BuildStep, all_steps, build_steps, shown_image, step_names
from devbox.project.shell_words import DOCUMENT, SHELL_TEXT, expand, unset_variables


def parse(text: str) -> Dockerfile:
    return parse_dockerfile(text.encode(), "Dockerfile")


def test_a_step_knows_its_stage_number_line_and_text() -> None:
    steps = build_steps(parse("ARG V=1\n\nFROM debian AS dev\nARG V\nWORKDIR /\nRUN echo \\\n  $V\nCOPY a /b\n"))
    assert steps == (
        BuildStep("", 0, 1, 4, "FROM", "FROM docker.io/library/debian:latest", 3),
        BuildStep("", 0, 2, 4, "RUN", "RUN echo   1", 6),
        BuildStep("", 0, 3, 4, "COPY", "COPY a /b", 8),
    )
    assert steps[1].name == "[2/4] RUN echo   1"


def test_only_what_the_target_needs_is_built() -> None:
    text = "FROM a AS one\nRUN 1\nFROM b AS two\nRUN 2\nFROM one AS three\nCOPY --from=two /x /y\nFROM c\nRUN 3\n"
    assert {step.stage for step in build_steps(parse(text), "three")} == {"one", "two", "three"}
    assert {step.stage for step in build_steps(parse(text), "TWO")} == {"two"}
    assert {step.stage for step in build_steps(parse(text))} == {"stage-3"}
    assert {step.stage for step in all_steps(parse(text))} == {"one", "two", "three", "stage-3"}
    with pytest.raises(ConfigError, match="no stage is called four"):
        build_steps(parse(text), "four")


def test_a_base_gives_environment_folder_and_triggers() -> None:
    base = BaseConfig(
        env=(("X", "from base"),),
        workdir="/base",
        onbuild=("COPY a /t", "RUN triggered $X"),
        digest="sha256:" + "a" * 64,
    )
    names = step_names(parse("FROM my/base:1\nRUN echo $X\nWORKDIR sub\n"), bases={"my/base:1": base})
    assert names == (
        f"[1/3] FROM docker.io/my/base:1@sha256:{'a' * 64}",
        "[2/3] COPY a /t",
        "[3/3] RUN triggered from base",
        "[4/3] RUN echo from base",
        "[5/3] WORKDIR sub",
    )


@pytest.mark.parametrize(
    ("ref", "shown"),
    [
        ("debian", "docker.io/library/debian:latest"), ("me/x:1", "docker.io/me/x:1"), ("r.io/x", "r.io/x:latest"),
        ("localhost/x", "localhost/x:latest"), ("h:5000/x", "h:5000/x:latest"),
        ("x@sha256:ab", "docker.io/library/x@sha256:ab"), ("index.docker.io/library/x", "docker.io/library/x:latest"),
    ],
)  # fmt: skip
def test_images_are_shown_in_full(ref: str, shown: str) -> None:
    assert shown_image(ref) == shown


@pytest.mark.parametrize(
    "text", ["FROM $NOTHING\n", "FROM x\nENV A='\n", "FROM x\nWORKDIR ${A:?b}\n", 'FROM x\nARG A="\n']
)
def test_what_cannot_be_expanded_is_an_error_or_stays_as_written(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        build_steps(parse(text))
    assert raised.value.line
    assert all_steps(parse(text))


def test_text_of_a_run_keeps_quotes_and_what_is_not_known() -> None:
    known = {"A": "1"}
    assert expand("\"$A\" '$A' $B ${B:-$A} \\$A", known, reading=SHELL_TEXT) == "\"1\" '$A' $B ${B:-1} $A"
    assert expand("it's $A", known, reading=DOCUMENT) == "it's 1"
    assert unset_variables("$A $B ${C:-d} '$D' $B", known) == ("B",)


def test_heredocs_know_whether_they_are_cut_and_expanded() -> None:
    run, copy = parse("FROM x\nRUN <<-A\n\ta\n\tA\nCOPY <<'B' /b\n$X\r\nB\n").stages[0].instructions
    assert [(one.name, one.content, one.chomp, one.expand) for one in (*run.heredocs, *copy.heredocs)] == [
        ("A", "\ta\n", True, True), ("B", "$X\r\n", False, False),
    ]  # fmt: skip


def test_a_heredoc_word_may_stand_apart_where_its_end_is_there() -> None:
    # moby/buildkit since Dockerfile 1.16; older frontends see none.
    assert [one.keyword for one in parse("FROM x\nRUN cat << EOF\nhello\nEOF\nRUN y\n").stages[0].instructions] == [
        "RUN",
        "RUN",
    ]
    with pytest.raises(ConfigError, match="unknown instruction"):
        parse("FROM x\nRUN cat << EOF\nhello\n")
