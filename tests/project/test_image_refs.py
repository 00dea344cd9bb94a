"""FROM after ARG expansion: the sample cases of BuildKit's own parser, and the rules around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.project.dockerfile import parse_dockerfile
from devbox.project.image_refs import images, split_reference
from devbox.project.shell_words import expand, raw_words


def refs(text: str, **arguments: str) -> list[str | None]:
    return [row.ref for row in images(parse_dockerfile(text.encode(), "Dockerfile"), arguments)]


def test_a_default_is_used_and_everything_is_told() -> None:
    (row,) = images(parse_dockerfile(b"ARG V=3.11\nFROM python:$V\n", "Dockerfile"))
    assert (row.path, row.line, row.raw, row.ref, row.name, row.tag, row.digest, row.stage_ref) == (
        "Dockerfile", 2, "python:$V", "python:3.11", "python", "3.11", None, False,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ARG V=1\nFROM a:${V}", ["a:1"]),
        ("ARG V\nFROM a:${V:-2}", ["a:2"]),
        ("ARG V=1\nFROM a${V:+:x}", ["a:x"]),
        ("ARG V\nFROM a${V:+:x}", ["a"]),
        ("ARG V=\nFROM a:x${V-2}", ["a:x"]),
        ("ARG A=1 B=2\nFROM a:$A$B", ["a:12"]),
        ("ARG A=1\nARG B=${A}.5\nFROM a:$B", ["a:1.5"]),
        ('ARG V="1"\nFROM "a":$V', ["a:1"]),
        ("ARG V=1.2.3\nFROM a:${V%.*}", ["a:1.2"]),
        ("ARG V=1.2.3\nFROM a:${V%%.*}", ["a:1"]),
        ("ARG V=v1.2\nFROM a:${V#v}", ["a:1.2"]),
        ("ARG V=1.2.3\nFROM a:${V//./-}", ["a:1-2-3"]),
        ("FROM a AS x\nARG V=2\nFROM b:$V", ["a", None]),
        ("FROM a\nFROM ${UNDECLARED:-b}", ["a", "b"]),
        ("ARG V\nFROM node:$V", [None]),
        ("FROM Upper", [None]),
        ("FROM scratch", ["scratch"]),
    ],
)
def test_substitution_follows_buildkit(text: str, expected: list[str | None]) -> None:
    assert refs(text) == expected


def test_build_arguments_replace_declared_defaults_only() -> None:
    assert refs("ARG V=1\nFROM a:$V\nFROM b:x$W", V="2", W="3") == ["a:2", "b:x"]


def test_a_stage_is_no_image_whatever_its_case_but_only_after_it_is_declared() -> None:
    rows = images(parse_dockerfile(b"FROM later\nFROM a AS later\nARG X\nFROM LATER\n", "Dockerfile"))
    assert [row.stage_ref for row in rows] == [False, False, True]


@pytest.mark.parametrize(
    ("ref", "parts"),
    [
        ("python", ("python", None, None)),
        ("registry:5000/x/ruby:3.2", ("registry:5000/x/ruby", "3.2", None)),
        ("a@sha256:" + "0" * 64, ("a", None, "sha256:" + "0" * 64)),
        ("a/b:c@sha256:" + "f" * 64, ("a/b", "c", "sha256:" + "f" * 64)),
        ("node:", None),
        ("", None),
        ("a:b:c", None),
        ("a b", None),
        ("f" * 64, None),
        ("-x", None),
    ],
)
def test_references_are_split_where_their_grammar_says(ref: str, parts: object) -> None:
    assert split_reference(ref) == parts


@pytest.mark.parametrize("word", ["${", "${X", "${}", "${:a}", "'open", '"open', "${X:?gone}", "${X!y}"])
def test_bad_substitutions_are_errors_with_the_line(word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        refs(f"FROM a AS b\n\nFROM {word}\n")
    assert caught.value.line == 3


def test_growth_is_bounded() -> None:
    doubling = "ARG A0=xxxxxxxxxx\n" + "".join(f"ARG A{n + 1}=$A{n}$A{n}\n" for n in range(40))
    with pytest.raises(ConfigError, match="too long"):
        refs(doubling + "FROM a\n")


def test_nesting_is_bounded() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        expand("${A:-" * 1000 + "}" * 1000, {})


@given(st.text("a$ {}:-+?#%/\\'\"", max_size=30), st.dictionaries(st.just("a"), st.text(max_size=5)))
def test_any_word_expands_or_is_refused(word: str, variables: dict[str, str]) -> None:
    try:
        result = expand(word, variables)
    except ValueError:
        return
    assert isinstance(result, str)


@given(st.lists(st.text("ab$1{}-", min_size=1, max_size=5), max_size=5))
def test_raw_words_of_text_without_quotes_are_its_words(words: list[str]) -> None:
    try:
        assert raw_words("  ".join(words)) == words
    except ValueError:
        assert "{" in "".join(words)
