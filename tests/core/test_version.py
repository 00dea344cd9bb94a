"""Versions as numbers and ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.version import (
    constraint_range,
    exact_range,
    is_full_version,
    pep440_range,
    prefix_range,
    release_numbers,
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3.11.7", (3, 11, 7)),
        ("v20.1.0-rc1", (20, 1, 0)),
        ("20", (20,)),
        ("temurin-17", None),
        ("٣.١", None),
        ("", None),
    ],
)
def test_only_leading_ascii_digits_are_numbers(text: str, numbers: tuple[int, ...] | None) -> None:
    assert release_numbers(text) == numbers


@pytest.mark.parametrize(
    ("text", "full"), [("3.11.7", True), ("3.11", False), ("3.13.0rc2", False), ("v1.2.3", False)]
)
def test_a_folder_named_by_three_numbers_tells_its_version(text: str, full: bool) -> None:
    assert is_full_version(text) is full


@pytest.mark.parametrize(
    ("constraint", "inside", "outside"),
    [
        ("3.11", ["3.11.0", "3.11.9"], ["3.1.1", "3.12.0", "3.110.1"]),
        ("3.11.*", ["3.11.9"], ["3.12.0"]),
        (">=24", ["24.0.1", "29.1"], ["23.9.9"]),
        (">=3.10,<3.13", ["3.10", "3.12.9"], ["3.13.0", "3.9.18"]),
        ("*", ["0.1", "99.0"], []),
        ("~=3.11", ["3.11.1", "3.99"], ["4.0", "3.10"]),
        ("~=3.11.2", ["3.11.2", "3.11.9"], ["3.12.0", "3.11.1"]),
        ("==3.11", ["3.11", "3.11.0"], ["3.11.7"]),
        (">3.11", ["3.11.1"], ["3.11.0"]),
        ("<=3.11", ["3.11.0"], ["3.11.7"]),
        ("!=3.9.*", ["3.10.0", "3.8.1"], ["3.9.5"]),
        ("3.11.7", ["3.11.7"], ["3.11.8"]),
    ],
)
def test_a_constraint_accepts_what_the_specification_says(
    constraint: str, inside: list[str], outside: list[str]
) -> None:
    wanted = constraint_range(constraint)
    assert wanted is not None
    assert [version for version in inside if not wanted.contains(version)] == []
    assert [version for version in outside if wanted.contains(version)] == []


@pytest.mark.parametrize("text", ["^3.11", "a||b", "lts/*", ">=3.11.*", "18 || 20"])
def test_what_is_no_constraint_is_none(text: str) -> None:
    assert constraint_range(text) is None


@pytest.mark.parametrize(
    ("one", "two", "meet"),
    [
        (prefix_range("20"), prefix_range("20.9.0"), True),
        (prefix_range("3.11.7"), pep440_range("==3.11"), False),
        (prefix_range("3.11"), pep440_range("<=3.11"), True),
        (prefix_range("3.11"), pep440_range(">3.11"), True),
        (prefix_range("16"), pep440_range(">=18"), False),
        (exact_range("3.11"), prefix_range("3.11.7"), False),
        (prefix_range("3.1"), prefix_range("3.10"), False),
    ],
)
def test_ranges_meet_where_one_version_is_in_both(one, two, meet) -> None:  # type: ignore[no-untyped-def]
    assert one.meets(two) is meet
    assert two.meets(one) is meet


VERSIONS = st.lists(st.integers(0, 30), min_size=3, max_size=3).map(lambda parts: ".".join(map(str, parts)))


@given(VERSIONS, VERSIONS, VERSIONS)
def test_a_version_in_two_ranges_proves_that_they_meet(low: str, high: str, version: str) -> None:
    one, two = pep440_range(f">={low}"), pep440_range(f"<{high}")
    assert one is not None
    assert two is not None
    if one.contains(version) and two.contains(version):
        assert one.meets(two)


@given(VERSIONS, VERSIONS)
def test_our_ranges_agree_with_packaging(bound: str, version: str) -> None:
    from packaging.specifiers import SpecifierSet

    for operator in (">=", "<=", ">", "<", "==", "!=", "~="):
        ours = pep440_range(f"{operator}{bound}")
        assert ours is not None
        assert ours.contains(version) == SpecifierSet(f"{operator}{bound}").contains(version)
