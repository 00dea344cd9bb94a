"""`package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3 (npm's documentation, "package-lock.json")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devbox.core.dependencies.freshness import node_changes, stale
from devbox.core.dependencies.model import PACKAGE_LIMIT, Locked, Need, Problem
from devbox.core.dependencies.node_locks import FOLDER, PlacedLock
from devbox.core.errors import ConfigError
from devbox.project.locks.node_manifest import declared, fits_platform
from devbox.project.locks.surroundings import PACKAGE, Surroundings, table
from devbox.project.pins.package_json import Unreadable
from devbox.project.pins.package_json import read as read_json

SYNC = "npm ci"
RELOCK = "npm install --package-lock-only"
_DEPTH = 64


def read(data: bytes, path: str, around: Surroundings) -> PlacedLock:
    """The lock; raises ConfigError for what is not JSON."""
    document = read_json(data, bom=True)
    if isinstance(document, Unreadable):
        conflict = next((n for n, row in enumerate(data.split(b"\n"), 1) if row.startswith(b"<<<<<<< ")), None)
        if conflict is not None:
            raise ConfigError(
                "an unresolved merge conflict; expected the file as it is after the merge", path=path, line=conflict,
                hint="`git status` shows the files in conflict",
            )
        raise ConfigError(document.problem, path=path, line=document.line, hint=f"`{RELOCK}`")
    version = document.get("lockfileVersion")
    packages = document.get("packages")
    if version in (2, 3) and isinstance(packages, dict):
        problem = _staleness(path, packages, around)
        found = _placed(packages, around)
    elif version == 1:
        dependencies = table(document.get("dependencies"))
        problem = _old_staleness(path, dependencies, around)
        found = _nested(dependencies, "", 0)
    else:
        problem = Problem("unsupported", path, f"{path} has lockfileVersion {version!r}; devbox reads 1 to 3")
        found = iter(())
    kept = tuple(package for package, _ in zip(found, range(PACKAGE_LIMIT), strict=False))
    return PlacedLock(kept, (problem,) if problem else ())


def _placed(packages: Mapping[str, Any], around: Surroundings) -> Iterator[Locked]:
    """Versions 2 and 3: one entry for each folder."""
    for place, entry in packages.items():
        if FOLDER not in place or not isinstance(entry, dict) or not _safe(place):
            continue
        if entry.get("inBundle") or entry.get("extraneous"):
            continue
        version = entry.get("version")
        versions = (version,) if isinstance(version, str) and not entry.get("link") else ()
        yield Locked(
            place.rpartition(f"{FOLDER}/")[2], versions, _need(entry, around), place=place,
            anchor=f'"{place}": {{',
        )


def _need(entry: Mapping[str, Any], around: Surroundings) -> Need:
    """`peer` packages are left out by `legacy-peer-deps`, so that their absence proves nothing."""
    if any(entry.get(flag) for flag in ("optional", "devOptional", "peer")) or not fits_platform(entry, around.host):
        return "optional"
    return "dev" if entry.get("dev") else "required"


def _safe(place: str) -> bool:
    return not place.startswith("/") and ".." not in place.split("/")


def _nested(dependencies: Mapping[str, Any], above: str, depth: int) -> Iterator[Locked]:
    """Version 1: a package's own dependencies lie in its folder."""
    for name, entry in dependencies.items():
        place = f"{above}{FOLDER}/{name}"
        if not isinstance(entry, dict) or entry.get("bundled") or not _safe(place):
            continue
        version = str(entry.get("version", "")).rpartition("@")[2]
        plain = version[:1].isdigit() and ":" not in version
        need: Need = "optional" if entry.get("optional") else "dev" if entry.get("dev") else "required"
        yield Locked(name, (version,) if plain else (), need, place=place, anchor=f'"{name}": {{')
        if depth < _DEPTH:
            yield from _nested(table(entry.get("dependencies")), f"{place}/", depth + 1)


def _staleness(path: str, packages: Mapping[str, Any], around: Surroundings) -> Problem | None:
    """The project and each workspace beside what the lock recorded of them, as `npm ci` compares."""
    found = []
    for folder, entry in packages.items():
        if FOLDER in folder or not isinstance(entry, dict) or not _safe(folder or "."):
            continue
        document = around.package(folder)
        if document is None:
            continue
        where = f" ({folder})" if folder else ""
        found += [f"{change}{where}" for change in node_changes(declared(document.content), declared(entry))]
    return stale(path, PACKAGE, found, RELOCK)


def _old_staleness(path: str, dependencies: Mapping[str, Any], around: Surroundings) -> Problem | None:
    """Version 1 records no ranges: what can be seen is a dependency that it has no entry for."""
    document = around.package()
    asked = declared(document.content, peers=False) if document else {}
    return stale(path, PACKAGE, [f"{name} is new" for name in asked if name not in dependencies], RELOCK)
