"""`mise.toml` as data: tools, aliases, settings, whether mise reads it without trust (spec/toolchains.md 5.3, 5.7).

Templates are recognised, never rendered; whatever runs something in mise is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project.pins.mise_shape import misshapen
from devbox.project.toml_source import Node, parse_toml

_DELIMITERS = ("{{", "{%", "{#")
_SELECTORS = ("version", "path", "prefix", "ref")
_TOOL_LINE = re.compile(r"^[ \t]*\"?([A-Za-z][A-Za-z0-9_:/@.-]{0,63})\"?[ \t]*=", re.MULTILINE)
_TOOLS_SECTION = re.compile(r"^[ \t]*\[tools\][^\n]*\n((?:(?![ \t]*\[)[^\n]*\n?)*)", re.MULTILINE)

BACKEND_ALIASES = {"nodejs": "node", "golang": "go", "dotnet-core": "dotnet"}


@dataclass(frozen=True, slots=True)
class Wish:
    """One version of one tool as written."""

    text: str
    line: int
    systems: tuple[str, ...] | None = None
    """`os = […]`; None means every one, an empty list none."""

    @property
    def dynamic(self) -> bool:
        """Whether mise would render a template here."""
        return has_template(self.text)


@dataclass(frozen=True, slots=True)
class MiseToml:
    """What one file says."""

    tools: Mapping[str, tuple[Wish, ...]] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    min_version: str | None = None
    safe: bool = True
    """Read by mise without trust."""
    problem: str | None = None
    """Why mise fails on it; then `named` are the tools that its text seems to name. Its settings hold all the same."""
    line: int | None = None
    named: tuple[str, ...] = ()


def parse(data: bytes, shown: str) -> MiseToml:
    """The file; never raises."""
    try:
        document = parse_toml(data, shown)
    except ConfigError as error:
        return _broken(data, error.summary, error.line)
    table = document.table or {}
    safe = not has_template(data.decode("utf-8", "replace")) and _is_safe(table)
    min_version = _min_version(table.get("min_version"))
    wrong = misshapen(table)
    if wrong is not None:
        return _broken(data, wrong.sentence, wrong.line, safe, _settings(table), min_version)
    tools: dict[str, tuple[Wish, ...]] = {}
    for name, node in _table(table.get("tools")).items():
        wishes = tuple(_wishes(node))
        if any(wish is None for wish in wishes):
            problem = f"`tools.{name}` is not a version, a list of versions or a table"
            return _broken(data, problem, node.origin.line, safe, _settings(table), min_version)
        tools[tool_name(name)] = tuple(wish for wish in wishes if wish is not None)
    return MiseToml(tools, _aliases(table), _settings(table), min_version, safe)


def tool_name(name: str) -> str:
    """The one name of a tool: `nodejs` and `core:node` are `node`."""
    bare = name.removeprefix("core:")
    return BACKEND_ALIASES.get(bare, bare)


def has_template(text: str) -> bool:
    """Whether the text has a template delimiter."""
    return any(mark in text for mark in _DELIMITERS)


def _broken(
    data: bytes, problem: str, line: int | None, safe: bool = False, settings: Mapping[str, Any] | None = None,
    min_version: str | None = None,
) -> MiseToml:
    sections = _TOOLS_SECTION.findall(data.decode("utf-8", "replace"))
    named = tuple(tool_name(name) for section in sections for name in _TOOL_LINE.findall(section))
    return MiseToml(
        settings=settings or {}, problem=problem, line=line, named=named, safe=safe, min_version=min_version
    )


def _table(node: Node | None) -> Mapping[str, Node]:
    return (node.table or {}) if node is not None else {}


def _wishes(node: Node) -> Iterator[Wish | None]:
    """The versions of one entry; None for what mise refuses."""
    items = node.array if node.array is not None else (node,)
    for item in items:
        line = item.origin.line or 0
        if isinstance(item.value, str):
            yield Wish(item.value, line)
        elif item.table is not None:
            yield _table_wish(item.table, line)
        else:
            yield None


def _is_words(node: Node) -> bool:
    return isinstance(node.value, str) or (
        node.array is not None and all(isinstance(item.value, str) for item in node.array)
    )


_OPTIONS: dict[str, Callable[[Node], bool]] = {
    "os": _is_words, "depends": _is_words, "install_env": lambda node: node.table is not None,
    "postinstall": lambda node: isinstance(node.value, str),
}
"""Options of a tool whose type mise checks; of the others it takes any."""


def _table_wish(table: Mapping[str, Node], line: int) -> Wish | None:
    chosen = [name for name in _SELECTORS if name in table]
    text = table[chosen[0]].value if len(chosen) == 1 else None
    if not isinstance(text, str):
        return None
    if any(name in table and not fits(table[name]) for name, fits in _OPTIONS.items()):
        return None
    systems = table.get("os")
    items = systems.array if systems and systems.array is not None else (systems,) if systems else ()
    names = tuple(item.value for item in items if isinstance(item.value, str)) if systems else None
    return Wish(text if chosen[0] == "version" else f"{chosen[0]}:{text}", line, names)


def _aliases(table: Mapping[str, Node]) -> dict[str, dict[str, str]]:
    """`[tool_alias.<tool>.versions]`, and its older spelling `[alias.<tool>]`; here `nodejs` is not `node`."""
    found: dict[str, dict[str, str]] = {}
    for key in ("alias", "tool_alias"):
        node = table.get(key)
        for tool, entry in ((node.table or {}) if node else {}).items():
            versions = (entry.table or {}).get("versions")
            words = (versions.table if versions else None) or (entry.table or {})
            plain = {name: item.value for name, item in words.items() if isinstance(item.value, str)}
            found.setdefault(tool, {}).update(plain)
    return found


def _settings(table: Mapping[str, Node]) -> dict[str, Any]:
    return {name: _plain(item) for name, item in _table(table.get("settings")).items()}


def _plain(node: Node) -> Any:
    if node.table is not None:
        return {name: _plain(item) for name, item in node.table.items()}
    return [_plain(item) for item in node.array] if node.array is not None else node.value


def _min_version(node: Node | None) -> str | None:
    if node is None:
        return None
    hard = (node.table or {}).get("hard") if node.table is not None else node
    return hard.value if hard is not None and isinstance(hard.value, str) else None


def _is_safe(table: Mapping[str, Node]) -> bool:
    """mise's `is_safe_config_body`: only min_version, tasks, and tools as plain strings; no template anywhere."""
    if any(key not in ("min_version", "tasks", "tools") for key in table) or any(map(has_template, _strings(table))):
        return False
    tools = table.get("tools")
    if tools is None:
        return True
    return tools.table is not None and all(
        isinstance(entry.value, str)
        or (entry.array is not None and all(isinstance(item.value, str) for item in entry.array))
        for entry in tools.table.values()
    )


def _strings(table: Mapping[str, Node]) -> Iterator[str]:
    """Every decoded string of the document, keys and values."""
    pending: list[Node | Mapping[str, Node]] = [table]
    while pending:
        item = pending.pop()
        if isinstance(item, Node):
            if isinstance(item.value, str):
                yield item.value
            pending += item.array or ()
            item = item.table or {}
        yield from item
        pending += item.values()
