"""Interpolation as the Compose specification writes it, from the text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.project.compose_variables import variables


def uses(text: str) -> list[tuple[str, str]]:
    return [(one.name, one.fallback) for one in variables(text.encode(), "compose.yaml")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("image: $TAG", [("TAG", "empty")]),
        ("image: a${TAG}b", [("TAG", "empty")]),
        ("image: ${TAG:-latest}", [("TAG", "default")]),
        ("image: ${TAG-latest}", [("TAG", "default")]),
        ("image: ${TAG:?say which}", [("TAG", "error")]),
        ("image: ${TAG?}", [("TAG", "error")]),
        ("image: ${TAG:+x}", [("TAG", "optional")]),
        ("command: echo $$HOME $${HOME}", []),
        ("command: echo $$$TAG", [("TAG", "empty")]),
        ("image: ${A:-${B:-${C}}}", [("A", "default"), ("B", "default"), ("C", "empty")]),
        ("url: ${A:-http://x/{y}}${B}", [("A", "default"), ("B", "empty")]),
        ("price: 5$", []),
        ("x: ${}", []),
        ("x: ${A B}", []),
        ("x: ${unclosed", []),
        ("# image: $TAG", []),
        ("image: x # $TAG", []),
        ("image: 'x # $TAG'", [("TAG", "empty")]),
        ("image: x#$TAG", [("TAG", "empty")]),
        ("image: don't # $TAG", []),
        ("two: $A\n", [("A", "empty")]),
    ],
)
def test_each_form(text: str, found: list[tuple[str, str]]) -> None:
    assert uses(text) == found


def test_a_nested_variable_matters_only_without_the_outer_ones() -> None:
    found = variables(b"\nx: ${A:-${B-${C}}}", "compose.yaml")
    assert [(one.name, one.unless, one.line) for one in found] == [("A", (), 2), ("B", ("A",), 2), ("C", ("A", "B"), 2)]
    assert [one.empty_counts for one in found] == [True, False, False]


@given(st.text("${}:-?+AB #'\"\\\n", max_size=60))
def test_nothing_breaks_it(text: str) -> None:
    variables(text.encode(), "compose.yaml")


def test_what_is_deep_or_long_ends() -> None:
    assert len(variables(b"${A:-" * 5000 + b"}" * 5000, "c")) < 100
    assert len(variables(b"$A" * 100_000, "c")) == 2000
