"""How long randomized tests run: briefly, or with `DEVBOX_TEST_SCALE=full` soak, chaos and fuzz at full length."""

from __future__ import annotations

import os

import pytest

FULL = os.environ.get("DEVBOX_TEST_SCALE") == "full"
FACTOR = 25


def rounds(quick: int = 1) -> int:
    """How often a chaos test repeats itself."""
    return quick * FACTOR if FULL else quick


def stretch(items: list[pytest.Item]) -> None:
    """At full length every property gets `FACTOR` times the examples, and every time limit is as much longer."""
    if not FULL:
        return
    for item in items:
        test = getattr(item, "obj", None)
        # Where hypothesis (6.100 to 6.170) keeps a test's settings: there is no public way to change them from outside.
        settings = getattr(test, "_hypothesis_internal_use_settings", None)
        if settings is not None:
            from hypothesis import settings as make

            longer = make(settings, max_examples=settings.max_examples * FACTOR, deadline=None)
            test._hypothesis_internal_use_settings = longer
        item.add_marker(pytest.mark.timeout(300 * FACTOR))
