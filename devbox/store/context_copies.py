"""The copies of contexts that builders keep, as the last build left them (spec/buildkit.md 4.3; `core.synced`).

One row per folder, so that nothing is read or written of folders that did not change.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from devbox.core.context_tree import Entry, Folder, Node
from devbox.store.ledger import Ledger

if TYPE_CHECKING:
    import sqlite3


class ContextCopies:
    """One builder's part of an open ledger."""

    def __init__(self, ledger: Ledger, builder: str) -> None:
        self._ledger = ledger
        self._builder = builder

    def copy(self, name: str) -> tuple[Folder | None, str | None]:
        """The builder's copy of the context of that name (None where none is known) and its own name of it. What is in
        the folders is read when asked for, while the ledger is open."""
        with self._ledger.reading() as connection:
            row = connection.execute(
                "SELECT engine_id FROM copies WHERE builder = ? AND name = ?", (self._builder, _key(name))
            ).fetchone()
            return (self._folder(connection, name, ""), row[0]) if row else (None, None)

    def keep(self, connection: sqlite3.Connection, name: str, copy: Folder, engine_id: str | None) -> None:
        """Remember a copy, inside a transaction that is open."""
        connection.execute("INSERT OR REPLACE INTO copies VALUES (?, ?, ?)", (self._builder, _key(name), engine_id))
        self._write(connection, name, "", copy)

    def _folder(self, connection: sqlite3.Connection, name: str, path: str) -> Folder | None:
        row = connection.execute(
            "SELECT digest, state, content FROM copied_folders WHERE builder = ? AND name = ? AND path = ?",
            (self._builder, _key(name), _key(path)),
        ).fetchone()
        if row is None:
            return None
        digest, state, content = row
        return Folder(digest, state, lambda: self._entries(name, path, content))

    def _entries(self, name: str, path: str, content: bytes) -> Mapping[str, Entry]:
        found: dict[str, Entry] = {}
        for each, kind, mode, digest, target, size, mtime, digest_of, state_of in json.loads(zlib.decompress(content)):
            folder = self._inner(name, f"{path}/{each}" if path else each, digest_of, state_of) if state_of else None
            found[each] = Entry(Node(kind, mode, digest, target), size, mtime, folder)
        return found

    def _inner(self, name: str, path: str, digest: str, state: str) -> Folder:
        def load() -> Mapping[str, Entry]:
            with self._ledger.reading() as connection:
                folder = self._folder(connection, name, path)
            return folder.entries if folder is not None and folder.state == state else {}

        return Folder(digest, state, load)

    def _write(self, connection: sqlite3.Connection, name: str, path: str, folder: Folder) -> None:
        old = self._folder(connection, name, path)
        if old is not None and old.state == folder.state:
            return
        rows = [
            [each, node.kind, node.mode, node.digest, node.target, entry.size, entry.mtime_ns,
             *((entry.folder.digest, entry.folder.state) if entry.folder else ("", ""))]
            for each, entry in sorted(folder.entries.items()) for node in (entry.node,)
        ]
        connection.execute(
            "INSERT OR REPLACE INTO copied_folders VALUES (?, ?, ?, ?, ?, ?)",
            (self._builder, _key(name), _key(path), folder.digest, folder.state,
             zlib.compress(json.dumps(rows, separators=(",", ":")).encode("ascii"), 1)),
        )
        before = old.entries if old is not None else {}
        for each, entry in before.items():
            here = f"{path}/{each}" if path else each
            after = folder.entries.get(each)
            if entry.folder is not None and (after is None or after.folder is None):
                connection.execute(
                    "DELETE FROM copied_folders"
                    " WHERE builder = ? AND name = ? AND (path = ? OR path >= ? AND path < ?)",
                    (self._builder, _key(name), _key(here), _key(f"{here}/"), _key(f"{here}0")),
                )
        for each, entry in folder.entries.items():
            if entry.folder is not None:
                self._write(connection, name, f"{path}/{each}" if path else each, entry.folder)


def _key(text: str) -> bytes:
    """Names are bytes, and SQLite takes no text that is not Unicode."""
    return text.encode("utf-8", "surrogateescape")


