"""Versions as numbers and ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.version import (
    constraint_range,
    exact_range,
    is_full_version,
    minimum_range,
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


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("<3.13", ["3.12.9"], ["3.13.0rc1", "3.13.0"]),
        (">=3.12", ["3.12.0"], ["3.12.0rc2"]),
        (">=3.12.0rc1", ["3.12.0rc2"], ["3.12.0b1"]),
        ("==3.13.*", ["3.13.0rc2"], ["3.12.9"]),
        ("", ["2.7.18", "3.14.0a1"], []),
        (">=3.9,!=3.9.*", ["3.10"], ["3.9.9"]),
        (">3.11", ["3.11.1"], ["3.11", "3.11.0.post1"]),
    ],
)
def test_prereleases_of_python_are_held_against_a_set_as_they_are(
    text: str, inside: list[str], outside: list[str]
) -> None:
    wanted = pep440_range(text)
    assert wanted is not None
    assert [version for version in inside if not wanted.contains(version)] == []
    assert [version for version in outside if wanted.contains(version)] == []


@pytest.mark.parametrize("text", ["3.11", "^3.11", ">=3.11.*", "a||b", "~=3", ">= 3.11 <4"])
def test_a_malformed_specifier_set_is_none(text: str) -> None:
    assert pep440_range(text) is None


@pytest.mark.parametrize(
    ("one", "two", "meet"),
    [
        (minimum_range("1.22"), prefix_range("1.21"), False),
        (minimum_range("1.22"), prefix_range("1.22"), True),
        (minimum_range("1.22.3"), exact_range("1.22.2"), False),
        (exact_range("1.24rc1"), minimum_range("1.24"), False),
        (exact_range("3.13.0rc2"), pep440_range(">=3.13"), False),
        (exact_range("17.0.9-tem"), prefix_range("17"), True),
        (exact_range("17.0.9-tem"), exact_range("17.0.9"), True),
        (pep440_range(">3.11.1,<3.11.2"), pep440_range("==3.11.1"), False),
        (prefix_range("3.11.7"), pep440_range(">3.11.7"), False),
    ],
)
def test_prereleases_and_minimums_have_their_place(one, two, meet) -> None:  # type: ignore[no-untyped-def]
    assert one.meets(two) is meet
    assert two.meets(one) is meet


CLAUSES = st.builds(
    lambda operator, version: f"{operator}{version}",
    st.sampled_from([">=", "<=", ">", "<", "==", "!=", "~="]),
    st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda parts: f"{parts[0]}.{parts[1]}")
    | st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["", "rc1", "a2", ".post1", ".dev3"])).map(
        lambda parts: f"{parts[0]}.{parts[1]}{parts[2]}"
    ),
)
PYTHONS = st.tuples(
    st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.sampled_from(["", "", "rc1", "a2", "b1"])
).map(lambda parts: f"{parts[0]}.{parts[1]}.{parts[2]}{parts[3]}")


@given(st.lists(CLAUSES, min_size=1, max_size=3).map(",".join), PYTHONS)
def test_intervals_hold_what_packaging_says_of_a_set(text: str, version: str) -> None:
    wanted, exact = pep440_range(text), exact_range(version)
    assert wanted is not None
    assert exact is not None
    assert wanted.meets(exact) == wanted.contains(version)
