"""Lines of keys in JSON texts, comments or not."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from devbox.project.json_positions import line_of, nesting
from devbox.project.pins import package_json

VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=12,
)


def test_a_key_is_found_by_its_path() -> None:
    text = '{\n // {"a": 1}\n "a": {"b": [1,\n {"c": 2}]},\n "a": {\n  "b": 3}}'
    assert line_of(text, "a") == 5
    assert line_of(text, "a", "b") == 6
    assert line_of(text, "a", "b", 1, "c") == 4
    assert line_of(text, "c") is None


@given(st.dictionaries(st.text(max_size=3), VALUES, min_size=1, max_size=4))
def test_every_key_of_a_printed_document_is_on_its_line(document: dict[str, object]) -> None:
    text = json.dumps(document, indent=1)
    lines = text.split("\n")
    for key in document:
        line = line_of(text, key)
        assert line is not None
        assert lines[line - 1].startswith(f" {json.dumps(key)}: ")


@given(st.text(max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    line_of(text, "a")
    nesting(text)
    package_json.read(text.encode("utf-8", "surrogatepass"))


def test_what_is_no_json_object_says_why_and_where() -> None:
    for data in (b"[]", b"{", b"\xef\xbb\xbf{}", b'{"a": NaN}', b"\xff{}", b'{"a":' * 200 + b"1" + b"}" * 200):
        assert isinstance(package_json.read(data), package_json.Unreadable)
