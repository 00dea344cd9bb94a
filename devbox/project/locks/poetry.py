"""`poetry.lock` (python-poetry/poetry `packages/locker.py`). From lock version 2.1 on each package says in which groups
and under which markers it is wanted; before, that follows from pyproject.toml through the packages' own requirements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devbox.core.dependencies.freshness import poetry_hashes
from devbox.core.dependencies.model import Need, Problem
from devbox.core.dependencies.selection import Edge, Node, PythonLock, Root
from devbox.project.locks.python_names import canonical
from devbox.project.locks.surroundings import PYPROJECT, Surroundings, table, texts
from devbox.project.locks.toml_tables import read_tables

SYNC = "poetry install"
RELOCK = "poetry lock"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_LINE = re.compile(rf"\s*({_NAME})\s*(?:\[([^\]]*)\])?[^;]*(?:;\s*(.*))?$", re.DOTALL)
_VERSION = re.compile(r"([0-9]+)\.([0-9]+)")


def read(data: bytes, path: str, around: Surroundings) -> PythonLock:
    """The lock; raises ConfigError for what is not TOML."""
    document = read_tables(data, path)
    metadata = table(document.get("metadata"))
    version = _VERSION.match(str(metadata.get("lock-version", "")))
    if version is None or int(version[1]) not in (1, 2):
        return PythonLock(problems=(Problem(
            "unsupported", path, f"{path} has no lock-version that devbox reads; expected 1.x or 2.x",
            hint=f"`{RELOCK}`",
        ),))
    pyproject = around.pyproject()
    packages = [entry for entry in document.get("package") or () if isinstance(entry, dict) and entry.get("name")]
    problems = _staleness(metadata, pyproject, path)
    if (int(version[1]), int(version[2])) >= (2, 1):
        optional = _optional_groups(pyproject)
        roots = tuple(root for entry in packages for root in _own_roots(entry, optional))
        return PythonLock(tuple(_node(entry, edges=False) for entry in packages), roots, problems)
    return PythonLock(tuple(_node(entry, edges=True) for entry in packages), tuple(_project_roots(pyproject)), problems)


def _staleness(metadata: Mapping[str, Any], pyproject: Mapping[str, Any], path: str) -> tuple[Problem, ...]:
    recorded = metadata.get("content-hash")
    expected = poetry_hashes(pyproject) if pyproject else ()
    if not isinstance(recorded, str) or not expected or recorded in expected:
        return ()
    return (Problem(
        "stale", path, f"{path} was not made for what {PYPROJECT} asks for now: its content-hash is another one",
        hint=f"`{RELOCK}`", expected=expected[0][:12], actual=recorded[:12],
    ),)


def _node(entry: Mapping[str, Any], *, edges: bool) -> Node:
    name, version, source = str(entry["name"]), entry.get("version"), table(entry.get("source"))
    pinned = isinstance(version, str) and source.get("type") != "directory"
    anchor = f'name = "{name}"\nversion = "{version}"\n'
    inner = tuple(_edges(table(entry.get("dependencies")))) if edges else ()
    return Node(canonical(name), str(version) if pinned else None, inner, anchor=anchor)


def _edges(dependencies: Mapping[str, Any]) -> Iterator[Edge]:
    """Requirements in Poetry's own notation: a version, a table, or several tables."""
    for name, value in dependencies.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                marker = _marker(one)
                yield Edge(canonical(name), marker, extras=texts(one.get("extras")))
            else:
                yield Edge(canonical(name))


def _marker(constraint: Mapping[str, Any]) -> str:
    parts = [str(constraint["markers"])] if isinstance(constraint.get("markers"), str) else []
    if isinstance(constraint.get("platform"), str):
        parts.append(f'sys_platform == "{constraint["platform"]}"')
    python = constraint.get("python")
    if isinstance(python, str):
        clauses = [re.fullmatch(r"\s*(<=|>=|<|>|==|!=)\s*([0-9.*]+)\s*", clause) for clause in python.split(",")]
        # Caret, tilde and alternatives are no marker: that Python decides is then not known, and said so.
        parts += [f'python_version {clause[1]} "{clause[2]}"' if clause else "?" for clause in clauses]
    return " and ".join(f"({part})" if " or " in part else part for part in parts)


def _optional_groups(pyproject: Mapping[str, Any]) -> frozenset[str]:
    groups = table(pyproject, "tool", "poetry", "group")
    return frozenset(canonical(name) for name, group in groups.items() if table(group).get("optional") is True)


def _own_roots(entry: Mapping[str, Any], optional: frozenset[str]) -> Iterator[Root]:
    """Lock version 2.1: the package's own groups and markers, one for all groups or one for each."""
    name, version, markers = canonical(str(entry["name"])), entry.get("version"), entry.get("markers", "")
    for group in texts(entry.get("groups")) or ("main",):
        marker = markers.get(group, "") if isinstance(markers, dict) else markers
        need: Need = "required" if group == "main" else "optional" if canonical(group) in optional else "dev"
        edge = Edge(name, str(marker), version if isinstance(version, str) else None)
        yield Root(edge, need)


def _project_roots(pyproject: Mapping[str, Any]) -> Iterator[Root]:
    """What pyproject.toml asks for, in Poetry's notation and in the standard one; extras are left out."""
    poetry = table(pyproject, "tool", "poetry")
    for line in texts(table(pyproject, "project").get("dependencies")):
        match = _LINE.match(line)
        if match is not None:
            extras = tuple(extra.strip() for extra in (match[2] or "").split(",") if extra.strip())
            yield Root(Edge(canonical(match[1]), match[3] or "", extras=extras))
    yield from _poetry_roots(table(poetry.get("dependencies")), "required")
    yield from _poetry_roots(table(poetry.get("dev-dependencies")), "dev")
    for group in table(poetry.get("group")).values():
        need: Need = "optional" if table(group).get("optional") is True else "dev"
        yield from _poetry_roots(table(table(group).get("dependencies")), need)


def _poetry_roots(dependencies: Mapping[str, Any], need: Need) -> Iterator[Root]:
    wanted = {
        name: value
        for name, value in dependencies.items()
        if name.lower() != "python" and not (isinstance(value, dict) and value.get("optional") is True)
    }
    for edge in _edges(wanted):
        yield Root(edge, need)
