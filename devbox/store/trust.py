"""Folder trust: which project folders may build and run here (security.md 2.2). One small file per folder and owner.

Only remembers; who may say yes is decided in `flows.trust`. Nothing a project contains is read here.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.core.labels import project_id
from devbox.store.atomic import write_atomic
from devbox.store.paths import StateDirs, storage_error

SCHEMA = 1
_LARGEST = 64 << 10
"""Bytes; a path is at most 4 KiB."""


@dataclass(frozen=True, slots=True)
class TrustRecord:
    """One trusted folder."""

    root: str
    """Its canonical path."""
    owner: int
    """The uid that owned it when it was trusted; another owner is another folder."""
    granted: str
    """When, RFC 3339 in UTC."""
    content: str = ""
    """Digest of what it contained then; matters only where the user's settings say `paranoid`."""


class TrustStore:
    """The records in the user's state folder; safe with several processes, since each record is one atomic file."""

    def __init__(self, dirs: StateDirs, *, note: Callable[[str], None] | None = None) -> None:
        """`note` is told when a corrupt record was set aside."""
        self._dirs = dirs
        self._note = note or (lambda text: None)

    def find(self, root: str, owner: int) -> TrustRecord | None:
        """The record of this folder; None when it is not trusted.

        Raises ConfigError for a record of a newer devbox, or one that belongs to another user.
        """
        return self._read(self._path(root, owner), root, owner)

    def grant(self, root: str, owner: int, now: float, content: str = "") -> TrustRecord:
        """Trust this folder, with this content, from now (seconds since the epoch) on."""
        granted = datetime.fromtimestamp(int(now), UTC).isoformat().replace("+00:00", "Z")
        raw = {"schema": SCHEMA, "root": root, "owner": owner, "granted": granted, "content": content}
        self._dirs.ensure(self._dirs.trust)
        write_atomic(self._path(root, owner), json.dumps(raw).encode("ascii") + b"\n")
        return TrustRecord(root, owner, granted, content)

    def revoke(self, root: str, owner: int) -> bool:
        """Forget this folder; False when it was not trusted."""
        path = self._path(root, owner)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise storage_error(error, path) from error
        return True

    def list(self) -> tuple[TrustRecord, ...]:
        """All records by path; damaged ones are set aside."""
        try:
            names = sorted(os.listdir(self._dirs.trust))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise storage_error(error, self._dirs.trust) from error
        paths = [self._dirs.trust / name for name in names if name.endswith(".json") and not name.startswith(".")]
        found = [record for record in map(self._read, paths) if record is not None]
        return tuple(sorted(found, key=lambda record: record.root))

    def _path(self, root: str, owner: int) -> Path:
        return self._dirs.trust / f"{project_id(root, owner)}.json"

    def _read(self, path: Path, root: str | None = None, owner: int | None = None) -> TrustRecord | None:
        """The record, which must be about the folder its name stands for."""
        content = _content(path)
        if content is None:
            return None
        raw = _decoded(content)
        schema = raw.get("schema")
        if isinstance(schema, int) and schema > SCHEMA:
            raise ConfigError(
                f"{path} was written by a newer devbox", path=str(path),
                hint="upgrade this devbox, or move the file away and trust the folder anew",
            )
        found = _record(raw)
        if found is None or self._path(found.root, found.owner) != path or root not in (None, found.root):
            self._set_aside(path)
            return None
        return found

    def _set_aside(self, path: Path) -> None:
        aside = path.with_name(f"{path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        try:
            path.rename(aside)
        except OSError as error:
            raise storage_error(error, path) from error
        self._note(f"a damaged trust record was set aside as {aside}")


def _content(path: Path) -> bytes | None:
    """Raises ConfigError for anything but a regular file of ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(error, path) from error
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH:
            raise ConfigError(f"{path} is not a private file of yours", path=str(path), hint="move it away")
        return file.read(_LARGEST)


def _decoded(content: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return raw if isinstance(raw, dict) else {}


def _record(raw: dict[str, Any]) -> TrustRecord | None:
    root, owner, granted = raw.get("root"), raw.get("owner"), raw.get("granted")
    if not (isinstance(root, str) and type(owner) is int and isinstance(granted, str) and raw.get("schema") == SCHEMA):
        return None
    content = raw.get("content")
    return TrustRecord(root, owner, granted, content if isinstance(content, str) else "")
