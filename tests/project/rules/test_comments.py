"""Comments that switch checks off, by the rules of BuildKit, of hadolint, and of devbox."""

from __future__ import annotations

import pytest

from tests.project.rules.clean import ids, look

TEXT = "{top}FROM debian:13\n{above}MAINTAINER me\nUSER x\n"


def found(top: str = "", above: str = "") -> list[tuple[str, str]]:
    return [
        (one.check, one.severity)
        for one in look(TEXT.format(top=top, above=above))
        if one.check == "dockerfile.maintainer"
    ]


@pytest.mark.parametrize(
    "top",
    [
        "# check=skip=MaintainerDeprecated\n",
        "# check=skip=all\n",
        "# check = skip=UndefinedVar,maintainerdeprecated\n",
        "# syntax=docker/dockerfile:1\n# check=skip=MaintainerDeprecated;error=true\n",
        "# hadolint global ignore=DL4000\n",
        "# a comment\n# hadolint global ignore=DL3006,DL4000 # because\n",
        "# devbox global ignore=dockerfile.maintainer\n",
        "# devbox global ignore=dockerfile\n",
    ],
)
def test_for_the_whole_file(top: str) -> None:
    assert found(top=top) == []


@pytest.mark.parametrize(
    "above",
    [
        "# hadolint ignore=DL4000\n",
        "# hadolint ignore=DL3006,DL4000 # because\n",
        "#hadolint ignore = DL4000\n",
        "# devbox ignore=dockerfile.maintainer\n",
        "# check=skip=MaintainerDeprecated\n",
        "# hadolint ignore=DL4000\n# and a word about it\n",
    ],
)
def test_for_the_instruction_below(above: str) -> None:
    assert found(above=above) == []


@pytest.mark.parametrize(
    "above",
    [
        "",
        "# hadolint ignore=DL3006\n",
        "# hadolint ignore=DL4000\n\n",
        "# hadolint ignore=DL4000\nRUN true\n",
        "# please hadolint ignore=DL4000\n",
        "RUN echo \\\n# hadolint ignore=DL4000\n x\n",
        "RUN <<E\n# hadolint global ignore=DL4000\nE\n",
    ],
)
def test_not_for_others(above: str) -> None:
    assert found(above=above) == [("dockerfile.maintainer", "info")]


def test_error_true_makes_buildkits_checks_errors_and_no_others() -> None:
    findings = look("# check=error=true\nFROM debian\nMAINTAINER me\nUSER x\n")
    assert [(one.check, one.severity) for one in findings if one.check != "dockerfile.base.digest"] == [
        ("dockerfile.base.untagged", "warn"),
        ("dockerfile.maintainer", "error"),
    ]


def test_a_line_inside_a_continued_instruction_is_found_by_the_comment_above_it() -> None:
    text = "FROM debian:13\n{}RUN a && \\\n\n  b\nUSER x\n"
    assert "dockerfile.continuation.empty" in ids(look(text.format("")))
    assert "dockerfile.continuation.empty" not in ids(look(text.format("# check=skip=NoEmptyContinuation\n")))
