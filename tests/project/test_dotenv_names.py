"""Names without values, and one bad line that hides no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devbox.project.dotenv_names import read_names


def test_names_lines_and_whether_there_is_a_value() -> None:
    found = read_names(b"\xef\xbb\xbf# c\nA=1\r\nexport B=\nnot a line\nA=\nT='x'\n", ".env")
    assert [(one.name, one.line, one.empty) for one in found.names] == [("B", 3, True), ("A", 5, True), ("T", 6, False)]
    assert found.bad_lines == (4,)
    assert found.of("T") is not None
    assert found.of("X") is None


def test_a_secret_is_told_by_its_name_or_by_a_login_in_its_value() -> None:
    found = read_names(b"API_TOKEN=x\nURL=postgres://me:hunter2@db/app\nPLAIN=postgres://db/app\n", ".env")
    assert [one.secret for one in found.names] == [True, True, False]
    assert "hunter2" not in repr(found)


@given(st.binary(max_size=200))
def test_nothing_breaks_it(data: bytes) -> None:
    read_names(data, ".env")
