"""`yarn.lock`, of yarn 1 and of yarn 2 and later; both name versions, not folders.

Yarn 1: yarnpkg/yarn `src/lockfile`. Later: yarnpkg/berry, "Lockfile" and `nodeLinker`. What Plug'n'Play installs can't
be seen without running `.pnp.cjs`, which devbox never does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from devbox.core.dependencies.freshness import node_changes, stale
from devbox.core.dependencies.model import PACKAGE_LIMIT, Need
from devbox.core.dependencies.node_locks import Entry, WalkedLock, Want
from devbox.project.locks.block_text import Block, read_yarn1
from devbox.project.locks.lock_text import decoded, is_berry, read_yaml, refuse
from devbox.project.locks.node_manifest import asked, fits_platform, workspaces
from devbox.project.locks.surroundings import PACKAGE, Host, Surroundings, table, texts

SYNC = "yarn install --frozen-lockfile"
RELOCK = "yarn install"
_DESCRIPTOR = re.compile(r"(@?[^@]+)@(.+)", re.DOTALL)
_CONDITION = re.compile(r"(os|cpu|libc)=([A-Za-z0-9_!-]+)")


def read(data: bytes, path: str, around: Surroundings) -> WalkedLock:
    """The lock; raises ConfigError for a file that is none."""
    text = decoded(data, path)
    if is_berry(text):
        return _berry(read_yaml(text, path), path, around)
    return _yarn1(refuse(read_yarn1, text, path, RELOCK), path, around)


def _importers(around: Surroundings) -> dict[str, list[tuple[str, str, Need]]]:
    """The project and its workspaces → what each asks for."""
    root = around.package()
    if root is None:
        return {}
    named = root.get("workspaces")
    patterns = texts(named.get("packages") if isinstance(named, dict) else named)
    documents = {folder: around.package(folder) for folder in workspaces(around, patterns)}
    return {"": asked(root.content), **{
        folder: asked(document.content) for folder, document in documents.items() if document is not None
    }}


def _own_names(around: Surroundings, folders: Iterable[str]) -> frozenset[str]:
    documents = [around.package(folder) for folder in folders]
    return frozenset(str(document.get("name")) for document in documents if document is not None)


def _yarn1(blocks: Block, path: str, around: Surroundings) -> WalkedLock:
    importers = _importers(around)
    own = _own_names(around, importers)
    root = around.package()
    free = bool(root and root.get("resolutions"))
    names = {_name(key) for key in blocks}
    new = [
        f"{name} {spec} is new"
        for wants in importers.values()
        for name, spec, _ in wants
        if name not in own and not _local(spec) and (name not in names if free else f"{name}@{spec}" not in blocks)
    ]
    problem = stale(path, PACKAGE, list(dict.fromkeys(new)), RELOCK)
    entries = {key: _yarn1_entry(key, entry) for key, entry in list(blocks.items())[:PACKAGE_LIMIT]}
    wanted = {
        place: tuple(Want(name, f"{name}@{spec}", need) for name, spec, need in wants if name not in own)
        for place, wants in importers.items()
    }
    return WalkedLock(wanted, entries, (problem,) if problem else (), frozenset(names) | own, _alone(entries))


def _yarn1_entry(key: str, entry: Any) -> Entry:
    dependencies = table(entry, "dependencies")
    optional = table(entry, "optionalDependencies")
    version = entry.get("version") if isinstance(entry, dict) else None
    wants = [Want(name, f"{name}@{spec}") for name, spec in dependencies.items() if name not in optional]
    wants += [Want(name, f"{name}@{spec}", "optional") for name, spec in optional.items()]
    return Entry(version if isinstance(version, str) else None, tuple(wants), anchor=key)


def _berry(blocks: Block, path: str, around: Surroundings) -> WalkedLock:
    by_descriptor: dict[str, Mapping[str, Any]] = {}
    for keys, entry in blocks.items():
        if keys != "__metadata" and isinstance(entry, dict):
            by_descriptor.update(dict.fromkeys(keys.split(", "), entry))
    importers = _importers(around)
    found = []
    for folder, wants in importers.items():
        recorded = _workspace(by_descriptor, folder)
        if recorded is not None:
            found += _berry_changes(wants, recorded, folder)
    problem = stale(path, PACKAGE, found, RELOCK)
    entries = {key: _berry_entry(key, entry, around.host, by_descriptor)
               for key, entry in list(by_descriptor.items())[:PACKAGE_LIMIT]}
    wanted = {
        place: tuple(Want(name, _key(name, spec, by_descriptor), need) for name, spec, need in wants)
        for place, wants in importers.items()
    }
    names = frozenset(map(_name, by_descriptor)) | _own_names(around, importers)
    return WalkedLock(wanted, entries, (problem,) if problem else (), names, _alone(entries))


def _alone(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """The packages of which the lock has one version only, by name."""
    versions: dict[str, dict[str | None, Entry]] = {}
    for key, entry in entries.items():
        versions.setdefault(_name(key), {})[entry.version] = entry
    return {name: next(iter(found.values())) for name, found in versions.items() if len(found) == 1}


def _workspace(entries: Mapping[str, Mapping[str, Any]], folder: str) -> Mapping[str, str] | None:
    end = f"@workspace:{folder or '.'}"
    return next((table(entry.get("dependencies")) for key, entry in entries.items() if key.endswith(end)), None)


def _berry_changes(wants: list[tuple[str, str, Need]], recorded: Mapping[str, str], folder: str) -> list[str]:
    def bare(ranges: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {name: str(spec).removeprefix("npm:") for name, spec in ranges}

    where = f" ({folder})" if folder else ""
    pairs = bare((name, spec) for name, spec, _ in wants)
    return [f"{change}{where}" for change in node_changes(pairs, bare(recorded.items()))]


def _berry_entry(
    key: str, entry: Mapping[str, Any], host: Host, entries: Mapping[str, Mapping[str, Any]]
) -> Entry:
    meta = table(entry.get("dependenciesMeta"))
    wants = tuple(
        Want(name, _key(name, str(spec), entries), _meta_need(table(meta, name)))
        for name, spec in table(entry.get("dependencies")).items()
    )
    conditions: dict[str, list[str]] = {}
    for what, word in _CONDITION.findall(str(entry.get("conditions", ""))):
        conditions.setdefault(what, []).append(word)
    soft = entry.get("linkType") == "soft" or "@patch:" in str(entry.get("resolution", ""))
    version = entry.get("version")
    return Entry(
        version if isinstance(version, str) and not soft else None, wants,
        "required" if fits_platform(conditions, host) else "optional", anchor=key,
    )


def _meta_need(meta: Mapping[str, Any]) -> Need:
    return "optional" if meta.get("optional") == "true" else "required"


def _key(name: str, spec: str, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """The entry that a range leads to; yarn 3 writes it without the `npm:` of its key."""
    return next((key for key in (f"{name}@{spec}", f"{name}@npm:{spec}") if key in entries), f"{name}@{spec}")


def _name(descriptor: str) -> str:
    match = _DESCRIPTOR.match(descriptor)
    return match[1] if match else descriptor


def _local(spec: str) -> bool:
    return spec.startswith(("file:", "link:", "workspace:", "portal:", ".", "/"))
