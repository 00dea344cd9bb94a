"""Which files mise reads in one folder, strongest first (spec/toolchains.md 5.2). Names only; nothing is opened here.

Source: `LOCAL_CONFIG_FILENAMES`, `env_config_patterns` and `load_config_hierarchy_from_dir` of mise's `config/mod.rs`,
corrected by mise 2026.9.15 itself: it reads `mise/conf.d/*.toml` and no `.rtx.toml` any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from devbox.core.frozen import dataclass

TOOL_VERSIONS = ".tool-versions"
CONF_D = "*"
"""Stands for every file of a `conf.d` folder."""

_TOML = (
    ".config/mise/conf.d/*.toml", ".config/mise/config.toml", ".config/mise/mise.toml", ".config/mise.toml",
    ".mise/conf.d/*.toml", ".mise/config.toml", "mise/conf.d/*.toml", "mise/config.toml", "mise.toml",
)
_LOCAL = (
    ".mise.toml", ".config/mise/config.local.toml", ".config/mise/mise.local.toml", ".config/mise.local.toml",
    ".mise/config.local.toml", "mise/config.local.toml", "mise.local.toml", ".mise.local.toml",
)
_ENVIRONMENT = (
    ".config/mise/config.{}.toml", ".config/mise.{}.toml", "mise/config.{}.toml", "mise.{}.toml",
    ".mise/config.{}.toml", ".mise.{}.toml", ".config/mise/config.{}.local.toml", ".config/mise.{}.local.toml",
    "mise/config.{}.local.toml", "mise.{}.local.toml", ".mise/config.{}.local.toml", ".mise.{}.local.toml",
)
_ENVIRONMENT_CONF_D = (
    (0, ".config/mise/conf.d/*.{}.toml"), (5, ".mise/conf.d/*.{}.toml"), (8, ".config/mise/conf.d/*.{}.local.toml"),
    (13, ".mise/conf.d/*.{}.local.toml"),
)
"""Where `env_conf_d` adds names among those of an environment."""

IDIOMATIC = {
    "node": (".nvmrc", ".node-version", "package.json"),
    "python": (".python-version", ".python-versions"),
    "ruby": (".ruby-version", "Gemfile"),
    "java": (".java-version", ".sdkmanrc"),
    "go": (".go-version", "go.mod"),
    "rust": ("rust-toolchain.toml",),
    "terraform": (".terraform-version",),
    "dotnet": ("global.json",),
    "bun": (".bun-version", "package.json"),
    "deno": (".deno-version", "package.json"),
}
"""Tool → the files that other managers own and mise reads where it is told to."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What changes the names: settings that mise reads before any configuration file."""

    environments: tuple[str, ...] = ()
    """`MISE_ENV`; later ones are stronger."""
    override_config: tuple[str, ...] = ()
    override_tool_versions: tuple[str, ...] | None = None
    default_config: str | None = None
    default_tool_versions: str | None = None
    suffixes: bool = False
    """`env_conf_d`: a dotted name in a `conf.d` belongs to an environment."""

    def kind(self, name: str) -> Literal["toml", "tool-versions"] | None:
        """How mise reads a file of that name; None for one that it finds and then does not know how to read."""
        renamed = self.default_tool_versions or next(iter(self.override_tool_versions or ()), TOOL_VERSIONS)
        if name in (self.override_tool_versions or ()) or name == renamed:
            return "tool-versions"
        if name in self.override_config or name == self.default_config or name.endswith(".toml"):
            return "toml"
        return None


def config_names(naming: Naming) -> tuple[str, ...]:
    """Names relative to a folder, strongest first; `*` stands for names that must be listed."""
    weakest_first: list[str] = []
    if naming.override_tool_versions is not None:
        weakest_first += naming.override_tool_versions
    else:
        weakest_first += [TOOL_VERSIONS, naming.default_tool_versions or TOOL_VERSIONS]
    if naming.override_config:
        weakest_first += naming.override_config
    else:
        weakest_first += [*_TOML, naming.default_config or "mise.toml", *_LOCAL]
    for environment in naming.environments:
        weakest_first += [pattern.format(environment) for pattern in _environment_names(naming)]
    return tuple(dict.fromkeys(reversed(dict.fromkeys(weakest_first))))


def _environment_names(naming: Naming) -> tuple[str, ...]:
    if not naming.suffixes:
        return _ENVIRONMENT
    names = list(_ENVIRONMENT)
    for place, name in _ENVIRONMENT_CONF_D:
        names.insert(place, name)
    return tuple(names)


def global_names(naming: Naming) -> tuple[str, ...]:
    """Names in the user's or the system's configuration folder, strongest first."""
    weakest_first = ["conf.d/*.toml", "config.toml", "mise.toml"]
    for local in ("", ".local"):
        weakest_first += [f"config{local}.toml", f"mise{local}.toml"] if local else []
        for environment in naming.environments:
            weakest_first += [f"conf.d/*.{environment}{local}.toml"] if naming.suffixes else []
            weakest_first += [f"config.{environment}{local}.toml", f"mise.{environment}{local}.toml"]
    return tuple(reversed(weakest_first))


def is_for_environment(name: str) -> bool:
    """Whether the name of a file in a `conf.d` has an environment in it: `a.ci.toml`, `a.ci.local.toml`."""
    stem, dot, environment = name.removesuffix(".toml").removesuffix(".local").partition(".")
    return bool(stem and dot and environment)


def idiomatic_names(tools: Sequence[str], disabled: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(file, tools it may set) of enabled tools, strongest first: mise sorts the names and the last one wins."""
    owners: dict[str, list[str]] = {}
    for tool in tools:
        for name in IDIOMATIC.get(tool, ()):
            if f"{tool}:{name}" not in disabled:
                owners.setdefault(name, []).append(tool)
    return tuple((name, tuple(owners[name])) for name in sorted(owners, reverse=True))
