"""A project's patterns are matched in a process that can be stopped."""

from __future__ import annotations

import time

from devbox.host.pattern_matches import matches


def test_each_pattern_gets_the_numbers_of_its_texts() -> None:
    assert matches(["^RUN", "x$", "nowhere"], ["RUN a", "COPY x", "RUN x"]) == ((0, 2), (1, 2), ())
    assert matches([], ["a"]) == ()


def test_texts_of_any_characters_are_matched() -> None:
    assert matches(["é", "\n"], ["é\ud800", "a\nb\0"]) == ((0,), (1,))


def test_a_pattern_without_an_end_is_stopped_and_those_before_it_stand() -> None:
    started = time.monotonic()
    assert matches(["a", "(a+)+$", "b"], ["a" * 50 + "!"], timeout=1.0) == ((0,), None, None)
    assert time.monotonic() - started < 10
