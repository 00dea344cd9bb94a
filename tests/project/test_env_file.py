"""Dotenv files: plain text, nothing expanded, values in no message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.project.env_file import parse_env_file


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A=1", ("A", "1")),
        ("export A=1", ("A", "1")),
        ("export\tA=1", ("A", "1")),
        ("exported=1", ("exported", "1")),
        ("  A = b c  ", ("A", "b c")),
        ("A=", ("A", "")),
        ("A=# comment", ("A", "")),
        ("A=b # comment", ("A", "b")),
        ("A=b#c", ("A", "b#c")),
        ("A='b # c'", ("A", "b # c")),
        ("A='b' # c", ("A", "b")),
        ('A="b \\"c\\" \\n"', ("A", 'b "c" \\n')),
        ("A=$HOME `id` $(id)", ("A", "$HOME `id` $(id)")),
        ("A=b=c", ("A", "b=c")),
        ('A=b"c"', ("A", 'b"c"')),
    ],
)
def test_a_line_is_read_as_compose_reads_it_without_expansion(line: str, expected: tuple[str, str]) -> None:
    assert parse_env_file(line.encode(), ".env") == (expected,)


def test_comments_blank_lines_and_windows_lines_are_fine_and_the_last_value_wins() -> None:
    data = b"\xef\xbb\xbf# a comment\r\n\r\nA=1\r\nB=2\r\nA=3\r\n"
    assert parse_env_file(data, ".env") == (("B", "2"), ("A", "3"))


@pytest.mark.parametrize(
    "line",
    ["s3cret", "1A=s3cret", "A B=s3cret", "=s3cret", "A='s3cret", 'A="s3cret', "A='x' s3cret", "A=\0s3cret", "export"],
)
def test_a_mistake_names_its_line_and_never_the_value(line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_env_file(b"OK=1\n" + line.encode(), ".env")
    assert (caught.value.path, caught.value.line) == (".env", 2)
    assert "s3cret" not in caught.value.summary


@given(st.binary(max_size=80))
def test_any_bytes_are_variables_or_one_error(data: bytes) -> None:
    try:
        pairs = parse_env_file(data, ".env")
    except ConfigError as error:
        pairs = ()
        where = error.line
    else:
        where = 1
    assert where is not None
    assert all("\n" not in value and "\0" not in value for _, value in pairs)
