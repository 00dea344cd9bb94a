"""Basic regular expressions, held against the grep of this machine."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devbox.core.basic_regex import compile_basic

NAMES = ["1.5.7", "1.6.0-rc1", "0.12.31", "v1", "abc", "a-b", "[x]", "1*", "^a$", "", "b]"]
PARTS = ["1", ".", "\\.", "[0-9]", "[^0-9]", "*", "\\+", "\\?", "^", "$", "a", "-", "[[:digit:]]", "\\w", "[]x]", "\\s"]


@pytest.mark.skipif(shutil.which("grep") is None, reason="no grep here")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=6).map("".join))
def test_it_finds_what_grep_finds(pattern: str) -> None:
    expression = compile_basic(pattern)
    if expression is None:
        return
    said = subprocess.run(
        ["grep", "-e", pattern], input="\n".join(NAMES) + "\n", capture_output=True, text=True, check=False
    )
    assert [name for name in NAMES if expression.search(name)] == said.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    "pattern", ["\\(a\\)", "a\\{2\\}", "a\\|b", "[a", "[[:no:]]", "[z-a]", "a\\", "x" * 300, "a\nb"]
)
def test_what_needs_more_than_one_look_is_not_taken(pattern: str) -> None:
    assert compile_basic(pattern) is None


def test_a_pattern_made_to_be_slow_is_not() -> None:
    expression = compile_basic("a*" * 60 + "b")
    assert expression is not None
    start = time.process_time()
    assert not expression.search("a" * 2000)
    assert time.process_time() - start < 2
