"""How each kind of Node lock is compared with a tree, told as a mapping of folders to versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devbox.core.dependencies.model import Locked
from devbox.core.dependencies.node_locks import Entry, PlacedLock, StoredLock, WalkedLock, Want


@dataclass(frozen=True)
class Tree:
    """Installed packages by folder."""

    packages: Mapping[str, str]

    def version(self, place: str) -> str | None:
        return self.packages.get(place)

    def names(self, place: str) -> tuple[str, ...]:
        below = (path.removeprefix(f"{place}/") for path in self.packages if path.startswith(f"{place}/"))
        return tuple(name for name in below if "node_modules" not in name and not name.startswith("."))


def test_node_finds_the_nearest_copy_on_the_way_up() -> None:
    lock = WalkedLock(
        {"": (Want("a", "a@1"), Want("c", "c@1"))},
        {"a@1": Entry("1.0.0", (Want("c", "c@2"),)), "c@1": Entry("1.0.0"), "c@2": Entry("2.0.0")},
    )
    nested = {"node_modules/a": "1.0.0", "node_modules/c": "1.0.0", "node_modules/a/node_modules/c": "2.0.0"}
    assert lock.compare(Tree(nested)).clean
    (mismatch,) = lock.compare(Tree({"node_modules/a": "1.0.0", "node_modules/c": "1.0.0"})).other
    assert (mismatch.locked.versions, mismatch.actual) == (("2.0.0",), "1.0.0")


def test_a_workspaces_own_copy_comes_before_the_roots() -> None:
    lock = WalkedLock({"packages/ui": (Want("ms", "ms@2"),)}, {"ms@2": Entry("2.0.0")})
    assert lock.compare(Tree({"node_modules/ms": "1.0.0", "packages/ui/node_modules/ms": "2.0.0"})).clean


def test_a_circle_of_packages_ends() -> None:
    lock = WalkedLock(
        {"": (Want("a", "a@1"),)},
        {"a@1": Entry("1.0.0", (Want("b", "b@1"),)), "b@1": Entry("1.0.0", (Want("a", "a@1"),))},
    )
    assert lock.compare(Tree({"node_modules/a": "1.0.0", "node_modules/b": "1.0.0"})).compared == 2


def test_what_an_absent_optional_package_needs_is_not_missed() -> None:
    lock = WalkedLock(
        {"": (Want("a", "a@1", "optional"),)}, {"a@1": Entry("1.0.0", (Want("b", "b@1"),)), "b@1": Entry("1.0.0")},
    )
    difference = lock.compare(Tree({}))
    assert difference.clean
    assert difference.absent_optional == 1


def test_a_resolution_leads_to_the_only_version_there_is() -> None:
    entry = Entry("3.1.2")
    lock = WalkedLock({"": (Want("m", "m@^9"),)}, {"m@3.1.2": entry}, alone={"m": entry})
    (mismatch,) = lock.compare(Tree({"node_modules/m": "9.0.0"})).other
    assert mismatch.locked.versions == ("3.1.2",)


def test_a_package_needed_by_both_is_required_though_development_needs_it_directly() -> None:
    lock = WalkedLock(
        {"": (Want("b", "b@1", "dev"), Want("a", "a@1"))},
        {"a@1": Entry("1.0.0", (Want("b", "b@1"),)), "b@1": Entry("1.0.0")},
    )
    difference = lock.compare(Tree({"node_modules/a": "1.0.0"}))
    assert [package.name for package in difference.missing] == ["b"]


def test_extra_packages_are_those_that_no_entry_names() -> None:
    placed = PlacedLock((Locked("a", ("1",), place="node_modules/a"),))
    tree = Tree({"node_modules/a": "1", "node_modules/@x/y": "1", "node_modules/z": "1"})
    assert placed.compare(tree).extra == ("@x/y", "z")
    stored = StoredLock({}, {}, lambda key: None, names=frozenset({"a", "@x/y"}))
    assert stored.compare(tree).extra == ("z",)


def test_a_package_without_a_version_is_unknown_and_not_another_version() -> None:
    difference = PlacedLock((Locked("a", ("1",), place="node_modules/a"),)).compare(Tree({"node_modules/a": ""}))
    assert difference.clean
    assert difference.undecided == ("node_modules/a/package.json names no version",)
