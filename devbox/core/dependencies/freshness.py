"""Is a lock file made for what its manifest asks for now? Judged by content alone, never by a time stamp."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from devbox.core.dependencies.model import Problem
from devbox.core.frozen import dataclass

SHOWN = 3
"""Changes that a message names; the rest is counted."""

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$", re.DOTALL)
_RUNS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class Requirements:
    """Python requirements without their markers, which tools rewrite: name → its sets of clauses."""

    by_name: Mapping[str, frozenset[str]]

    @staticmethod
    def of(pairs: Iterable[tuple[str, str]]) -> Requirements:
        """From names and PEP 440 sets, as written."""
        found: dict[str, set[str]] = {}
        for name, specifier in pairs:
            clauses = sorted(clause.replace(" ", "") for clause in specifier.strip("()").split(",") if clause.strip())
            found.setdefault(name, set()).add(",".join(clauses))
        return Requirements({name: frozenset(sets) for name, sets in found.items()})


def requirement(line: str) -> tuple[str, str] | None:
    """A PEP 508 line's canonical name and version set; None where it is none. A URL counts as no set."""
    match = _NAME.match(line)
    if match is None:
        return None
    rest = match[2].partition(";")[0].strip()
    return _RUNS.sub("-", match[1]).lower(), "" if rest.startswith("@") else rest


def changes(asked: Requirements, locked: Requirements) -> list[str]:
    """What a manifest asks for that the lock was not made for, in words."""
    found = []
    for name in sorted({*asked.by_name, *locked.by_name}):
        now, then = asked.by_name.get(name), locked.by_name.get(name)
        if then is None:
            found.append(f"{name} is new")
        elif now is None:
            found.append(f"{name} is gone")
        elif now != then:
            found.append(f"{name} {_sets(now)} instead of {_sets(then)}")
    return found


def node_changes(asked: Mapping[str, str], locked: Mapping[str, str]) -> list[str]:
    """The same for npm's dependencies: name → range as written."""
    found = []
    for name in sorted({*asked, *locked}):
        if name not in locked:
            found.append(f"{name} is new")
        elif name not in asked:
            found.append(f"{name} is gone")
        elif asked[name] != locked[name]:
            found.append(f"{name} {asked[name]} instead of {locked[name]}")
    return found


def stale(lock: str, manifest: str, found: Sequence[str], relock: str) -> Problem | None:
    """The problem of a lock file that lags behind its manifest; None where nothing changed."""
    if not found:
        return None
    rest = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return Problem(
        "stale", lock, f"{lock} was not made for what {manifest} asks for now: {', '.join(found[:SHOWN])}{rest}",
        hint=f"`{relock}`", expected=f"a lock of {manifest} as it is now", actual=f"{len(found)} changed",
    )


def _sets(sets: frozenset[str]) -> str:
    return " or ".join(sorted(one or "any version" for one in sets))


_POETRY_LEGACY = ("dependencies", "source", "extras", "dev-dependencies")
_POETRY_PROJECT = ("requires-python", "dependencies", "optional-dependencies")


def poetry_hashes(pyproject: Mapping[str, Any]) -> tuple[str, ...]:
    """The content hashes that a poetry.lock of this pyproject.toml may carry: since 2.3 with dependency groups, before
    without. Poetry's rule is `Locker._get_content_hash` (python-poetry/poetry `packages/locker.py`)."""
    try:
        return tuple(dict.fromkeys(_poetry_hash(pyproject, with_groups=flag) for flag in (True, False)))
    except (TypeError, ValueError):  # a date, which JSON has not
        return ()


def _poetry_hash(pyproject: Mapping[str, Any], *, with_groups: bool) -> str:
    tool = pyproject.get("tool")
    poetry = tool.get("poetry", {}) if isinstance(tool, Mapping) else {}
    project = pyproject.get("project", {})
    groups = pyproject.get("dependency-groups", {}) if with_groups else {}
    relevant: dict[str, Any] = {key: project[key] for key in _POETRY_PROJECT if project.get(key) is not None}
    legacy = {
        key: poetry.get(key)
        for key in (*_POETRY_LEGACY, "group")
        if poetry.get(key) is not None or (key in _POETRY_LEGACY and not relevant and not groups)
    }
    content: dict[str, Any] = {}
    if relevant:
        content["project"] = relevant
    if groups:
        content["dependency-groups"] = groups
    content = {**content, "tool": {"poetry": legacy}} if content else legacy
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
