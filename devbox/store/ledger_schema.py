"""The ledger's tables, version by version. Each migration turns one version into the next; none is ever edited."""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE builds (
            id INTEGER PRIMARY KEY, project TEXT NOT NULL, service TEXT NOT NULL, target TEXT NOT NULL,
            builder TEXT NOT NULL, started REAL NOT NULL, seconds REAL NOT NULL, outcome TEXT NOT NULL, image TEXT
        )""",
        "CREATE INDEX builds_of_project ON builds (project, id)",
        """CREATE TABLE steps (
            build INTEGER NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
            stage TEXT NOT NULL, number INTEGER NOT NULL, platform TEXT NOT NULL, of INTEGER NOT NULL,
            instruction TEXT NOT NULL, status TEXT NOT NULL, seconds REAL,
            root INTEGER NOT NULL, line INTEGER, PRIMARY KEY (build, stage, number, platform)
        ) WITHOUT ROWID""",
    ),
)

VERSION = len(MIGRATIONS)
"""What this devbox reads and writes."""
