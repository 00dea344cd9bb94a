"""The position scanner agrees with tomllib on which keys a document has, and finds each where it is written."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.project.toml_positions import KeyPath, positions

DOCUMENT = '''\
name = "x"
 indented = 1 # a comment with [brackets] and = signs
'quoted.key' = 2
"with \\"escape\\" \\u00e9" = 3
a.b.c = 1
a . "d" = 2
text = """
[not.a.table]
key = 1 ""\\"
"""
literal = \'\'\'
''quoted\'\'\'\'\'
after = [1, [2,
  3], {x = 1, y.z = "}"}, # ] not here
]
when = 1979-05-27 07:32:00
empty = {}
none = []

[table."sub.table"] # comment
k = "["

[[list]]
n = 1
  [list.inner]
  m = 2
[[list]]
  [[list.deep]]
  p = 1
[table]
own = true
'''


def paths_of(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """Every key path that tomllib sees."""
    below: set[KeyPath] = {path} if path else set()
    if isinstance(value, dict):
        for key, item in value.items():
            below |= paths_of(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            below |= paths_of(item, (*path, index))
    return below


def test_every_key_of_a_document_with_all_forms_is_found_and_no_other() -> None:
    assert set(positions(DOCUMENT)) == paths_of(tomllib.loads(DOCUMENT))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("name",), (1, 1)),
        (("indented",), (2, 2)),
        (('with "escape" é',), (4, 1)),
        (("a", "b", "c"), (5, 5)),
        (("a",), (5, 1)),
        (("a", "d"), (6, 5)),
        (("text",), (7, 1)),
        (("literal",), (11, 1)),
        (("after", 1, 1), (14, 3)),
        (("after", 2, "y", "z"), (14, 17)),
        (("when",), (16, 1)),
        (("table", "sub.table"), (20, 8)),
        (("list",), (23, 3)),
        (("list", 0, "n"), (24, 1)),
        (("list", 0, "inner", "m"), (26, 3)),
        (("list", 1), (27, 3)),
        (("list", 1, "deep", 0, "p"), (29, 3)),
        (("table",), (30, 2)),
    ],
)
def test_places_are_those_a_reader_would_point_at(path: KeyPath, place: tuple[int, int]) -> None:
    assert positions(DOCUMENT)[path] == place


def test_line_ends_of_windows_count_once() -> None:
    assert positions(DOCUMENT.replace("\n", "\r\n")) == positions(DOCUMENT)


keys = st.one_of(
    st.text("abcXYZ019_-", min_size=1, max_size=4),
    st.text("a.\"'\\=#[]{} \té€🐳\x7f", max_size=5),
)


def basic(text: str) -> str:
    return '"' + "".join(f"\\U{ord(c):08x}" if c in '"\\' or ord(c) < 32 or ord(c) == 127 else c for c in text) + '"'


def written_key(key: str) -> str:
    if key and all(c in "abcXYZ019_-" for c in key):
        return key
    return f"'{key}'" if "'" not in key and "\x7f" not in key else basic(key)


texts = st.text("ab\"'\\#[]{}=,.\n é🐳", max_size=8)
scalars = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.booleans().map(lambda value: str(value).lower()),
    texts.map(basic),
    texts.map(lambda text: f'"""\n{basic(text)[1:-1]}"""'),
    texts.filter(lambda text: "''" not in text and not text.endswith("'")).map(lambda text: f"'''{text}'''"),
    st.sampled_from(["1979-05-27T07:32:00Z", "1979-05-27 07:32:00", "07:32:00", "-inf", "1_000", "0xFF", "1e-3"]),
)
gaps = st.sampled_from(["", " ", "\n", " # c ]}\n", "\t\n\n  "])
spaces = st.sampled_from(["", " ", "\t"])


def written_array(items: list[tuple[str, str]]) -> str:
    return "[" + ",".join(f"{gap}{item}{gap}" for gap, item in items) + "]"


def written_inline(pairs: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{written_key(key)} = {value}" for key, value in pairs.items()) + " }"


values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(st.tuples(gaps, inner), max_size=3).map(written_array),
        st.dictionaries(keys, inner, max_size=3).map(written_inline),
    ),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Lines of pairs and headers; not all are valid together, tomllib sorts that out."""
    lines = []
    for _ in range(draw(st.integers(0, 8))):
        key = draw(spaces).join(
            ["", *draw(spaces).join([".", ""]).join(map(written_key, draw(st.lists(keys, min_size=1, max_size=3)))), ""]
        ) if draw(st.booleans()) else written_key(draw(keys))
        lines.append(
            draw(
                st.one_of(
                    st.just(f"[{key}]"), st.just(f"[[{key}]]"),
                    values.map(lambda value, key=key: f"{key} = {value}"),  # type: ignore[misc]
                    st.just("# comment"), st.just(""),
                )
            )
        )
    return "\n".join(lines)


def accepted(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


@given(documents())
def test_key_paths_are_those_of_tomllib(text: str) -> None:
    document = accepted(text)
    if document is not None:
        found = positions(text)
        assert set(found) == paths_of(document)
        lines = text.split("\n")
        for line, column in found.values():
            assert 1 <= line <= len(lines)
            assert 1 <= column <= len(lines[line - 1])


@given(st.text("a=.[]{}\"'\n#\\, 1", max_size=30))
def test_any_text_that_tomllib_accepts_is_scanned(text: str) -> None:
    document = accepted(text)
    if document is not None:
        assert set(positions(text)) == paths_of(document)
