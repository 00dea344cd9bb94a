"""What a builder that keeps a copy of a context takes a new state for (spec/buildkit.md 4.3)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devbox.core.context_tree import Entry, Folder, Node
from devbox.core.synced import effective, sent, unseen


def file(content: str = "a", *, mode: int = 0o644, size: int = 1, mtime: int = 1) -> Entry:
    return Entry(Node("file", mode, content), size, mtime)


def folder(mode: int = 0o755, **entries: Entry) -> Entry:
    return Entry(Node("folder", mode), folder=Folder.of(mode, entries))


def root(**entries: Entry) -> Entry:
    return Entry(Node("folder", 0), folder=Folder.of(None, entries))


def seen(now: Entry, copy: Entry | None) -> Entry:
    return effective(now, copy, root=True)


def test_without_a_copy_everything_is_seen() -> None:
    now = root(f=file())
    assert seen(now, None) is now


def test_an_edit_that_keeps_size_and_time_is_not_seen() -> None:  # E111
    found = seen(root(f=file("b")), root(f=file("a")))
    assert found.digest == root(f=file("a")).digest
    assert list(unseen(root(f=file("b")), found, "")) == ["f"]


def test_any_other_edit_is_seen() -> None:
    copy = root(f=file("a"))
    for edited in (file("b", size=2), file("b", mtime=2), file("b", mode=0o600)):
        found = seen(root(f=edited), copy)
        assert found.digest == root(f=edited).digest
        assert list(unseen(root(f=edited), found, "")) == []


def test_a_touched_file_with_the_same_content_is_the_same() -> None:
    assert seen(root(f=file(mtime=2)), root(f=file())).digest == root(f=file()).digest


def test_the_mode_of_a_folder_that_is_there_is_not_noticed() -> None:  # E108, E124
    found = seen(root(d=folder(0o700, f=file())), root(d=folder(0o755, f=file())))
    assert found.digest == root(d=folder(0o755, f=file())).digest


def test_the_mode_of_a_new_folder_is() -> None:
    now = root(d=folder(0o700))
    assert seen(now, root()).digest == now.digest
    assert seen(now, root(d=file())).digest == now.digest


def test_what_came_and_went_is_seen() -> None:
    now = root(d=folder(new=file()), other=file())
    assert seen(now, root(d=folder(old=file()), gone=file())).digest == now.digest


def test_the_copy_holds_what_was_sent_and_the_folders_that_it_lies_in() -> None:
    now = root(a=folder(0o700, b=folder(0o750, f=file(), g=file("other"))), h=file())
    modes = {"a": 0o700, "a/b": 0o750}
    copy = sent({"a/b/f": file(), "h": file()}, modes.__getitem__)
    assert Folder.of(None, {"a": folder(0o700, b=folder(0o750, f=file())), "h": file()}).digest == copy.digest
    assert sent({"": now}, modes.__getitem__) is now.folder


ENTRIES = st.recursive(
    st.builds(file, st.sampled_from("ab"), mode=st.sampled_from((0o644, 0o755)), size=st.integers(1, 2),
              mtime=st.integers(1, 2)),
    lambda inner: st.builds(
        lambda mode, entries: folder(mode, **entries), st.sampled_from((0o755, 0o700)),
        st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    ), max_leaves=8,
)
ROOTS = st.dictionaries(st.sampled_from("xyz"), ENTRIES, max_size=3).map(lambda entries: root(**entries))


@given(ROOTS, ROOTS)
def test_what_is_seen_has_the_paths_of_now_and_becomes_the_copy(now: Entry, copy: Entry) -> None:
    found = seen(now, copy)
    assert paths(found) == paths(now)
    # The same state again, held against what the builder has then, is that.
    assert seen(now, found).digest == found.digest


@given(ROOTS)
def test_a_state_that_is_the_copy_is_seen_as_it_is(now: Entry) -> None:
    assert seen(now, now) is now
    assert list(unseen(now, now, "")) == []


def paths(entry: Entry, path: str = "") -> set[str]:
    inside = entry.folder.entries if entry.folder else {}
    return {path}.union(*(paths(each, f"{path}/{name}") for name, each in inside.items()))
