"""`uv.lock`: every package for every platform, the requirements between them with markers (docs.astral.sh/uv, "The lock
file"). Wanted is what a plain `uv sync` installs: the project, its dependencies, its default groups; no extras.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from devbox.core.dependencies.freshness import Requirements, changes, requirement, stale
from devbox.core.dependencies.model import Problem
from devbox.core.dependencies.selection import Edge, Node, PythonLock, Root
from devbox.project.locks.dependency_groups import expanded
from devbox.project.locks.python_names import canonical
from devbox.project.locks.surroundings import PYPROJECT, Surroundings, table, texts
from devbox.project.locks.toml_tables import read_tables

SYNC = "uv sync"
RELOCK = "uv lock"
_FOLDERS = ("editable", "directory", "virtual")


def read(data: bytes, path: str, around: Surroundings) -> PythonLock:
    """The lock; raises ConfigError for what is not TOML."""
    document = read_tables(data, path)
    packages = [entry for entry in _rows(document.get("package")) if entry.get("name")]
    if document.get("version") != 1:
        return PythonLock(problems=(Problem(
            "unsupported", path, f"{path} has version {document.get('version')!r}; devbox reads version 1",
        ),))
    pyproject = around.pyproject()
    roots = _roots(document, packages, pyproject)
    own = next((entry for entry in packages if _folder(entry) == "."), None)
    problems = (_staleness(own, document, pyproject, path),) if own is not None and pyproject else ()
    return PythonLock(
        tuple(_node(entry) for entry in packages), roots, tuple(found for found in problems if found is not None)
    )


def _folder(entry: Mapping[str, Any]) -> str | None:
    """The folder of a package that is one of the project's own; None for any other."""
    source = table(entry.get("source"))
    return next((str(source[kind]) for kind in _FOLDERS if kind in source), None)


def _node(entry: Mapping[str, Any]) -> Node:
    name, source = canonical(str(entry["name"])), table(entry.get("source"))
    version = entry.get("version")
    extras = {
        extra: _edges(edges) for extra, edges in table(entry.get("optional-dependencies")).items()
    }
    anchor = f'name = "{entry["name"]}"\n' + (f'version = "{version}"\n' if version else "")
    pinned = isinstance(version, str) and not any(kind in source for kind in _FOLDERS)
    return Node(
        name, version if pinned else None, _edges(entry.get("dependencies")), extras, anchor, "virtual" not in source
    )


def _rows(value: Any) -> list[dict[str, Any]]:
    """The tables of an array; whatever else stands in it is left out."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _edges(rows: Any) -> tuple[Edge, ...]:
    return tuple(
        Edge(
            canonical(str(row.get("name", ""))), str(row.get("marker", "")),
            row["version"] if isinstance(row.get("version"), str) else None, texts(row.get("extra")),
        )
        for row in _rows(rows)
    )


def _roots(
    document: Mapping[str, Any], packages: list[dict[str, Any]], pyproject: Mapping[str, Any]
) -> tuple[Root, ...]:
    """The project itself; where the root is only a workspace, all its members and the root's own groups."""
    manifest = table(document.get("manifest"))
    members = {canonical(name) for name in texts(manifest.get("members"))}
    own = [entry for entry in packages if _folder(entry) == "."]
    chosen = own or [entry for entry in packages if canonical(str(entry["name"])) in members]
    found = [Root(Edge(canonical(str(entry["name"])))) for entry in chosen]
    for groups in (*(table(entry.get("dev-dependencies")) for entry in chosen), table(manifest, "dependency-groups")):
        for group in _default_groups(pyproject, groups):
            found += [Root(edge, "dev") for edge in _edges(groups.get(group))]
    found += [Root(edge) for edge in _edges(manifest.get("requirements"))]
    return tuple(found)


def _default_groups(pyproject: Mapping[str, Any], groups: Mapping[str, Any]) -> Iterable[str]:
    """The groups that a plain `uv sync` installs, by the names that the lock has for them."""
    wanted = table(pyproject, "tool", "uv").get("default-groups", ["dev"])
    return groups if wanted == "all" else [canonical(name) for name in texts(wanted)]


def _staleness(
    own: Mapping[str, Any], document: Mapping[str, Any], pyproject: Mapping[str, Any], path: str
) -> Problem | None:
    """Whether the lock was made for what pyproject.toml asks for now: `uv lock --check`, from content."""
    metadata = table(own.get("metadata"))
    project = table(pyproject.get("project"))
    found = []
    if "dependencies" not in texts(project.get("dynamic")):
        found += _differences(_declared(project), metadata.get("requires-dist"))
    groups = {canonical(name): lines for name, lines in expanded(table(pyproject.get("dependency-groups"))).items()}
    legacy = texts(table(pyproject, "tool", "uv").get("dev-dependencies"))
    if legacy:
        groups = {**groups, "dev": (*groups.get("dev", ()), *legacy)}
    recorded = table(metadata.get("requires-dev"))
    for group in sorted({*groups, *recorded}):
        changed = _differences(groups.get(group, ()), recorded.get(group))
        found += [f"{change} (group {group})" for change in changed]
    asked_python, locked_python = project.get("requires-python"), document.get("requires-python")
    if isinstance(asked_python, str) and isinstance(locked_python, str) and not _same_set(asked_python, locked_python):
        found.append(f"python {asked_python} instead of {locked_python}")
    return stale(path, PYPROJECT, found, RELOCK)


def _declared(project: Mapping[str, Any]) -> list[str]:
    lines = list(texts(project.get("dependencies")))
    if "optional-dependencies" not in texts(project.get("dynamic")):
        lines += [line for extra in table(project.get("optional-dependencies")).values() for line in texts(extra)]
    return lines


def _differences(lines: Iterable[str], recorded: Any) -> list[str]:
    """Requirement lines beside the lock's record of them; it drops the version set of what comes from a folder, a
    checkout or a URL."""
    rows = [(canonical(str(row.get("name", ""))), row) for row in _rows(recorded)]
    direct = {name for name, row in rows if any(kind in row for kind in (*_FOLDERS, "git", "url", "path"))}
    pairs = [pair for line in lines if (pair := requirement(line)) is not None]
    asked = Requirements.of((name, "" if name in direct else spec) for name, spec in pairs)
    locked = Requirements.of((name, "" if name in direct else str(row.get("specifier", ""))) for name, row in rows)
    return changes(asked, locked)


def _same_set(one: str, two: str) -> bool:
    def clauses(text: str) -> set[str]:
        return {clause.replace(" ", "") for clause in text.split(",")}

    return clauses(one) == clauses(two)
