"""Words, pairs, sources and mounts of instructions, as moby/buildkit v0.13 `parser` and `instructions` take them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.project.dockerfile import Instruction, parse_dockerfile
from devbox.project.dockerfile_values import NameValue, mounts, pairs, sources, words


def one(text: str) -> Instruction:
    return parse_dockerfile(f"FROM x\n{text}".encode(), "Dockerfile").stages[0].instructions[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a b", ("a", "b")), ("a='x y' b", ("a='x y'", "b")), (r"a=x\ y", (r"a=x\ y",)), ('a="b', ('a="b',)),
        ("a=''  b=\"\"", ("a=''", 'b=""')), (r"a=\"b c", (r"a=\"b", "c")), (r"a='\' b", (r"a='\'", "b")), ("  ", ()),
        ("a\\", ("a",)),
    ],
)
def test_words_keep_quotes_and_escapes(text: str, found: tuple[str, ...]) -> None:
    assert words(text, "\\") == found


@given(st.text(max_size=40))
def test_words_never_lose_a_letter(text: str) -> None:
    letters = [character for character in text if character.isalnum()]
    assert [character for word in words(text, "\\") for character in word if character.isalnum()] == letters


def test_pairs_of_both_notations() -> None:
    assert pairs(one("ENV A=1 B='x y'"), "\\") == (NameValue("A", "1"), NameValue("B", "'x y'"))
    assert pairs(one("ENV A some  words"), "\\") == (NameValue("A", "some  words", legacy=True),)
    assert pairs(one("ARG A B=1"), "\\") == (NameValue("A", None), NameValue("B", "1"))
    for text in ("ENV A", "ENV A=1 B", "LABEL =x"):
        with pytest.raises(ValueError, match="needs"):
            pairs(one(text), "\\")


def test_sources_in_words_json_and_heredocs() -> None:
    assert sources(one("COPY a b /d/")).paths == ("a", "b")
    assert sources(one('COPY ["a b", "/d"]')) == sources(one('COPY ["a b","/d"]'))
    parts = sources(one("COPY <<x <<-'y' z /d/\nx\ny\n"))
    assert (parts.paths, parts.documents, parts.destination) == (("z",), ("x", "y"), "/d/")
    with pytest.raises(ValueError, match="destination"):
        sources(one("COPY a"))


def test_mount_options() -> None:
    found = mounts(one('RUN --mount=type=bind,From=x,ro --mount=\'type=cache,"target=/a,b"\' true'))
    assert found == ({"type": "bind", "from": "x", "ro": "true"}, {"type": "cache", "target": "/a,b"})
