"""`mise.lock` and its variants: which one belongs to a configuration, and its versions (spec/toolchains.md 5.5)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from devbox.core.errors import ConfigError
from devbox.core.toolchain.mise import Locked
from devbox.project.pins.mise_toml import tool_name
from devbox.project.toml_source import Node, parse_toml

_ENVIRONMENT = re.compile(r"(?:\.?mise|config)\.([^.]+(?:\.[^.]+)*?)(?:\.local)?\.toml")
_VERSIONS = (1, 2)
"""Of lock files, as far as mise 2026.9 knows them; a later one is not read. Only the second has specifiers."""


def path_for(config: str) -> str:
    """The lock file of a configuration file; those of a `conf.d` share one."""
    folder, name = os.path.split(config)
    if os.path.basename(folder) == "conf.d":
        folder = os.path.dirname(folder)
    local = name.endswith(".local.toml")
    match = _ENVIRONMENT.fullmatch(name)
    environment = f".{match[1]}" if match and match[1] != "local" else ""
    return os.path.join(folder, f"mise{environment}{'.local' if local else ''}.lock")


def paths_beside(config: str, environments: tuple[str, ...]) -> tuple[str, ...]:
    """Every lock file of a configuration's folder, in the order in which mise asks them for what no file of its own
    has: an environment variable's version, another manager's file."""
    folder = os.path.dirname(path_for(config))
    names = [
        *(f"mise.{name}.local.lock" for name in environments), "mise.local.lock",
        *(f"mise.{name}.lock" for name in environments), "mise.lock",
    ]
    return tuple(os.path.join(folder, name) for name in names)


def parse(data: bytes, shown: str) -> Mapping[str, tuple[Locked, ...]]:
    """Tool → its entries in the file's order; nothing where it is broken or too new."""
    try:
        table = parse_toml(data, shown).table or {}
    except ConfigError:
        return {}
    header = table.get("lockfile_version")
    version = header.value if header else 1
    if version not in _VERSIONS:
        return {}
    tools = table.get("tools")
    found: dict[str, tuple[Locked, ...]] = {}
    for name, node in ((tools.table or {}) if tools else {}).items():
        entries = node.array if node.array is not None else (node,)
        tables = [entry.table for entry in entries if entry.table is not None]
        found[tool_name(name)] = tuple(
            Locked(
                table["version"].value,
                _strings(table.get("specifiers")) if version > 1 else (),
                _options(table.get("options")),
            )
            for table in tables
            if "version" in table and isinstance(table["version"].value, str)
        )
    return found


def _options(node: Node | None) -> tuple[tuple[str, str], ...]:
    table = (node.table or {}) if node is not None else {}
    return tuple(sorted((name, str(item.value)) for name, item in table.items()))


def _strings(node: Node | None) -> tuple[str, ...]:
    items = (node.array or ()) if node is not None else ()
    return tuple(item.value for item in items if isinstance(item.value, str))
