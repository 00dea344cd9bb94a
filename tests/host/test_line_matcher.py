"""A pattern that never ends cannot hold devbox."""

from __future__ import annotations

import threading
import time

from devbox.host.line_matcher import LineMatcher
from tests.waiting import wait_until


def test_a_line_that_matches_is_found_and_others_are_not() -> None:
    matcher = LineMatcher("listening on \\d+$")
    try:
        assert matcher.feed([b"starting", b"listening on port"])
        assert not matcher.found
        assert matcher.feed([b"\xff listening on 8000"])
        wait_until(lambda: matcher.found, seconds=10)
        wait_until(lambda: not matcher.feed([b"more"]), seconds=10)  # no more lines are wanted
    finally:
        matcher.close()


def test_a_pattern_that_takes_for_ever_is_ended_from_outside() -> None:
    matcher = LineMatcher("(a+)+$")
    feeding = threading.Thread(target=lambda: [matcher.feed([b"a" * 60 + b"!"]) for _ in range(5000)])
    feeding.start()
    started = time.monotonic()
    assert not matcher.found
    matcher.close()
    feeding.join(10)
    assert not feeding.is_alive()
    assert time.monotonic() - started < 10
