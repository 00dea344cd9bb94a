"""Dockerfiles are read as BuildKit reads them: where instructions start and end, stages, what is refused and where.

Expected values follow moby/buildkit v0.24's parser as described in its documentation and source.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.project.dockerfile import Dockerfile, parse_dockerfile


def parse(text: str) -> Dockerfile:
    return parse_dockerfile(text.encode(), "Dockerfile")


def body(text: str) -> list[tuple[str, str, int, int]]:
    """Keyword, arguments and lines of everything after `FROM x`."""
    stage = parse("FROM x\n" + text).stages[0]
    return [(each.keyword, each.arguments, each.line, each.end_line) for each in stage.instructions]


def test_keywords_have_no_case_and_stages_are_named_in_lower_case() -> None:
    dockerfile = parse("from Alpine as Build\nrun a\nFroM build\n")
    assert [(stage.name, stage.base, stage.label) for stage in dockerfile.stages] == [
        ("build", "Alpine", "build"), (None, "build", "1"),
    ]
    assert dockerfile.stage("BUILD") == dockerfile.stages[0]
    assert dockerfile.stage("1") == dockerfile.stages[1]
    assert dockerfile.stage("other") is None


def test_continuations_are_joined_with_the_indentation_of_the_next_line() -> None:
    assert body("RUN a \\\n    b \\  \n  c\nRUN d") == [("RUN", "a     b   c", 2, 4), ("RUN", "d", 5, 5)]


def test_comments_and_blank_lines_inside_a_continuation_vanish() -> None:
    assert body("RUN a \\\n# comment \\\n\n  # indented\n  b\nRUN c") == [("RUN", "a   b", 2, 6), ("RUN", "c", 7, 7)]


def test_a_doubled_escape_character_ends_nothing() -> None:
    assert body("RUN a \\\\\nRUN b") == [("RUN", "a \\\\", 2, 2), ("RUN", "b", 3, 3)]


def test_the_escape_directive_changes_the_continuation() -> None:
    dockerfile = parse("# escape=`\nFROM x\nRUN dir c:\\\nRUN a `\n b\n")
    assert dockerfile.escape == "`"
    assert [each.arguments for each in dockerfile.stages[0].instructions] == ["dir c:\\", "a  b"]


def test_directives_stand_before_everything_else() -> None:
    dockerfile = parse("# Syntax = docker/dockerfile:1 \n# check=skip=all\n\n# escape=`\nFROM x\n")
    assert dockerfile.directive("syntax") == "docker/dockerfile:1"
    assert dockerfile.directive("check") == "skip=all"
    assert dockerfile.escape == "\\"


def test_byte_order_mark_and_windows_lines_are_accepted() -> None:
    dockerfile = parse_dockerfile(b"\xef\xbb\xbf# escape=`\r\nFROM x\r\nRUN a `\r\n  b\r\n", "Dockerfile")
    assert dockerfile.escape == "`"
    assert dockerfile.stages[0].instructions[0].arguments == "a   b"


def test_heredoc_bodies_are_no_instructions() -> None:
    text = "RUN <<EOF\nFROM y\n# not a comment\nEOF\nCOPY <<-\"A B\" <<C /d/\n\t1 \\\n\tA B\nx\nC\nRUN last"
    assert [(each[0], each[2], each[3]) for each in body(text)] == [("RUN", 2, 5), ("COPY", 6, 10), ("RUN", 11, 11)]
    run, copy, _ = parse("FROM x\n" + text).stages[0].instructions
    assert [(each.name, each.content) for each in run.heredocs] == [("EOF", "FROM y\n# not a comment\n")]
    assert [(each.name, each.content) for each in copy.heredocs] == [("A B", "\t1 \\\n"), ("C", "x\n")]


@pytest.mark.parametrize(
    "line",
    [
        "RUN cat <<< word",
        "RUN echo $((1<<2))",
        "RUN echo '<<EOF'",
        "RUN echo it's <<EOF",
        'RUN ["cat", "<<EOF"]',
        "RUN cat << EOF",
        "ENV A=<<EOF",
        "CMD cat <<EOF",
        "RUN a<<EOF",
    ],
)
def test_what_only_looks_like_a_heredoc_is_none(line: str) -> None:
    assert [each[0] for each in body(line + "\nRUN next")] == [line.split()[0], "RUN"]


def test_onbuild_may_carry_a_heredoc() -> None:
    assert [(each[0], each[3]) for each in body("ONBUILD RUN <<E\nRUN x\nE\nRUN y")] == [("ONBUILD", 4), ("RUN", 5)]


def test_flags_are_split_off_with_their_quotes_removed() -> None:
    run = parse('FROM x\nRUN --mount=type=cache,target="/a b" --network=none -- --x y').stages[0].instructions[0]
    assert run.flags == ("--mount=type=cache,target=/a b", "--network=none")
    assert run.arguments == "--x y"
    assert run.flag("network") == "none"
    assert run.flag("security") is None


def test_exec_form_is_a_json_array_of_strings() -> None:
    run, shell, almost = parse('FROM x\nRUN ["a", "b"]\nRUN a ["b"]\nRUN [a]').stages[0].instructions
    assert (run.exec_form, shell.exec_form, almost.exec_form) == (True, False, False)


def test_platform_is_a_flag_of_from() -> None:
    stage = parse("FROM --platform=$BUILDPLATFORM x AS y").stages[0]
    assert (stage.platform, stage.base, stage.name) == ("$BUILDPLATFORM", "x", "y")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("# only a comment\n", 1),
        ("ARG A\n", 1),
        ("RUN x\nFROM y\n", 1),
        ("FROM x\nFROB y\n", 2),
        ("FROM x # y\n", 1),
        ("FROM\n", 1),
        ("FROM x AS\n", 1),
        ("FROM x AS 1st\n", 1),
        ("FROM x y\n", 1),
        ("FROM x\nRUN <<EOF\nnever\n", 2),
        ("# escape=x\nFROM y\n", 1),
        ("# escape=`\n# escape=`\nFROM y\n", 2),
    ],
)
def test_what_buildkit_refuses_is_one_error_at_its_line(text: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert (caught.value.path, caught.value.line) == ("Dockerfile", line)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_dockerfile_or_one_error(data: bytes) -> None:
    try:
        outcome: object = parse_dockerfile(data, "Dockerfile").stages
    except ConfigError as error:
        outcome = error.line
    assert outcome, "stages, or an error that says where"


@given(st.lists(st.sampled_from(["FROM a", "FROM b AS c", "RUN <<E", "E", "x \\", "RUN y \\", "# z", "", "COPY a b"])))
def test_instructions_never_overlap_and_never_leave_the_file(lines: list[str]) -> None:
    try:
        dockerfile = parse("\n".join(lines))
    except ConfigError:
        return
    last = 0
    for stage in dockerfile.stages:
        for each in (stage.origin, *stage.instructions):
            assert last < each.line <= each.end_line <= max(len(lines), 1)
            last = each.end_line
