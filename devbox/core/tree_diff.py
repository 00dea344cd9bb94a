"""How two states of a selection differ: which files came, went, or changed in content or mode. Pure.

States are listings by digest, so that equal folders are never opened; the ledger keeps those of past builds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from devbox.core.context_tree import Listing, Node
from devbox.core.frozen import dataclass

ChangeKind = Literal["added", "removed", "content", "mode"]
LoadListing = Callable[[str], Listing | None]
"""The listing of a folder by its digest; None where it is not kept any more."""


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs."""

    path: str
    kind: ChangeKind
    old: Node | None = None
    new: Node | None = None
    other: str | None = None
    """For a file that only moved: where from (added) or to (removed)."""


def changes(old: Listing, new: Listing, load_old: LoadListing, load_new: LoadListing) -> tuple[Change, ...]:
    """Every difference, sorted by path, renames paired."""
    return tuple(sorted(_paired(list(_compare("", old, new, load_old, load_new))), key=lambda change: change.path))


def _compare(
    folder: str, old: Listing, new: Listing, load_old: LoadListing, load_new: LoadListing
) -> Iterator[Change]:
    before = {name: (digest, node) for name, digest, node in old}
    after = {name: (digest, node) for name, digest, node in new}
    for name in sorted(before.keys() | after.keys()):
        path = f"{folder}/{name}" if folder else name
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        if was is None and now is not None:
            yield from _all(path, now, load_new, "added")
        elif now is None and was is not None:
            yield from _all(path, was, load_old, "removed")
        elif was is not None and now is not None:
            yield from _changed(path, was, now, load_old, load_new)


def _changed(
    path: str, was: tuple[str, Node | None], now: tuple[str, Node | None], load_old: LoadListing, load_new: LoadListing
) -> Iterator[Change]:
    (old_digest, old), (new_digest, new) = was, now
    if _kind(old) != _kind(new):
        yield from _all(path, was, load_old, "removed")
        yield from _all(path, now, load_new, "added")
        return
    if old is not None and new is not None:
        if (old.digest, old.target) != (new.digest, new.target):
            yield Change(path, "content", old, new)
        if old.mode != new.mode:
            yield Change(path, "mode", old, new)
    if _kind(old) == "folder" and old_digest != new_digest:
        yield from _compare(path, load_old(old_digest) or (), load_new(new_digest) or (), load_old, load_new)


def _all(path: str, one: tuple[str, Node | None], load: LoadListing, kind: ChangeKind) -> Iterator[Change]:
    """A path and everything below it came or went; a folder is named only where it is empty."""
    digest, node = one
    inside = load(digest) or () if _kind(node) == "folder" else ()
    if not inside:
        yield Change(path, kind, old=node if kind == "removed" else None, new=node if kind == "added" else None)
    for name, below, child in inside:
        yield from _all(f"{path}/{name}" if path else name, (below, child), load, kind)


def _kind(node: Node | None) -> str:
    return "folder" if node is None else node.kind


def _paired(found: list[Change]) -> list[Change]:
    """A file that went and one of the same content that came are one that moved."""
    gone: dict[tuple[str, str], list[Change]] = {}
    for change in found:
        if change.kind == "removed" and change.old is not None and change.old.kind == "file":
            gone.setdefault((change.old.digest, f"{change.old.mode:o}"), []).append(change)
    moved: dict[str, str] = {}
    result = []
    for change in found:
        if change.kind == "added" and change.new is not None and change.new.kind == "file":
            match = gone.get((change.new.digest, f"{change.new.mode:o}"))
            if match:
                old = match.pop(0)
                moved[old.path] = change.path
                change = replace(change, other=old.path)
        result.append(change)
    return [replace(change, other=moved[change.path]) if change.kind == "removed" and change.path in moved else change
            for change in result]
