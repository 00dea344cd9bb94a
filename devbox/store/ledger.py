"""The ledger: past builds, their steps and how long each took (contract.md, Files; spec/buildkit.md 6).

SQLite in one file: two processes may use it at once, a kill leaves it as it was. It is a memory, never the truth: a
damaged one is set aside and a new one begun. Records and answers; decides nothing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from devbox.core.build import BuildState, Cause, Step, StepKey, StepStatus
from devbox.core.errors import BusyError, ConfigError, DevboxError, ExhaustedError
from devbox.core.frozen import dataclass
from devbox.failpoint import failpoint
from devbox.store.ledger_schema import MIGRATIONS, VERSION
from devbox.store.paths import StateDirs, storage_error

if TYPE_CHECKING:
    import sqlite3

BUSY_SECONDS = 5.0
"""How long to wait for another devbox that writes."""
KEPT_BUILDS = 1_000
"""Builds of one project that are remembered."""
_BUILD = "SELECT project, service, target, builder, started, seconds, outcome, image, id, saved FROM builds"
_COMPANIONS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """One build that ended."""

    project: str
    """Project id."""
    service: str
    target: str
    builder: str
    started: float
    """Seconds since the epoch."""
    seconds: float
    outcome: str
    image: str | None
    steps: tuple[Step, ...] = ()
    id: int = 0
    """Given by the ledger; grows with time."""
    saved: float | None = None
    """Seconds that hits saved; None where nothing is known."""

    @property
    def hits(self) -> int:
        """Instruction steps that came from cache."""
        return sum(step.status is StepStatus.HIT for step in self.steps)

    @property
    def misses(self) -> int:
        """Instruction steps that ran, failed ones included."""
        return sum(step.status in (StepStatus.MISS, StepStatus.FAILED) for step in self.steps)

    @classmethod
    def of(cls, state: BuildState, *, project: str, service: str, started: float) -> BuildRecord:
        """The record of a build from its last state."""
        return cls(
            project, service, state.target, state.builder, started, state.seconds, state.outcome, state.image,
            tuple(step for step in state.steps if step.twin is None), saved=state.saved_seconds,
        )


PastSeconds = dict[tuple[str, str], float]
"""(stage, instruction) → seconds of the last run."""


class Ledger:
    """An open ledger; close it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, dirs: StateDirs, *, note: Callable[[str], None] = lambda text: None) -> Ledger:
        """Open it, made or migrated where needed; `note` hears that a damaged one was set aside.

        Raises ConfigError for one written by a newer devbox or a file that can't be used, ExhaustedError for a full
        disk, BusyError where another devbox does not let go of it.
        """
        dirs.ensure(dirs.state)
        path = dirs.ledger
        try:
            return cls._opened(path)
        except _Damaged:
            aside = _set_aside(path)
            note(f"the ledger was damaged and set aside as {aside}; past builds are forgotten")
            try:
                return cls._opened(path)
            except _Damaged as error:
                raise ConfigError(f"cannot use {path}", path=str(path)) from error

    @classmethod
    def _opened(cls, path: Path) -> Ledger:
        # Deferred: sqlite3 costs 5 ms and only builds and their history need it.
        import sqlite3

        with _translated(path, opening=True):
            _check_file(path)
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("PRAGMA foreign_keys = ON")
                # Readers then never wait for a writer; where a file system can't, SQLite keeps its older way.
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
                connection.execute("PRAGMA synchronous = NORMAL")
                _migrate(connection, path)
            except BaseException:
                connection.close()
                raise
            return cls(connection, path)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def record(self, build: BuildRecord) -> int:
        """Remember a build; returns its id. Raises as `open` does."""
        with self.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO builds (project, service, target, builder, started, seconds, outcome, image, saved)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (build.project, build.service, build.target, build.builder, build.started, build.seconds, build.outcome,
                 build.image, build.saved),
            )
            id = int(cursor.lastrowid or 0)
            connection.executemany(
                "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(id, step.key.stage, step.key.index, step.key.platform, step.of, _storable(step.instruction),
                  step.status.value, step.seconds, int(step.root), step.line, step.forecast,
                  _causes_text(step.causes), step.since) for step in build.steps],
            )
            connection.execute(
                "DELETE FROM builds WHERE project = ? AND id <= (SELECT id FROM builds WHERE project = ?"
                " ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (build.project, build.project, KEPT_BUILDS),
            )
        return id

    def past_seconds(self, project: str) -> PastSeconds:
        """How long each step of this project took when it last ran. Raises as `open` does."""
        with _translated(self._path):
            rows = self._connection.execute(
                "SELECT stage, instruction, steps.seconds FROM steps JOIN builds ON builds.id = steps.build"
                " WHERE project = ? AND status = ? AND steps.seconds IS NOT NULL ORDER BY builds.id",
                (project, StepStatus.MISS.value),
            )
            return {(stage, instruction): seconds for stage, instruction, seconds in rows}

    def image_of(self, key: str) -> str | None:
        """The id of the image that a build with this image key ended in. Raises as `open` does."""
        with _translated(self._path):
            row = self._connection.execute(
                "SELECT image FROM builds WHERE image_key = ? AND image IS NOT NULL ORDER BY id DESC LIMIT 1", (key,)
            ).fetchone()
            return row[0] if row else None

    def knows_image(self, id: str) -> bool:
        """Whether it is known from which image key this image was built. Raises as `open` does."""
        with _translated(self._path):
            row = self._connection.execute(
                "SELECT 1 FROM builds WHERE image = ? AND image_key IS NOT NULL LIMIT 1", (id,)
            ).fetchone()
            return row is not None

    def builds(self, project: str, limit: int = 20) -> tuple[BuildRecord, ...]:
        """The newest builds of a project, newest first. Raises as `open` does."""
        with _translated(self._path):
            cursor = self._connection.execute(
                f"{_BUILD} WHERE project = ? ORDER BY id DESC LIMIT ?", (project, limit),
            )
            return self._records(cursor)

    def build(self, id: int, project: str) -> BuildRecord | None:
        """One past build of a project. Raises as `open` does."""
        with _translated(self._path):
            found = self._records(self._connection.execute(f"{_BUILD} WHERE id = ? AND project = ?", (id, project)))
        return found[0] if found else None

    def _records(self, cursor: sqlite3.Cursor) -> tuple[BuildRecord, ...]:
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        return tuple(BuildRecord(**row, steps=self._steps(row["id"])) for row in rows)

    def _steps(self, build: int) -> tuple[Step, ...]:
        rows = self._connection.execute(
            "SELECT stage, number, platform, of, instruction, status, seconds, root, line, forecast, causes, since"
            " FROM steps WHERE build = ? ORDER BY line, stage, platform, number", (build,),
        )
        return tuple(
            Step(
                key=StepKey(stage, number, platform), of=of, instruction=instruction, status=StepStatus(status),
                seconds=seconds, root=bool(root), line=line, forecast=forecast, causes=_causes(causes), since=since,
            )
            for (stage, number, platform, of, instruction, status, seconds, root, line, forecast, causes, since) in rows
        )

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for questions. Raises as `open` does."""
        with _translated(self._path):
            yield self._connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection inside one transaction, undone where the body raises. Raises as `open` does."""
        with _translated(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                failpoint("ledger.before")
                yield self._connection
                self._connection.execute("COMMIT")
                failpoint("ledger.after")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


class _Damaged(Exception):
    """The file is no ledger, or its pages contradict each other."""


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again: another devbox may have been faster.
        found = _version(connection)
        if found > VERSION:
            raise ConfigError(
                f"{path} was written by a newer devbox", path=str(path),
                hint="upgrade this devbox, or move the file away: past builds are then forgotten",
            )
        for statements in MIGRATIONS[found:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_file(path: Path) -> None:
    """Make it, private, where there is none; never through a link."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        raise ConfigError(f"{path} is not a file of yours", path=str(path), hint="move it away")


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    try:
        path.rename(aside)
        for end in _COMPANIONS:
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    except OSError as error:
        raise storage_error(error, path) from error
    return aside


@contextlib.contextmanager
def _translated(path: Path, *, opening: bool = False) -> Iterator[None]:
    """SQLite's and the system's errors in devbox's words; damage found while opening is `_Damaged`."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        failure = _failure(error, path)
        if isinstance(failure, _Damaged) and not opening:
            hint = "the next build sets it aside and begins a new one"
            failure = ConfigError(f"{path} is damaged: {error}", path=str(path), hint=hint)
        raise failure from error
    except OSError as error:
        raise storage_error(error, path) from error


def _failure(error: sqlite3.Error, path: Path) -> DevboxError | _Damaged:
    import sqlite3

    # The extended codes carry the plain one in their lowest byte.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        # An ordinary error of fixed statements means that the tables are not ours.
        return _Damaged(str(error))
    if code == sqlite3.SQLITE_FULL:
        return storage_error(OSError(errno.ENOSPC, str(error)), path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusyError(f"another devbox keeps {path} busy", hint="try again when it is done")
    if code == sqlite3.SQLITE_NOMEM:
        return ExhaustedError("not enough memory for the ledger")
    return ConfigError(f"cannot use {path}: {error}", path=str(path))


def _causes_text(causes: tuple[Cause, ...]) -> str | None:
    return json.dumps([[cause.kind, cause.path, cause.detail] for cause in causes]) if causes else None


def _causes(text: str | None) -> tuple[Cause, ...]:
    return tuple(Cause(kind, path, detail) for kind, path, detail in json.loads(text)) if text else ()


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
