"""Dependency groups of a pyproject.toml (PEP 735), with the groups that they include."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.project.locks.python_names import canonical


def expanded(groups: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Group → its requirement lines, included groups' own too. A group that includes itself adds nothing."""
    return {name: _lines(groups, name, ()) for name in groups}


def _lines(groups: Mapping[str, Any], name: str, above: tuple[str, ...]) -> tuple[str, ...]:
    key = next((one for one in groups if canonical(one) == canonical(name)), None)
    if key is None or key in above or len(above) > 32:
        return ()
    found: list[str] = []
    rows = groups[key]
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, str):
            found.append(row)
        elif isinstance(row, dict) and isinstance(row.get("include-group"), str):
            found.extend(_lines(groups, row["include-group"], (*above, key)))
    return tuple(dict.fromkeys(found))
