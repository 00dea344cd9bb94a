"""`mise.lock` and its variants: which one belongs to a configuration, and its versions (spec/toolchains.md 5.5)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from devbox.core.errors import ConfigError
from devbox.project.pins.mise_toml import tool_name
from devbox.project.toml_source import Node, parse_toml

_ENVIRONMENT = re.compile(r"(?:\.?mise|config)\.([^.]+(?:\.[^.]+)*?)(?:\.local)?\.toml")


def path_for(config: str) -> str:
    """The lock file of a configuration file; those of a `conf.d` share one."""
    folder, name = os.path.split(config)
    if os.path.basename(folder) == "conf.d":
        folder = os.path.dirname(folder)
    local = name.endswith(".local.toml")
    match = _ENVIRONMENT.fullmatch(name)
    environment = f".{match[1]}" if match and match[1] != "local" else ""
    return os.path.join(folder, f"mise{environment}{'.local' if local else ''}.lock")


def parse(data: bytes, shown: str) -> Mapping[str, tuple[str, ...]]:
    """Tool → its locked versions in the file's order, entries with options left out; nothing where it is broken."""
    try:
        tools = (parse_toml(data, shown).table or {}).get("tools")
    except ConfigError:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for name, node in ((tools.table or {}) if tools else {}).items():
        entries = node.array if node.array is not None else (node,)
        tables = [entry.table for entry in entries if entry.table is not None]
        plain = [table for table in tables if not _has_keys(table.get("options"))]
        versions = [table["version"].value for table in plain if "version" in table]
        found[tool_name(name)] = tuple(version for version in versions if isinstance(version, str))
    return found


def _has_keys(node: Node | None) -> bool:
    return node is not None and bool(node.table)
