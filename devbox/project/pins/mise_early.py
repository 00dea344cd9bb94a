"""What mise knows before it reads a configuration: variables and `.miserc.toml` (spec/toolchains.md 5.1, 5.2).

`.miserc.toml` is honoured without trust, so a template in it makes its file dynamic here: it is left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project.pins.files import VersionFiles, folders_up
from devbox.project.pins.mise_names import Naming
from devbox.project.pins.mise_shape import misshapen_early
from devbox.project.pins.mise_toml import has_template
from devbox.project.toml_source import Node, parse_toml

_FLAGS = (
    "MISE_AUTO_ENV", "MISE_ENV_CONF_D", "MISE_EXPERIMENTAL", "MISE_IDIOMATIC_VERSION_FILE", "MISE_LOCKED",
    "MISE_LOCKFILE", "MISE_OFFLINE", "MISE_PARANOID", "MISE_PREFER_OFFLINE", "MISE_SAFE", "MISE_YES",
)
"""Variables that must be a boolean: with any other text every mise command fails."""
_TRUE = ("1", "true", "yes")
_FALSE = ("0", "false", "no")


def flag(env: Mapping[str, str], variable: str) -> bool | None:
    """A boolean variable; None where it is not set, empty, or no boolean."""
    value = env.get(variable, "").lower()
    return True if value in _TRUE else False if value in _FALSE else None


@dataclass(frozen=True, slots=True)
class Early:
    """Settings of the first hour; paths absolute."""

    naming: Naming = field(default_factory=Naming)
    ceilings: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    broken: tuple[str, str, int | None] | None = None
    """What mise can't read at all, a `.miserc.toml` or a variable: as shown, what is wrong, its line."""


def read(
    env: Mapping[str, str], home: str, cwd: str, files: VersionFiles, folders: tuple[str, str]
) -> Early:
    """Variables first, then the nearest `.miserc.toml`, the user's, the system's (the last two are in `folders`)."""
    raw_ceilings = tuple(_expand(path, home) for path in env.get("MISE_CEILING_PATHS", "").split(os.pathsep) if path)
    merged: dict[str, tuple[str, ...] | bool] = {}
    broken: tuple[str, str, int | None] | None = None
    for path in _miserc_files(home, cwd, raw_ceilings, files, folders):
        data = files.read(path)
        if data is None or has_template(data.decode("utf-8", "replace")):
            continue
        try:
            table = parse_toml(data, files.shown(path)).table or {}
        except ConfigError as error:
            broken = files.shown(path), error.summary, error.line
            continue
        wrong = misshapen_early(table)
        if wrong is not None:
            broken = files.shown(path), wrong.sentence, wrong.line
        for name, node in table.items():
            merged.setdefault(name, _plain(name, node, home, path))
    if broken is None:
        odd = (name for name in _FLAGS if env.get(name) and flag(env, name) is None)
        broken = next(((f"env:{name}", "it is not a boolean", None) for name in odd), None)
    return Early(broken=broken) if broken else _settled(env, home, cwd, merged, raw_ceilings)


def _plain(name: str, node: Node, home: str, path: str) -> tuple[str, ...] | bool:
    if node.array is None:
        return node.value is True
    items = tuple(item.value for item in node.array if isinstance(item.value, str))
    if name == "ignored_config_paths":
        return tuple(_expand(item, home, os.path.dirname(path)) for item in items)
    return tuple(_expand(item, home) for item in items) if name == "ceiling_paths" else items


def _settled(
    env: Mapping[str, str], home: str, cwd: str, merged: Mapping[str, tuple[str, ...] | bool],
    ceilings: tuple[str, ...],
) -> Early:
    def words(name: str) -> tuple[str, ...]:
        value = merged.get(name)
        return value if isinstance(value, tuple) else ()

    def on(variable: str, name: str) -> bool:
        told = flag(env, variable)
        return merged.get(name) is True if told is None else told

    names = env.get("MISE_ENV") or env.get("MISE_PROFILE") or env.get("MISE_ENVIRONMENT")
    tool_versions = env.get("MISE_OVERRIDE_TOOL_VERSIONS_FILENAMES")
    if tool_versions is None:
        in_file = merged.get("override_tool_versions_filenames")
        override_tool_versions = in_file if isinstance(in_file, tuple) else None
    else:
        override_tool_versions = () if tool_versions == "none" else _colons(tool_versions)
    written = env.get("MISE_IGNORED_CONFIG_PATHS")
    ignored = tuple(_expand(path, home, cwd) for path in (written or "").split(os.pathsep) if path)
    override_config = env.get("MISE_OVERRIDE_CONFIG_FILENAMES")
    given = tuple(name for name in names.split(",") if name) if names else words("env")
    return Early(
        naming=Naming(
            environments=(*_automatic(given if on("MISE_AUTO_ENV", "auto_env") else None), *given),
            override_config=words("override_config_filenames") if override_config is None else _colons(override_config),
            override_tool_versions=override_tool_versions,
            default_config=env.get("MISE_DEFAULT_CONFIG_FILENAME"),
            default_tool_versions=env.get("MISE_DEFAULT_TOOL_VERSIONS_FILENAME"),
            suffixes=on("MISE_ENV_CONF_D", "env_conf_d"),
        ),
        ceilings=ceilings or words("ceiling_paths"),
        ignored=ignored if written is not None else words("ignored_config_paths"),
    )


def _automatic(given: tuple[str, ...] | None) -> tuple[str, ...]:
    """`auto_env`: the system's own environments, the least specific first, weaker than those that are asked for."""
    if given is None:
        return ()
    system = here()
    return tuple(name for name in ("unix", system[0], f"{system[0]}-{system[1]}") if name not in given)


def here() -> tuple[str, str]:
    """This system and its processor in mise's words: `("linux", "x64")`."""
    uname = os.uname()
    system = uname.sysname.lower()
    return SYSTEM_NAMES.get(system, system), ARCH_NAMES.get(uname.machine, uname.machine)


SYSTEM_NAMES = {"darwin": "macos", "win": "windows"}
ARCH_NAMES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}


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
