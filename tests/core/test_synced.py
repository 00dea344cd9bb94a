"""The copy of a context that BuildKit keeps: folder by folder the same as path by path, and nothing opened in vain."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from devbox.core.context_tree import Entry, Folder, Node
from devbox.core.synced import effective, sent, unseen

Tree = dict[str, "Entry | Tree"]
FILES = st.builds(
    lambda kind, mode, content, mtime: Entry(
        Node(kind, mode, content if kind == "file" else "", content if kind == "link" else ""), 1, mtime,
    ),
    st.sampled_from(["file", "file", "link"]), st.sampled_from([0o644, 0o755]), st.sampled_from("xy"),
    st.integers(0, 1),
)
NAMES = st.sampled_from("abc")


def folder(mode: int, entries: dict[str, Entry]) -> Entry:
    return Entry(Node("folder", mode), folder=Folder.of(mode, entries))


ENTRIES = st.recursive(
    FILES, lambda inner: st.builds(folder, st.sampled_from([0o755, 0o700]), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
TREES = st.dictionaries(NAMES, ENTRIES, max_size=3).map(lambda entries: folder(0o755, entries))


def paths(entry: Entry, path: str = "") -> dict[str, Entry]:
    found = {path: replace(entry, folder=None)}
    for name, below in (entry.folder.entries if entry.folder else {}).items():
        found |= paths(below, f"{path}/{name}" if path else name)
    return found


def seen_as(now: Entry, copy: Entry | None) -> Entry:
    """spec/buildkit.md 4.3, for one path."""
    if copy is None or copy.node.kind != now.node.kind:
        return now
    if now.node.kind == "folder":
        return replace(now, node=copy.node)
    kept = (now.size, now.mtime_ns, now.node.mode, now.node.target) == (
        copy.size, copy.mtime_ns, copy.node.mode, copy.node.target)
    return replace(now, node=copy.node) if kept else now


@given(TREES, TREES)
def test_the_copy_decides_path_by_path(now: Entry, copy: Entry) -> None:
    before = paths(copy)
    kinds = {path: one.node.kind for path, one in paths(now).items()}

    def known(path: str) -> Entry | None:
        # What lies in a folder that the copy has as something else is new with it.
        above = [path[:at] for at in range(len(path)) if path[at] == "/"]
        return before.get(path) if all(before[one].node.kind == kinds[one] for one in above if one in before) else None

    expected = {path: seen_as(one, known(path)) for path, one in paths(now).items()}
    found = effective(now, copy)
    assert paths(found) == expected
    assert found.digest == folder(found.node.mode, dict(found.folder.entries)).digest  # type: ignore[union-attr]
    changed = {path for path, one in expected.items() if one.node.digest != paths(now)[path].node.digest}
    assert set(unseen(now, found, "")) == changed


@given(TREES)
def test_what_was_sent_is_then_seen_as_it_is(now: Entry) -> None:
    assert effective(now, now) is now
    assert list(unseen(now, now, "")) == []


def test_folders_of_equal_state_are_not_opened() -> None:
    def never() -> dict[str, Entry]:
        raise AssertionError("opened")

    now = Entry(Node("folder", 0o755), folder=Folder("digest", "state", never))
    assert effective(now, Entry(Node("folder", 0o755), folder=Folder("other", "state", never))) is now


@given(TREES, st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=4))
def test_the_copy_holds_what_was_taken_and_its_folders(now: Entry, wanted: list[str]) -> None:
    there = {path: one for path in wanted if (one := now.folder.find(path)) is not None}  # type: ignore[union-attr]
    taken = {path: one for path, one in there.items()
             if not any(path.startswith(f"{other}/") for other in there)}
    copy = sent(taken, lambda path: 0o711)
    found = paths(Entry(Node("folder", 0o755), folder=copy))
    for path, one in taken.items():
        assert copy.find(path) == one
    inside = {below for path, one in taken.items() for below in (f"{path}/{name}" if name else path
                                                                for name in paths(one))}
    above = {path[:at] for path in taken for at in range(len(path)) if path[at] == "/"}
    assert set(found) == inside | above | {""}
    assert all(found[path].node.mode == 0o711 for path in above)
