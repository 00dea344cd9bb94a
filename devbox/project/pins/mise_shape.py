"""The types that mise demands in a `mise.toml`: a value of another type makes every mise command fail.

Only those keys that decide about tools, or that are common, are checked; mise accepts unknown keys, and so is a key
that is not listed here. Source: mise's `config/config_file/mise_toml.rs` and `settings.toml`, tried with 2026.9.15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from devbox.core.frozen import dataclass
from devbox.project.toml_source import Node


@dataclass(frozen=True, slots=True)
class Misshapen:
    """The first value of a wrong type."""

    sentence: str
    line: int | None


def misshapen(table: Mapping[str, Node]) -> Misshapen | None:
    """What mise would refuse; None for a file whose values have the right types, tools left out."""
    return next(_problems(table), None)


def misshapen_early(table: Mapping[str, Node]) -> Misshapen | None:
    """The same for a `.miserc.toml`."""
    return next(_wrong(table, MISERC, ""), None)


def _problems(table: Mapping[str, Node]) -> Iterator[Misshapen]:
    for name, node in table.items():
        if name in _TABLES and node.table is None:
            yield Misshapen(f"`{name}` is not a table", node.origin.line)
    yield from _wrong(table, _TOP, "")
    yield from _wrong(_table(table.get("settings")), _SETTINGS, "settings.")
    for key in ("alias", "tool_alias"):
        for tool, node in _table(table.get(key)).items():
            if not _is_alias(node):
                yield Misshapen(f"`{key}.{tool}` is not a table of versions", node.origin.line)


def _wrong(table: Mapping[str, Node], shapes: Mapping[str, _Shape], prefix: str) -> Iterator[Misshapen]:
    for name, node in table.items():
        shape = shapes.get(name)
        if shape is not None and not shape.fits(node):
            yield Misshapen(f"`{prefix}{name}` is not {shape.words}", node.origin.line)


@dataclass(frozen=True, slots=True)
class _Shape:
    words: str
    fits: Callable[[Node], bool]


def _is_text(node: Node) -> bool:
    return isinstance(node.value, str)


def _is_list(node: Node) -> bool:
    return node.array is not None and all(map(_is_text, node.array))


def _is_min_version(node: Node) -> bool:
    if node.table is None:
        return _is_text(node) and node.value != ""
    return all(name in ("hard", "soft") and _is_text(item) for name, item in node.table.items())


def _is_alias(node: Node) -> bool:
    if _is_text(node):
        return True
    if node.table is None:
        return False
    versions = node.table.get("versions")
    return versions is None or (versions.table is not None and all(map(_is_text, versions.table.values())))


def _table(node: Node | None) -> Mapping[str, Node]:
    return (node.table or {}) if node is not None else {}


_LIST = _Shape("a list of strings", _is_list)
_FLAG = _Shape("true or false", lambda node: isinstance(node.value, bool))
_TEXT = _Shape("a string", _is_text)
_COUNT = _Shape("a number", lambda node: isinstance(node.value, int) and not isinstance(node.value, bool))

_TABLES = ("alias", "hooks", "plugins", "settings", "task_config", "tasks", "tool_alias", "tools", "vars")
_TOP: dict[str, _Shape] = {
    "env": _Shape("a table", lambda node: node.table is not None or node.array is not None),
    "env_file": _Shape("a path or a list of paths", lambda node: _is_text(node) or _is_list(node)),
    "env_path": _Shape("a path or a list of paths", lambda node: _is_text(node) or _is_list(node)),
    "min_version": _Shape("a version, or a table of `hard` and `soft`", _is_min_version),
    "monorepo_root": _FLAG,
}
_LISTS = (
    "ceiling_paths", "disable_backends", "disable_tools", "enable_tools", "env", "idiomatic_version_file_disable_files",
    "idiomatic_version_file_disable_tools", "idiomatic_version_file_enable_tools", "ignored_config_paths",
    "legacy_version_file_disable_tools", "override_config_filenames", "override_tool_versions_filenames",
    "shared_install_dirs", "trusted_config_paths",
)
_FLAGS = (
    "all_compile", "always_keep_download", "always_keep_install", "asdf_compat", "auto_env", "auto_install", "color",
    "disable_default_registry", "env_conf_d", "exec_auto_install", "experimental", "idiomatic_version_file",
    "legacy_version_file", "libgit2", "lockfile", "locked", "not_found_auto_install", "offline", "paranoid", "pin",
    "prefer_offline", "quiet", "raw", "safe", "silent", "verbose", "yes",
)
_TEXTS = (
    "arch", "default_config_filename", "default_tool_versions_filename", "http_timeout", "log_level", "os", "profile",
)
_GROUPS = ("cargo", "go", "node", "npm", "python", "ruby", "rust", "status", "swift")
_SETTINGS: dict[str, _Shape] = {
    **dict.fromkeys(_LISTS, _LIST),
    **dict.fromkeys(_FLAGS, _FLAG),
    **dict.fromkeys(_TEXTS, _TEXT),
    **dict.fromkeys(("http_retries", "jobs"), _COUNT),
    **dict.fromkeys(_GROUPS, _Shape("a table", lambda node: node.table is not None)),
}
MISERC = {
    "auto_env": _FLAG, "ceiling_paths": _LIST, "env": _LIST, "env_conf_d": _FLAG, "ignored_config_paths": _LIST,
    "override_config_filenames": _LIST, "override_tool_versions_filenames": _LIST,
}
"""Keys of `.miserc.toml`."""
