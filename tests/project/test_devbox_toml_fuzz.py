"""No devbox.toml, however wrong, ends in anything but a project or one error with a place."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.core.project import Project
from tests.project.projects import load
from tests.project.test_devbox_toml import CONTRACT

LINES = CONTRACT.split("\n")
VALUES = (
    "0", "-1", "1.5", "nan", "inf", "true", '""', '"x"', '" "', '"\\u0000"', '"a\\nb"', '".."', '"/"', '"~"',
    '"a:b:c:d"', '"' + "9" * 400 + '"', '"' + "(" * 300 + '"', "9223372036854775807", "1" + "0" * 200, "1979-05-27",
    "07:32:00", "[]", "[[]]", "[{}]", "[1]", '["x"]', "{}", "{ x = 1 }", '{ "" = "" }', "{ a.b.c = [1] }",
    '"[::1]:1:1"', '"%s"', '"{0}"', '"ﬁ"',
)


def judged(root: Path, text: str) -> bool:
    """Whether it is a project, or one error of one line with a place."""
    try:
        return isinstance(load(root, text, mode="default"), Project)
    except ConfigError as error:
        return error.path == "devbox.toml" and bool(error.line) and "\n" not in error.summary


@pytest.mark.parametrize("number", [number for number, line in enumerate(LINES) if " = " in line])
def test_any_value_under_any_key_is_fine_or_one_error(root: Path, number: int) -> None:
    key = LINES[number].partition(" = ")[0]
    # A quarter of the values each: all of them would take too long for every run.
    for value in VALUES[number % 4 :: 4]:
        lines = [*LINES[:number], f"{key} = {value}", *LINES[number + 1 :]]
        assert judged(root, "\n".join(lines)), (key, value)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.randoms(use_true_random=False))
def test_lines_dropped_doubled_and_swapped_are_fine_or_one_error(root: Path, chance: random.Random) -> None:
    lines = list(LINES)
    for _ in range(chance.randint(1, 6)):
        here, there = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(3):
            case 0:
                del lines[here]
            case 1:
                lines.insert(here, lines[there])
            case _:
                lines[here], lines[there] = lines[there], lines[here]
    assert judged(root, "\n".join(lines))
