"""npm ranges, held against what npm's own `semver` said (`tests/data/npm_semver/record.js`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.npm_range import newest, npm_range
from devbox.core.version import minimum_range, pep440_range, prefix_range

RECORDED: Any = json.loads(
    (Path(__file__).resolve().parents[1] / "data" / "npm_semver" / "recorded.json").read_text(encoding="utf-8")
)


def test_what_is_a_range_and_what_it_accepts_is_as_npm_says() -> None:
    wrong = []
    for text, accepted in RECORDED["answers"].items():
        wanted = npm_range(text)
        ours = None if wanted is None else [one for one in RECORDED["versions"] if wanted.contains(one)]
        if ours != accepted:
            wrong.append((text, accepted, ours))
    assert wrong == []
    assert len(RECORDED["answers"]) > 300, "the recording is there"


def test_ranges_intersect_as_npm_says() -> None:
    wrong = []
    for one, two, intersect in RECORDED["pairs"]:
        left, right = npm_range(one), npm_range(two)
        assert left is not None
        assert right is not None
        if left.meets(right) != intersect or right.meets(left) != intersect:
            wrong.append((one, two, intersect))
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("18 || 20", ["18.20.4", "20.0.0"], ["19.0.0"]),
        ("16 - 18", ["18.99.0"], ["19.0.0"]),
        (">18", ["19.0.0"], ["18.20.4"]),
        ("<=18", ["18.20.4"], ["19.0.0"]),
        ("^0.10.3", ["0.10.9"], ["0.11.0"]),
        (">=20", ["v22.1.0"], ["21.0.0-nightly20230921"]),
        ("~3.10", ["3.10.14"], ["3.11.0"]),
        (">=3.13.0-rc.1", ["3.13.0"], ["3.12.9"]),
        ("~3.13.0-0", ["3.13.0rc2"], ["3.14.0a1"]),
    ],
)
def test_the_facts_that_trip_people(text: str, inside: list[str], outside: list[str]) -> None:
    wanted = npm_range(text)
    assert wanted is not None
    assert [version for version in inside if not wanted.contains(version)] == []
    assert [version for version in outside if wanted.contains(version)] == []


@pytest.mark.parametrize("text", ["latest", "lts/*", ">=18,<21", "node", "1.2.3.4", "x" * 5000, "٢٠", ">=" + "9" * 400])
def test_what_is_no_range_is_none(text: str) -> None:
    assert npm_range(text) is None


def test_ranges_of_different_notations_meet_on_one_line_of_versions() -> None:
    tilde, requires = npm_range("~3.10"), pep440_range(">=3.11")
    assert tilde is not None
    assert requires is not None
    assert not tilde.meets(requires)
    for other in (prefix_range("3.10.4"), minimum_range("3.9"), pep440_range("==3.10.*")):
        assert other is not None
        assert tilde.meets(other)
        assert other.meets(tilde)


def test_the_newest_of_what_is_installed_goes_by_number() -> None:
    wanted = npm_range("20")
    assert wanted is not None
    assert newest(["20.9.0", "20.10.0", "22.1.0", "18.0.0"], wanted) == "20.10.0"
    assert newest(["18.0.0"], wanted) is None


@given(st.text("0123456789.x*^~<>=|- v+ab", max_size=40))
def test_any_text_is_a_range_or_none(text: str) -> None:
    wanted = npm_range(text)
    assert wanted is None or isinstance(wanted.contains("20.1.0"), bool)
