"""What fits a lock, what may be absent, and which packages of a universal lock belong on one interpreter."""

from __future__ import annotations

import pytest

from devbox.core.dependencies.comparison import compare, fits
from devbox.core.dependencies.freshness import Requirements, changes, node_changes, requirement, stale
from devbox.core.dependencies.markers import Markers, marker_environment
from devbox.core.dependencies.model import Locked
from devbox.core.dependencies.selection import Edge, Node, PythonLock, Root, select

LINUX = Markers(marker_environment("3.11.7", system="Linux", machine="x86_64"))


@pytest.mark.parametrize(
    ("locked", "version", "expected"),
    [
        (Locked("a", ("1.0",)), "1.0", True),
        (Locked("a", ("1.0",)), "1.0.0", True),
        (Locked("a", ("2023.07.22",)), "2023.7.22", True),
        (Locked("a", ("2.0.0",)), "2.0.0+cu118", True),
        (Locked("a", ("2.0.0+cpu",)), "2.0.0+cu118", False),
        (Locked("a", ("1.0", "1.1")), "1.1", True),
        (Locked("a", ("1.0",)), "1.0.post1", False),
        (Locked("a", ("1.0",)), "not a version", False),
        (Locked("a"), "anything", True),
        (Locked("a", specifier=">=1,<2"), "1.9rc1", True),
        (Locked("a", specifier=">=1,<2"), "2.0", False),
        (Locked("a", specifier="==1.*"), "1.4", True),
    ],
)
def test_versions_fit_as_pep_440_compares_them(locked: Locked, version: str, expected: bool) -> None:
    assert fits(locked, version) is expected


def test_a_constraint_says_which_version_and_not_that_it_is_there() -> None:
    limit = Locked("a", specifier="==1.0", only_if_installed=True)
    assert compare([limit], {}).clean
    assert compare([limit], {"a": ("2.0",)}).other[0].actual == "2.0"


def test_two_versions_of_one_package_side_by_side_are_unknown() -> None:
    difference = compare([Locked("a", ("1.0",))], {"a": ("1.0", "2.0")})
    assert difference.clean
    assert difference.undecided == ("a is there in 2 versions",)


def test_extra_packages_are_named_without_what_every_environment_has() -> None:
    assert compare([], {"pip": ("24",), "setuptools": ("70",), "ipython": ("8",)}).extra == ("ipython",)


def names(lock: PythonLock, markers: Markers = LINUX) -> dict[str, tuple[str, ...]]:
    return {package.name: package.versions for package in select(lock, markers).packages}


def test_a_fork_takes_the_version_whose_marker_holds() -> None:
    lock = PythonLock(
        (Node("numpy", "1.26"), Node("numpy", "2.1")),
        (Root(Edge("numpy", "python_full_version < '3.10'", "1.26")),
         Root(Edge("numpy", "python_full_version >= '3.10'", "2.1"))),
    )
    assert names(lock) == {"numpy": ("2.1",)}
    old = Markers(marker_environment("3.9.1", system="Linux", machine="x86_64"))
    assert names(lock, old) == {"numpy": ("1.26",)}


def test_extras_bring_their_own_packages_and_only_they() -> None:
    lock = PythonLock(
        (Node("a", "1", extras={"fast": (Edge("b"),), "slow": (Edge("c"),)}), Node("b", "2"), Node("c", "3")),
        (Root(Edge("a", extras=("fast",))),),
    )
    assert names(lock) == {"a": ("1",), "b": ("2",)}


def test_a_circle_of_requirements_ends() -> None:
    lock = PythonLock((Node("a", "1", (Edge("b"),)), Node("b", "1", (Edge("a"),))), (Root(Edge("a")),))
    assert names(lock) == {"a": ("1",), "b": ("1",)}


def test_the_strongest_need_counts_whatever_comes_first() -> None:
    lock = PythonLock((Node("a", "1"),), (Root(Edge("a"), "dev"), Root(Edge("a"))))
    assert [package.need for package in select(lock, LINUX).packages] == ["required"]


def test_a_marker_that_cannot_be_evaluated_is_a_reason_and_no_guess() -> None:
    selected = select(PythonLock((Node("a", "1"),), (Root(Edge("a", "nonsense ~ 3")),)), LINUX)
    assert selected.packages == ()
    assert selected.undecided == ("the marker of a can't be evaluated",)


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("", True), ("sys_platform == 'linux'", True), ("os_name == 'nt'", False), ("python_version < '3.12'", True),
        ("extra == 'fast'", False), ("'dev' in dependency_groups", True), ("'docs' in dependency_groups", False),
        ("platform_python_implementation == 'CPython'", True), ("implementation_name == 'pypy'", False),
        ("unknown_name == 'x'", None), ("(" * 500, None),
    ],
)
def test_markers(marker: str, expected: bool | None) -> None:
    markers = Markers(marker_environment("3.11.7", system="Linux", machine="x86_64"), ("dev",))
    assert markers(marker) is expected


def test_two_lines_on_one_package_must_both_hold() -> None:
    lock = PythonLock(roots=(
        Root(Edge("a"), locked=Locked("a", specifier=">=1", path="requirements.txt", line=1)),
        Root(Edge("a"), locked=Locked("a", specifier="<2", path="limits.txt", line=1, only_if_installed=True)),
    ))
    (package,) = select(lock, LINUX).packages
    assert (package.specifier, package.only_if_installed) == (">=1,<2", False)


@pytest.mark.parametrize(
    ("line", "expected"),
    [("A_b.C>=1", ("a-b-c", ">=1")), ("a[x] (>=1) ; os_name == 'nt'", ("a", "(>=1)")), ("a @ https://x", ("a", "")),
     ("", None), ("-e .", None)],
)
def test_requirement_lines(line: str, expected: tuple[str, str] | None) -> None:
    assert requirement(line) == expected


def test_changes_are_told_in_words() -> None:
    asked = Requirements.of([("a", ">=1, <2"), ("b", ""), ("c", "==2")])
    locked = Requirements.of([("a", "<2,>=1"), ("c", "==1"), ("d", "")])
    assert changes(asked, locked) == ["b is new", "c ==2 instead of ==1", "d is gone"]
    assert node_changes({"a": "^1", "b": "2"}, {"a": "^1", "b": "1"}) == ["b 2 instead of 1"]


def test_a_long_list_of_changes_is_counted() -> None:
    problem = stale("x.lock", "x.toml", ["a", "b", "c", "d", "e"], "x lock")
    assert problem is not None
    assert problem.message.endswith("a, b, c and 2 more")
    assert stale("x.lock", "x.toml", [], "x lock") is None
