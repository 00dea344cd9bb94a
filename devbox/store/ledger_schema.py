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
    (
        # What builders hold: records under names of ours, and which inputs lead to them (core/cachebook).
        """CREATE TABLE records (
            id TEXT PRIMARY KEY, builder TEXT NOT NULL, op TEXT NOT NULL, build INTEGER NOT NULL, engine_id TEXT
        )""",
        "CREATE INDEX records_of_builder ON records (builder, build)",
        """CREATE TABLE links (
            builder TEXT NOT NULL, op TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
            record TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
            PRIMARY KEY (builder, op, number, kind, value, record)
        ) WITHOUT ROWID""",
        "CREATE INDEX links_to_record ON links (record)",
        """CREATE TABLE guesses (
            builder TEXT NOT NULL, op TEXT NOT NULL, hits INTEGER NOT NULL, seen INTEGER NOT NULL,
            PRIMARY KEY (builder, op)
        ) WITHOUT ROWID""",
        # What past steps were made of, to say why one misses (core/causes).
        """CREATE TABLE states (
            build INTEGER NOT NULL REFERENCES builds (id) ON DELETE CASCADE, vertex INTEGER NOT NULL,
            stage TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, op TEXT NOT NULL, parts TEXT NOT NULL,
            text TEXT NOT NULL, record TEXT NOT NULL, inputs TEXT NOT NULL, arguments TEXT NOT NULL, seconds REAL,
            PRIMARY KEY (build, vertex)
        ) WITHOUT ROWID""",
        "CREATE INDEX states_of_op ON states (op)",
        "CREATE INDEX states_of_text ON states (text)",
        "CREATE TABLE listings (digest TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE roots (digest TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
        # The copy of a context that a builder keeps and compares with (core/synced).
        """CREATE TABLE copies (
            builder TEXT NOT NULL, name BLOB NOT NULL, engine_id TEXT, PRIMARY KEY (builder, name)
        ) WITHOUT ROWID""",
        """CREATE TABLE copied_folders (
            builder TEXT NOT NULL, name BLOB NOT NULL, path BLOB NOT NULL, digest TEXT NOT NULL, state TEXT NOT NULL,
            content BLOB NOT NULL, PRIMARY KEY (builder, name, path)
        ) WITHOUT ROWID""",
        """CREATE TABLE builders (
            id TEXT PRIMARY KEY, alive BLOB NOT NULL
        ) WITHOUT ROWID""",
        "ALTER TABLE builds ADD COLUMN ignore_text TEXT",
        "ALTER TABLE builds ADD COLUMN image_key TEXT",
        "CREATE INDEX builds_of_image ON builds (image_key)",
        "ALTER TABLE builds ADD COLUMN saved REAL",
        # What was foretold of a step, why it missed, and the past build that was nearest (`why`, `history`).
        "ALTER TABLE steps ADD COLUMN forecast TEXT",
        "ALTER TABLE steps ADD COLUMN causes TEXT",
        "ALTER TABLE steps ADD COLUMN since INTEGER",
    ),
)

VERSION = len(MIGRATIONS)
"""What this devbox reads and writes."""
