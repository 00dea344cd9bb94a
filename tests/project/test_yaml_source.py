"""YAML as values with places."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.project.yaml_source import Node, parse_yaml


def root(text: str) -> Node:
    return parse_yaml(text.encode(), "x.yml")


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("3.10", 3.1, "3.1"),
        ("'3.10'", "3.10", "3.10"),
        ("20.10", 20.1, "20.1"),
        ("3", 3, "3"),
        ("20.0", 20.0, "20"),
        ("3.11.7", "3.11.7", "3.11.7"),
        ("yes", "yes", "yes"),
        ("on", "on", "on"),
        ("True", True, "true"),
        ("~", None, ""),
        ("", None, ""),
        ("0777", 777, "777"),
        ("0o17", 15, "15"),
        ("0x1F", 31, "31"),
        ("1_000", "1_000", "1_000"),
        ("1:30", "1:30", "1:30"),
        ("2001-01-01", "2001-01-01", "2001-01-01"),
        ("1e3", 1000.0, "1000"),
        (".5", 0.5, "0.5"),
        ("${{ matrix.x }}", "${{ matrix.x }}", "${{ matrix.x }}"),
    ],
)
def test_plain_scalars_have_the_types_of_yaml_1_2(text: str, value: object, words: str) -> None:
    node = root(f"key: {text}\n").get("key")
    assert node is not None
    assert node.value == value
    assert type(node.value) is type(value)
    assert node.words == words


def test_places_texts_and_quotes_are_kept() -> None:
    document = root("on: push\njobs:\n  a:\n    - x: 3.10\n    - 'y'\n")
    assert list(document.table) == ["on", "jobs"]
    first, second = document.table["jobs"].table["a"].items
    number = first.table["x"]
    assert (number.origin.line, number.text, number.quoted) == (4, "3.10", False)
    assert (second.origin.line, second.quoted) == (5, True)


def test_aliases_and_merge_keys_bring_what_they_name() -> None:
    document = root("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: *a\n")
    assert {key: node.value for key, node in document.table["b"].table.items()} == {"x": 1, "y": 3}
    assert document.get("c", "x") is document.get("a", "x")


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n", "a: !!python/object:os.system x\n", "a: !x 1\n", "!!map {a: 1}\n", "a: 1\n---\nb: 2\n",
        "? [a]\n: 1\n", "a: *unknown\n", "a: &a [*a]\n", "a: [\n", "a: 'open\n", "\ta: 1\n", "a: b: c\n", "a: \x00\n",
        "[" * 65 + "]" * 65, "{a: " * 65 + "1" + "}" * 65, "%YAML 9.0\n---\na: 1\n",
    ],
)
def test_what_is_refused_is_one_error_with_a_place(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        root(text)
    assert caught.value.line is not None
    assert "python" not in caught.value.summary


def test_a_bomb_of_aliases_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(30)]
    started = time.monotonic()
    with pytest.raises(ConfigError, match="expand"):
        root("\n".join(lines))
    assert time.monotonic() - started < 1


def test_merges_are_counted_like_aliases() -> None:
    many = ", ".join(f"k{n}: 1" for n in range(200))
    text = f"a: &a {{{many}}}\n" + "".join(f"b{n}:\n  <<: *a\n" for n in range(60))
    with pytest.raises(ConfigError, match="expand"):
        root(text)


def test_a_huge_file_ends_in_an_error_soon() -> None:
    with pytest.raises(ConfigError, match="too many"):
        root("- x\n" * 200_000)


@given(st.text("ab:- \n[]{}&*!|>'\"#%@0.1,?", max_size=60))
def test_any_text_is_a_document_or_an_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(root(text), Node)
