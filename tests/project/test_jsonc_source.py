"""JSON with comments."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.project.jsonc_source import parse_jsonc


def test_comments_and_trailing_commas_are_no_content() -> None:
    text = '// one\n{\n  /* two\n lines */ "a": "//no", // c\n  "b": [1, 2, /* x */ ],\n  "c": "/*",\n}\n'
    document = parse_jsonc(text.encode(), "x.json")
    assert document.content == {"a": "//no", "b": [1, 2], "c": "/*"}
    assert [document.line(key) for key in "abc"] == [4, 5, 6]


def test_a_reader_that_refuses_trailing_commas_may_say_so() -> None:
    with pytest.raises(ConfigError):
        parse_jsonc(b'{"a": 1,}', "x.json", trailing_commas=False)


@pytest.mark.parametrize(
    "data",
    [b"", b"[1]", b"3", b"{", b'{"a": NaN}', b'{"a": "\n"}', b"\xff{}", b'{"a": 1} x', b"{" * 100_000,
     b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", b'{"a": ' + b"9" * 5000 + b"}", b"/* open", b'{"a": "\\ud800'],
)
def test_what_is_no_object_is_one_error_with_a_place(data: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_jsonc(data, "x.json")
    assert caught.value.line is not None


def test_a_byte_order_mark_is_accepted() -> None:
    assert parse_jsonc(b'\xef\xbb\xbf{"a": 1}', "x.json").get("a") == 1


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=8) | st.lists(st.integers(), max_size=3), max_size=4))
def test_plain_json_means_what_json_says(content: dict[str, object]) -> None:
    assert parse_jsonc(json.dumps(content, indent=1).encode(), "x.json").content == content


@given(st.text('{}[]",/*: a1\n\\', max_size=40))
def test_any_text_is_an_object_or_an_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(parse_jsonc(text.encode(), "x.json").content, dict)


def test_comments_that_never_close_cost_one_pass() -> None:
    started = time.monotonic()
    with pytest.raises(ConfigError, match="not closed"):
        parse_jsonc(b"{" + b"/*" * 400_000, "x.json")
    assert time.monotonic() - started < 2
