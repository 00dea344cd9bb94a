"""How two states of a selection differ."""

from __future__ import annotations

from hypothesis import given

from devbox.core.buildplan import Selection
from devbox.core.context_tree import ContextTree, Node
from devbox.core.tree_diff import Change, changes
from tests.core.context_trees import TREES, Files, clean, file, folder, link, listings

ALL = Selection(("/",))


def between(old: dict[str, Node], new: dict[str, Node]) -> tuple[Change, ...]:
    before, after = listings(old), listings(new)
    return changes(ContextTree(Files(old)).roots(ALL), ContextTree(Files(new)).roots(ALL), before.get, after.get)


def said(old: dict[str, Node], new: dict[str, Node]) -> list[tuple[str, str, str | None]]:
    return [(change.path, change.kind, change.other) for change in between(old, new)]


def test_every_kind_of_change_is_told_apart() -> None:
    old = {"d/a": file("1"), "d/b": file("2"), "c": file("3"), "l": link("a")}
    new = {"d/a": file("1", 0o755), "d/b": file("9"), "e/f": file("7"), "l": link("b")}
    assert said(old, new) == [
        ("c", "removed", None), ("d/a", "mode", None), ("d/b", "content", None), ("e/f", "added", None),
        ("l", "content", None),
    ]


def test_a_file_that_moved_is_told_with_where_from_and_to() -> None:
    assert said({"a": file("same")}, {"d/b": file("same")}) == [("a", "removed", "d/b"), ("d/b", "added", "a")]


def test_content_and_mode_of_one_file_are_two_changes() -> None:
    assert said({"a": file("1")}, {"a": file("2", 0o755)}) == [("a", "content", None), ("a", "mode", None)]


def test_a_file_that_became_a_folder_went_and_what_is_in_it_came() -> None:
    assert said({"a": file()}, {"a/b": file("x")}) == [("a", "removed", None), ("a/b", "added", None)]


def test_an_empty_folder_is_named_itself() -> None:
    assert said({}, {"d": folder()}) == [("d", "added", None)]
    assert said({"d": folder(0o755)}, {"d": folder(0o700)}) == [("d", "mode", None)]


def test_a_listing_that_is_not_kept_any_more_is_no_error() -> None:
    old, new = {"d/a": file("1")}, {"d/a": file("2")}
    roots = [ContextTree(Files(each)).roots(ALL) for each in (old, new)]
    assert isinstance(changes(roots[0], roots[1], lambda digest: None, listings(new).get), tuple)


@given(TREES)
def test_nothing_differs_from_itself(nodes: dict[str, Node]) -> None:
    assert between(clean(nodes), clean(nodes)) == ()


@given(TREES, TREES)
def test_exactly_the_files_that_differ_are_named(one: dict[str, Node], other: dict[str, Node]) -> None:
    old, new = Files(clean(one)).nodes, Files(clean(other)).nodes
    differing = {
        path for path in old.keys() | new.keys()
        if old.get(path) != new.get(path) and {old.get(path, file()).kind, new.get(path, file()).kind} != {"folder"}
    }
    files = {path for path in differing if any(
        side.get(path) is not None and side[path].kind != "folder" for side in (old, new))}
    named = {change.path for change in between(clean(one), clean(other))}
    assert files <= named
    assert all(path in differing or any(name.startswith(f"{path}/") for name in differing)
               or old.get(path) != new.get(path) for path in named)
