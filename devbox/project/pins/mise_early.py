"""What mise knows before it reads a configuration: variables and `.miserc.toml` (spec/toolchains.md 5.1, 5.2).

`.miserc.toml` is honoured without trust, so a template in it makes its file dynamic here: it is left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from devbox.core.errors import ConfigError
from devbox.project.pins.files import VersionFiles, folders_up
from devbox.project.pins.mise_names import Naming
from devbox.project.pins.mise_toml import has_template
from devbox.project.toml_source import parse_toml


@dataclass(frozen=True, slots=True)
class Early:
    """Settings of the first hour; paths absolute."""

    naming: Naming = field(default_factory=Naming)
    ceilings: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    broken: tuple[str, str, int | None] | None = None
    """A `.miserc.toml` that mise can't read: its shown path, what is wrong, its line."""


def read(
    env: Mapping[str, str], home: str, cwd: str, files: VersionFiles, folders: tuple[str, str]
) -> Early:
    """Variables first, then the nearest `.miserc.toml`, the user's, the system's (the last two are in `folders`)."""
    raw_ceilings = tuple(_expand(path, home) for path in env.get("MISE_CEILING_PATHS", "").split(os.pathsep) if path)
    merged: dict[str, tuple[str, ...]] = {}
    for path in _miserc_files(home, cwd, raw_ceilings, files, folders):
        data = files.read(path)
        if data is None or has_template(data.decode("utf-8", "replace")):
            continue
        try:
            table = parse_toml(data, files.shown(path)).table or {}
        except ConfigError as error:
            return Early(broken=(files.shown(path), error.summary, error.line))
        for name, node in table.items():
            items = tuple(item.value for item in node.array or () if isinstance(item.value, str))
            if name.endswith("_paths"):
                items = tuple(_expand(item, home, os.path.dirname(path)) for item in items)
            if node.array is not None:
                merged.setdefault(name, items)
    return _settled(env, home, cwd, merged, raw_ceilings)


def _settled(
    env: Mapping[str, str], home: str, cwd: str, merged: Mapping[str, tuple[str, ...]], ceilings: tuple[str, ...]
) -> Early:
    names = env.get("MISE_ENV") or env.get("MISE_PROFILE") or env.get("MISE_ENVIRONMENT")
    tool_versions = env.get("MISE_OVERRIDE_TOOL_VERSIONS_FILENAMES")
    if tool_versions is None:
        override_tool_versions = merged.get("override_tool_versions_filenames")
    else:
        override_tool_versions = () if tool_versions == "none" else _colons(tool_versions)
    written = env.get("MISE_IGNORED_CONFIG_PATHS", "").split(os.pathsep)
    ignored = tuple(_expand(path, home, cwd) for path in written if path)
    override_config = _colons(env.get("MISE_OVERRIDE_CONFIG_FILENAMES"))
    return Early(
        naming=Naming(
            environments=tuple(name for name in names.split(",") if name) if names else merged.get("env", ()),
            override_config=override_config or merged.get("override_config_filenames", ()),
            override_tool_versions=override_tool_versions,
            default_config=env.get("MISE_DEFAULT_CONFIG_FILENAME"),
            default_tool_versions=env.get("MISE_DEFAULT_TOOL_VERSIONS_FILENAME"),
        ),
        ceilings=ceilings or merged.get("ceiling_paths", ()),
        ignored=ignored or merged.get("ignored_config_paths", ()),
    )


def _miserc_files(
    home: str, cwd: str, ceilings: tuple[str, ...], files: VersionFiles, folders: tuple[str, str]
) -> list[str]:
    found: list[str] = []
    for folder in folders_up(cwd):
        if folder in ceilings:
            break
        found.append(os.path.join(folder, ".miserc.toml"))
        if folder in (home, "/"):
            break
        found.append(os.path.join(folder, ".config", "miserc.toml"))
    found += [os.path.join(folder, "miserc.toml") for folder in folders]
    return [path for path in found if files.is_file(path)]


def _expand(path: str, home: str, start: str = "/") -> str:
    if path == "~" or path.startswith("~/"):
        path = home + path[1:]
    return os.path.normpath(os.path.join(start, path))


def _colons(text: str | None) -> tuple[str, ...]:
    return tuple(name for name in (text or "").split(":") if name)
