"""What is not TOML, not text, too deep or too slow: one error with its place, no content quoted, no long wait."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.project.toml_source import parse_toml


def refusal(data: bytes) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_toml(data, "devbox.toml")
    return caught.value


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"a = \n", 1, 5),
        (b"a = 1\nb = 'open\n", 2, 5),
        (b"a = 1\na = 2\n", 2, 6),
        (b"a = 1\r\n\r\nb = \r\n", 3, 5),
        (b"[a]\nx = 1\n[a]\n", 3, 3),
        (b"a = 1\nb = \xff\n", 2, 5),
        (b"\xe9 = 1\n", 1, 1),
        (b"a = 1\nb = '\0'\n", 2, 6),
        (b"a = 1\n<<<<<<< HEAD\nb = 1\n=======\nb = 2\n>>>>>>> other\n", 2, 1),
        (b"a = " + b"[" * 65, 1, 69),
        (b"a = " + b"{b = " * 100, 1, 4 + 5 * 64 + 1),
        (b"x" + b".x" * 100 + b" = 1\n", 1, 130),
        (b"[x" + b".x" * 100 + b"]\n", 1, 129),
        (b'a = "\\ud800"\n', 1, 12),
        (b"a = 1 2\n", 1, 7),
        (b"a = 1\nb = " + b"9" * 5000 + b"\n", 2, 5),
    ],
)
def test_each_mistake_has_its_place(data: bytes, line: int, column: int) -> None:
    error = refusal(data)
    assert (error.path, error.line, error.column) == ("devbox.toml", line, column), error.summary


def test_content_of_a_file_that_does_not_parse_is_not_quoted() -> None:
    for data in (b"s3cret = 1\ns3cret = 2\n", b"[s3cret]\n[s3cret]\n", b"a = {s3cret = 1, s3cret = 2}\n", b"s3cret"):
        error = refusal(data)
        assert "s3cret" not in f"{error.summary}{error.hint}{error.detail}"


def test_a_byte_order_mark_is_accepted_and_does_not_shift_places() -> None:
    document = parse_toml(b"\xef\xbb\xbfa = 1\n", "f")
    assert document.table is not None
    assert (document.table["a"].value, document.table["a"].origin.column) == (1, 1)


def test_conflict_markers_inside_a_valid_string_are_text() -> None:
    document = parse_toml(b'a = """\n<<<<<<< x\n=======\n>>>>>>> y\n"""\n', "f")
    assert document.table is not None


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 500_000 + " = 1",
        "[" + "a." * 300_000 + "a]",
        "a = " + "[" * 900_000,
        'a = """' + '\\"""' * 200_000,
        "a = '''" + "''" * 400_000,
        "a = 1" + "_1" * 400_000,
        '"' * 1_000_000,
        "'" * 1_000_000,
        "a = [" + "#\n" * 400_000,
    ],
    ids=lambda text: text[:6],
)
def test_hostile_documents_are_refused_quickly(text: str) -> None:
    start = time.monotonic()
    refusal(text.encode())
    assert time.monotonic() - start < 5


@given(st.binary(max_size=60) | st.text("a=[]{}'\"\n.#1 \\", max_size=60).map(str.encode))
def test_any_bytes_are_a_document_or_one_error(data: bytes) -> None:
    try:
        outcome: object = parse_toml(data, "f").table
    except ConfigError as error:
        outcome = error.line
    assert outcome is not None, "a table, or an error that says where"
