"""`pnpm-lock.yaml`, lockfileVersion 6 and 9 (pnpm/spec `lockfile/`), and pnpm's store in `node_modules/.pnpm`.

pnpm keeps a copy of the lock it last installed there (`.pnpm/lock.yaml`): what each stored package is linked to is
taken from it, that the packages exist from the folder itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devbox.core.dependencies.freshness import node_changes, stale
from devbox.core.dependencies.model import PACKAGE_LIMIT, Need, Problem
from devbox.core.dependencies.node_locks import FOLDER, Entry, StoredLock, Want
from devbox.core.errors import ConfigError
from devbox.project.locks.block_text import Block, UnusualLine, read_blocks
from devbox.project.locks.lock_text import decoded, read_yaml
from devbox.project.locks.node_manifest import asked, fits_platform
from devbox.project.locks.surroundings import PACKAGE, Host, Surroundings, table

SYNC = "pnpm install --frozen-lockfile"
RELOCK = "pnpm install --lockfile-only"
STORE = f"{FOLDER}/.pnpm"
_SECTIONS: tuple[tuple[str, Need], ...] = (
    ("dependencies", "required"), ("devDependencies", "dev"), ("optionalDependencies", "optional"),
)
_KEY = re.compile(r"/?((?:@[^/@]+/)?[^/@(]+)@([^()]+)(\(.*\))?", re.DOTALL)
_SPECIAL = re.compile(r'[\\/:*?"<>|]')
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?")
_NAME_LIMIT = 60
"""Characters of a store folder's name that are compared where pnpm shortens it (its own limit is at least 60)."""


def read(data: bytes, path: str, around: Surroundings) -> StoredLock:
    """The lock; raises ConfigError for what is not the YAML that pnpm writes."""
    document = read_yaml(decoded(data, path), path)
    version = str(document.get("lockfileVersion", ""))
    if version.partition(".")[0] not in ("6", "7", "9"):
        problem = Problem("unsupported", path, f"{path} has lockfileVersion {version[:8]!r}; devbox reads 6 and 9")
        return StoredLock({}, {}, lambda key: None, problems=(problem,))
    lock = _Lock(document, around.host)
    problem_found = _staleness(path, document, around)
    stored = _Store(around.listed(STORE))
    names = frozenset(match[1] for key in lock.snapshots if (match := _KEY.fullmatch(key)))
    return StoredLock(
        lock.importers(), lock.entries(), stored.folder, _linked(around), (problem_found,) if problem_found else (),
        names,
    )


class _Lock:
    """One document, whichever version."""

    def __init__(self, document: Block, host: Host) -> None:
        self.document, self.host = document, host
        self.packages = table(document.get("packages"))
        self.snapshots = table(document.get("snapshots")) or self.packages
        """Version 6 keeps both in one."""

    def importers(self) -> dict[str, tuple[Want, ...]]:
        found = {}
        for place, value in _importers(self.document).items():
            content = table(value)
            if ".." not in place.split("/") and not place.startswith("/"):
                found["" if place == "." else place] = tuple(self._wants(content, importer=True))
        return found

    def entries(self) -> dict[str, Entry]:
        snapshots = list(self.snapshots.items())[:PACKAGE_LIMIT]
        return {key: self._entry(key, table(snapshot)) for key, snapshot in snapshots}

    def _entry(self, key: str, snapshot: Mapping[str, Any]) -> Entry:
        match = _KEY.fullmatch(key)
        version = match[2] if match else ""
        package = table(self.packages.get(f"{match[1]}@{version}" if match else "")) or snapshot
        optional = snapshot.get("optional") == "true" or not fits_platform(package, self.host)
        own = package.get("version")
        exact = own if isinstance(own, str) else version if _VERSION.fullmatch(version) else None
        return Entry(exact, tuple(self._wants(snapshot)), "optional" if optional else "required", anchor=f"{key}")

    def _wants(self, content: Mapping[str, Any], *, importer: bool = False) -> Iterator[Want]:
        for section, need in _SECTIONS:
            for name, value in table(content, section).items():
                reference = value.get("version") if isinstance(value, dict) else value
                if isinstance(reference, str) and not reference.startswith("link:"):
                    yield Want(name, self._key(name, reference), need if importer or need == "optional" else "required")

    def _key(self, name: str, reference: str) -> str:
        """A reference is a version (`1.0.0(peer@2.0.0)`) or a whole key, for an alias."""
        candidates = (f"{name}@{reference}", reference, f"/{name}@{reference}", f"/{reference}")
        return next((key for key in candidates if key in self.snapshots), candidates[0])


def _importers(document: Block) -> Mapping[str, Any]:
    """The project and its workspaces; version 6 writes a project that stands alone at the top."""
    found = table(document.get("importers"))
    return found or {".": document}


class _Store:
    """The names in `node_modules/.pnpm`: `@scope+name@1.0.0_peer@2.0.0`, long ones cut and hashed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.by_stem: dict[str, str] = {}
        for name in names:
            at = name.find("@", 1)
            cut = min((i for i in (name.find("_", at), name.find("(", at)) if i > 0), default=len(name))
            self.by_stem.setdefault(name[:cut].lower(), name)

    def folder(self, key: str) -> str | None:
        """The folder of a lock's key; peers are not compared."""
        match = _KEY.fullmatch(key)
        if match is None:
            return None
        stem = _SPECIAL.sub("+", f"{match[1]}@{match[2]}").lower()
        found = self.by_stem.get(stem)
        if found is not None or len(stem) <= _NAME_LIMIT:
            return found
        return next((name for name in self.names if name.lower().startswith(stem[:_NAME_LIMIT])), None)


def _linked(around: Surroundings) -> dict[str, tuple[Want, ...]]:
    """What pnpm's own record of the last install says each package is linked to; empty where it can't be read."""
    data = around.read_lock(f"{STORE}/lock.yaml")
    if data is None:
        return {}
    try:
        lock = _Lock(read_blocks(decoded(data, "lock.yaml")), around.host)
    except (UnusualLine, ConfigError):
        return {}
    return {key: tuple(lock._wants(table(snapshot))) for key, snapshot in lock.snapshots.items()}


def _staleness(path: str, document: Block, around: Surroundings) -> Problem | None:
    """Each importer's recorded ranges beside its package.json, as `--frozen-lockfile` compares."""
    overridden = {name.rpartition(">")[2].rpartition("@")[0] or name for name in table(document.get("overrides"))}
    found = []
    for place, value in _importers(document).items():
        content = table(value)
        folder = "" if place == "." else place
        manifest = None if ".." in folder.split("/") or folder.startswith("/") else around.package(folder)
        if manifest is None:
            continue
        recorded = {
            name: str(value["specifier"])
            for section, _ in _SECTIONS
            for name, value in table(content.get(section)).items()
            if isinstance(value, dict) and isinstance(value.get("specifier"), str)
        }
        peers = table(manifest.content.get("peerDependencies"))
        wanted = {name: spec for name, spec, _ in asked(manifest.content)}
        kept = {name for name in {*wanted, *recorded} if name not in overridden}
        then = {name: spec for name, spec in recorded.items() if name in kept and (name in wanted or name not in peers)}
        now = {name: spec for name, spec in wanted.items() if name in kept}
        where = f" ({folder})" if folder else ""
        found += [f"{change}{where}" for change in node_changes(now, then)]
    return stale(path, PACKAGE, found, RELOCK)
