"""What `clean()` lets through to a terminal: nothing that acts (security.md 4)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.text import (
    LINE_LIMIT,
    LineSplitter,
    cell_width,
    clean,
    clean_block,
    clip_end,
    clip_middle,
    defuse_ci,
    duration,
    shown_name,
    split_lines,
)

SGR = re.compile(r"\x1b\[[0-9;]*m")
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain", "plain"),
        (b"\x1b]52;c;aGk=\x07after", "after"),
        (b"\x1b]0;title\x1b\\after", "after"),
        (b"\x1bPq#0\x1b\\after", "after"),
        (b"\x1b]0;unterminated", "0;unterminated"),
        (b"\x1bcreset", "reset"),
        (b"\x1b[2J\x1b[Hhome", "home"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"cut \x1b[38;5", "cut "),
        (b"10%\r20%", "10%\u240d20%"),
        (b"a\x08b\x0bc\x0cd", "a\u2408b\u240bc\u240cd"),
        (b"bell\x07", "bell\u2407"),
        (b"tab\tx", "tab     x"),
        (b"bad \xff utf", "bad \ufffd utf"),
        ("\u202egnp.exe", "<U+202E>gnp.exe"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("line\u2028sep\x85", "line<U+2028>sep<U+0085>"),
        ("\x9b2Jc1", "c1"),
        ("lone\udc80", "lone\ufffd"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("[/x][bold]", "[/x][bold]"),
    ],
)
def test_outside_text_is_seen_and_never_acts(raw: bytes | str, shown: str) -> None:
    assert clean(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred", "\x1b[31mred\x1b[0m"),
        ("\x1b[1;3;4mx", "\x1b[1;3;4mx\x1b[0m"),
        ("\x1b[38;5;208mx", "\x1b[38;5;208mx\x1b[0m"),
        ("\x1b[48;2;1;2;3mx", "\x1b[48;2;1;2;3mx\x1b[0m"),
        ("\x1b[5mblink", "blink"),
        ("\x1b[7mreverse", "reverse"),
        ("\x1b[8mconceal", "conceal"),
        ("\x1b[5;32mx", "\x1b[32mx\x1b[0m"),
        ("\x1b[" + "1;" * 20 + "1mx", "x"),
        ("\x1b\x1b[5m[7mx", "\u241b[7mx"),
    ],
)
def test_only_colours_and_weights_survive_when_colour_is_wanted(raw: str, shown: str) -> None:
    assert clean(raw, colour=True) == shown


@given(
    st.one_of(
        st.binary(max_size=200), st.text(max_size=200), st.text(alphabet="\x1b\x9b[]0123;mJ\x07\\ab", max_size=40)
    )
)
def test_nothing_but_allowed_sgr_ever_survives(raw: bytes | str) -> None:
    assert not FORBIDDEN.search(clean(raw))
    coloured = clean(raw, colour=True)
    assert not FORBIDDEN.search(SGR.sub("", coloured))
    for code in re.findall(r"\x1b\[([0-9;]*)m", coloured):
        assert not {"5", "6", "7", "8"} & set(re.sub(r"[34]8;(5;\d+|2;\d+;\d+;\d+)", "", code).split(";"))


def test_a_long_line_is_cut_and_the_rest_counted() -> None:
    assert clean("a" * (LINE_LIMIT + 7)) == "a" * LINE_LIMIT + " …(+7 characters)"
    huge = clean(b"x" * 10_000_000)
    assert len(huge) < LINE_LIMIT + 40


def test_stacked_combining_marks_are_capped() -> None:
    assert len(clean("e" + "\u0301" * 100)) == 5


def test_lines_end_at_newline_only() -> None:
    assert split_lines("a\r\nb\x85c\u2028d\n".encode()) == [b"a", "b\x85c\u2028d".encode()]
    assert clean_block(b"one\r\ntwo\x1b[2J\n") == "one\ntwo"


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=30))
def test_any_chunking_gives_the_same_lines(data: bytes, sizes: list[int]) -> None:
    splitter, position, lines = LineSplitter(), 0, []
    for size in sizes:
        lines += splitter.feed(data[position : position + size])
        position += size
    lines += splitter.feed(data[position:]) + splitter.flush()
    whole = LineSplitter()
    assert lines == whole.feed(data) + whole.flush()


def test_a_stream_without_newline_is_split_by_budget() -> None:
    splitter = LineSplitter(budget=10)
    assert splitter.feed(b"x" * 25) == [b"x" * 10, b"x" * 10]
    assert splitter.flush() == [b"x" * 5]


@given(st.text(max_size=60), st.integers(0, 30))
def test_clipping_never_exceeds_the_width(text: str, width: int) -> None:
    shown = clean(text)
    assert cell_width(clip_end(shown, width)) <= width
    assert cell_width(clip_middle(shown, width)) <= width


def test_paths_keep_their_end_and_commands_their_start() -> None:
    assert clip_middle("/usr/lib/python3/dist-packages/x.py", 16).endswith("x.py")
    assert clip_end("RUN pip install -r requirements.txt", 12) == "RUN pip ins…"


def test_ci_runners_see_no_commands_in_foreign_lines() -> None:
    assert not defuse_ci("::error::boo").startswith("::")
    assert not defuse_ci("  ##[group]x").lstrip().startswith("##[")
    assert defuse_ci("plain::text") == "plain::text"


def test_a_name_that_only_looks_ascii_is_shown_escaped_beside() -> None:
    assert shown_name("devb\u043ex") == "devb\u043ex (devb\\u043ex)"
    assert shown_name("devbox") == "devbox"


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "-"), (0.04, "0.0s"), (48.0, "48.0s"), (118.2, "1m 58s"), (7380, "2h 03m")]
)
def test_durations_read_like_a_person_says_them(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words
