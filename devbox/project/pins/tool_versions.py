"""`.tool-versions` as mise reads it (spec/toolchains.md 2 and 6, last paragraph).

Source: `config_file/tool_versions.rs`. asdf reads the same file by other rules.
"""

from __future__ import annotations

from devbox.project.pins.mise_toml import Wish, tool_name


def parse_for_mise(text: str) -> dict[str, tuple[Wish, ...]]:
    """Tool → its versions; of several lines for a tool the last stays."""
    found: dict[str, tuple[Wish, ...]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        name, *versions = line.partition("#")[0].split() or [""]
        if name:
            found[tool_name(name.rstrip(":"))] = tuple(Wish(version, number) for version in versions)
    return found
