"""NVIDIA's compatibility rules, at every edge of their tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.cuda import (
    Driver,
    architecture,
    dotted,
    driver_level,
    full_driver,
    minimum_driver,
    numbers,
    support,
)
from devbox.core.cuda_tables import (
    ARCHITECTURES,
    MINOR_DRIVERS,
    NGC_LAST,
    NGC_RELEASES,
    TOOLKIT_DRIVERS,
)

RANK = {"no": 0, "unknown": 1, "forward": 2, "minor": 3, "full": 4}
TOOLKITS = sorted(TOOLKIT_DRIVERS)
Numbers = tuple[int, ...]


def before(version: str) -> str:
    """The newest version below this one that has the same form."""
    parts = version.split(".")
    digits = list(map(int, parts))
    for at in range(len(digits) - 1, -1, -1):
        if digits[at] > 0:
            return ".".join(map(str, [*digits[:at], digits[at] - 1, *[999] * (len(digits) - at - 1)]))
    raise AssertionError(version)


@pytest.mark.parametrize("toolkit", TOOLKITS, ids=dotted)
def test_each_toolkits_own_driver_supports_all_of_it(toolkit: Numbers) -> None:
    assert driver_level(toolkit, Driver(TOOLKIT_DRIVERS[toolkit], None, "geforce")) == "full"


@pytest.mark.parametrize("toolkit", TOOLKITS, ids=dotted)
def test_a_driver_before_it_runs_it_by_minor_compatibility_or_not(toolkit: Numbers) -> None:
    older = before(TOOLKIT_DRIVERS[toolkit])
    first = MINOR_DRIVERS.get(toolkit[0])
    expected = "minor" if first and numbers(older) >= numbers(first) else "no"
    assert driver_level(toolkit, Driver(older, None, "geforce")) == expected


@pytest.mark.parametrize(("major", "first"), sorted(MINOR_DRIVERS.items()))
def test_a_majors_first_driver_is_the_edge_for_all_its_minors(major: int, first: str) -> None:
    for toolkit in [one for one in TOOLKITS if one[0] == major] + [(major, 99), (major,)]:
        assert driver_level(toolkit, Driver(first, None, "geforce")) in ("minor", "full")
    newest = max(one for one in TOOLKITS if one[0] == major)
    assert driver_level(newest, Driver(before(first), None, "geforce")) == "no"


@pytest.mark.parametrize(
    ("toolkit", "driver", "level"),
    [
        # The release notes' own table, 13.2 Update 2.
        ((12, 4), Driver("550.54.14", "12.4", "geforce"), "full"),
        ((12, 4), Driver("535.183.01", "12.2", "geforce"), "minor"),
        ((12, 4), Driver("470.256.02", "11.4", "geforce"), "no"),
        ((12, 4), Driver("470.256.02", "11.4", "tesla"), "forward"),
        ((13, 0), Driver("570.211.01", "12.8", "nvidia"), "forward"),
        ((13, 0), Driver("570.211.01", "12.8", None), "unknown"),
        ((13, 0), Driver("580.65.06", "13.0", "geforce"), "full"),
        ((11, 0), Driver("450.51.05", "11.0", "geforce"), "full"),
        ((11, 8), Driver("450.51.05", "11.0", "geforce"), "minor"),
        ((10, 2), Driver("418.67", "10.1", "geforce"), "no"),
        ((10, 1), Driver("418.67", "10.1", "geforce"), "full"),
        ((9, 2), Driver("390.46", "9.1", "tesla"), "no"),
        # On WSL the driver's number is Windows' own: its CUDA version decides.
        ((12, 4), Driver(None, "12.4", "geforce"), "full"),
        ((12, 8), Driver(None, "12.4", "geforce"), "minor"),
        ((13, 0), Driver(None, "12.4", "geforce"), "no"),
        # Newer than the tables.
        ((14, 1), Driver("700.10", "14.2", "geforce"), "full"),
        ((14, 2), Driver("700.10", "14.1", "geforce"), "minor"),
        ((14, 0), Driver("610.43.02", "13.3", "geforce"), "no"),
        ((14, 0), Driver("610.43.02", None, "geforce"), "unknown"),
        ((12, 4), Driver(), "unknown"),
    ],
)
def test_known_cases(toolkit: Numbers, driver: Driver, level: str) -> None:
    assert driver_level(toolkit, driver) == level


drivers = st.tuples(st.integers(340, 700), st.integers(0, 300), st.integers(0, 20))
toolkits = st.tuples(st.integers(7, 15), st.integers(0, 9))
brands = st.sampled_from(["geforce", "tesla", "nvidia", "quadro", None])


@given(toolkits, drivers, drivers, toolkits, toolkits, brands)
def test_a_newer_driver_never_loses(
    toolkit: Numbers, one: Numbers, other: Numbers, cuda: Numbers, newer: Numbers, brand: str | None
) -> None:
    low, high = sorted((one, other))
    less, more = sorted((cuda, newer))
    old = driver_level(toolkit, Driver(dotted(low), dotted(less), brand))
    new = driver_level(toolkit, Driver(dotted(high), dotted(more), brand))
    assert RANK[new] >= RANK[old]


@given(toolkits, drivers, toolkits, brands)
def test_a_level_is_what_its_driver_promises(
    toolkit: Numbers, driver: Numbers, cuda: Numbers, brand: str | None
) -> None:
    level = driver_level(toolkit, Driver(dotted(driver), dotted(cuda), brand))
    if cuda >= toolkit:
        assert level == "full"
    if level == "no":
        least = minimum_driver(toolkit)
        assert least is None or driver < numbers(least)
    if level == "forward":
        assert brand in ("tesla", "nvidia")


def test_the_drivers_tables_rise_with_the_toolkits() -> None:
    rising = [numbers(TOOLKIT_DRIVERS[toolkit]) for toolkit in TOOLKITS]
    assert rising == sorted(rising)
    for major, first in MINOR_DRIVERS.items():
        newest = max(toolkit for toolkit in TOOLKITS if toolkit[0] == major)
        assert numbers(first) <= numbers(TOOLKIT_DRIVERS[newest])


def test_the_least_driver_is_never_above_the_full_one() -> None:
    for toolkit in TOOLKITS:
        assert numbers(minimum_driver(toolkit) or "") <= numbers(full_driver(toolkit) or "")
    assert minimum_driver((12, 77)) == "525.60.13"
    assert minimum_driver((14, 0)) is None


@pytest.mark.parametrize("one", ARCHITECTURES, ids=lambda one: dotted(one.capability))
def test_each_architecture_is_native_from_its_first_toolkit_to_its_last(one: object) -> None:
    found = next(each for each in ARCHITECTURES if each is one)
    assert support(found.capability, found.first) == "native"
    earlier = (found.first[0], found.first[1] - 1) if found.first[1] else (found.first[0] - 1, 9)
    assert support(found.capability, earlier) in ("ptx", "same-major")
    if found.last is None:
        assert support(found.capability, (13, 9)) == "native"
    else:
        assert support(found.capability, found.last) == "native"
        later = (found.last[0], found.last[1] + 1) if found.last[1] < 8 else (found.last[0] + 1, 0)
        if later[0] <= 13:
            assert support(found.capability, later) == "dropped"


@pytest.mark.parametrize(
    ("capability", "toolkit", "way"),
    [
        ((5, 2), (12, 9), "native"), ((5, 2), (13, 0), "dropped"),
        ((6, 1), (12, 9, 1), "native"), ((6, 1), (13, 0), "dropped"),
        ((7, 0), (13, 0), "dropped"), ((7, 5), (13, 0), "native"),
        ((3, 5), (11, 8), "native"), ((3, 5), (12, 0), "dropped"), ((3, 0), (11, 0), "dropped"),
        ((12, 0), (12, 8), "native"), ((12, 0), (12, 6), "ptx"), ((12, 0), (11, 8), "ptx"),
        ((9, 0), (11, 8), "native"), ((9, 0), (11, 7), "ptx"),
        ((8, 9), (11, 8), "native"), ((8, 9), (11, 7), "same-major"), ((8, 9), (10, 2), "ptx"),
        ((12, 1), (12, 8), "same-major"), ((10, 3), (12, 8), "same-major"), ((11, 0), (12, 9), "ptx"),
        ((9, 0), (12,), "native"), ((12, 0), (12,), "unknown"), ((5, 2), (13,), "dropped"), ((5, 2), (12,), "native"),
        ((9, 0), (14, 0), "unknown"), ((42, 0), (12, 4), "unknown"),
    ],
)
def test_known_cards(capability: Numbers, toolkit: Numbers, way: str) -> None:
    assert support(capability, toolkit) == way


def test_cuda_13_has_the_architectures_that_its_compiler_lists() -> None:
    # `nvcc --list-gpu-arch` of release 13.0, V13.0.88.
    listed = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121}
    native = {one.capability for one in ARCHITECTURES if support(one.capability, (13, 0)) == "native"}
    assert {major * 10 + minor for major, minor in native} == listed


def test_no_capability_stands_twice() -> None:
    assert len({one.capability for one in ARCHITECTURES}) == len(ARCHITECTURES)
    assert architecture((8, 6)) is not None


def test_releases_and_their_cuda_rise() -> None:
    assert [one for one, _ in NGC_RELEASES] == sorted(one for one, _ in NGC_RELEASES)
    assert [cuda for _, cuda in NGC_RELEASES] == sorted(cuda for _, cuda in NGC_RELEASES)
    assert NGC_RELEASES[-1][0] <= NGC_LAST
    assert all(cuda in TOOLKIT_DRIVERS for _, cuda in NGC_RELEASES)
