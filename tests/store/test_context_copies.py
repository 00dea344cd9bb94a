"""Copies of contexts in the ledger: what was kept comes back, and only what changed is written."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from devbox.core.context_tree import Entry, Node
from devbox.store.context_copies import ContextCopies
from devbox.store.ledger import Ledger
from devbox.store.paths import StateDirs
from tests.core.test_synced import TREES, folder, paths


@given(st.lists(TREES, min_size=1, max_size=4))
def test_the_last_copy_is_what_comes_back(trees: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as home, closing(Ledger.open(StateDirs.from_environment({}, Path(home)))) as led:
        copies = ContextCopies(led, "builder")
        for number, tree in enumerate(trees):
            assert tree.folder is not None
            with led.writing() as connection:
                copies.keep(connection, ":app", tree.folder, f"id{number}")
            back, id = copies.copy(":app")
            assert back is not None
            assert id == f"id{number}"
            assert (back.digest, back.state) == (tree.folder.digest, tree.folder.state)
            assert paths(Entry(tree.node, folder=back)) == paths(tree)
        with led.reading() as connection:
            rows = connection.execute("SELECT COUNT(*) FROM copied_folders").fetchone()[0]
        assert rows == sum(one.node.kind == "folder" for one in paths(trees[-1]).values())
        assert ContextCopies(led, "another").copy(":app") == (None, None)
        assert copies.copy(":other") == (None, None)


def test_names_of_any_bytes_and_nothing_written_where_nothing_changed(tmp_path: Path) -> None:
    file = Entry(Node("file", 0o644, "x"), 1, 2)
    tree = folder(0o755, {"\udcff": folder(0o755, {"new\nline": file}), "d": folder(0o755, {"a": file})})
    changed = folder(0o755, {**tree.folder.entries, "d": folder(0o755, {"a": file, "b": file})})  # type: ignore[union-attr]
    with closing(Ledger.open(StateDirs.from_environment({}, tmp_path))) as ledger:
        copies = ContextCopies(ledger, "builder")
        written = []
        for each in (tree, tree, changed):
            with ledger.writing() as connection:
                before = connection.total_changes
                copies.keep(connection, "\udcfe:app", each.folder, None)  # type: ignore[arg-type]
                written.append(connection.total_changes - before)
        back, _ = copies.copy("\udcfe:app")
        assert paths(Entry(changed.node, folder=back)) == paths(changed)
    assert written[0] == 4, "the copy itself and three folders"
    assert written[1] == 1, "the copy itself"
    assert written[2] <= 5, "the root and one folder, replaced"
