"""What mise's hierarchy of files is made of: places, sources, problems; and the folder that a file configures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from enum import IntEnum
from typing import Any, Literal

from devbox.core.frozen import dataclass
from devbox.project.pins.mise_toml import MiseToml, Wish
from devbox.project.pins.mise_trust import Records

Fault = Literal["malformed", "untrusted", "min-version"]


class Stage(IntEnum):
    """When mise notices a problem: it stops at the first."""

    START = 0
    """Variables and `.miserc.toml`."""
    FILE = 1
    """One file after the other, those of the outermost folder first: trust, types, `.tool-versions`."""
    AGE = 2
    """`min_version`, once all files are read."""
    VERSION = 3
    """A version text that mise refuses."""
    VARIABLE = 4
    """The same in an environment variable."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the machine tells: folders of configuration, trust records, and where the user stands."""

    cwd: str
    home: str
    config: str
    system_config: str
    global_file: str | None
    records: Records
    env: Mapping[str, str]
    today: tuple[int, int, int]

    @property
    def global_root(self) -> str:
        """The folder that the user's and the system's files configure."""
        return self.env.get("MISE_GLOBAL_CONFIG_ROOT") or self.home

    @property
    def abandoned(self) -> str | None:
        """The folder of configuration that `MISE_CONFIG_DIR` took the place of: nothing in it is read any more."""
        base = self.env.get("XDG_CONFIG_HOME") or os.path.join(self.home, ".config")
        default = os.path.join(base, "mise")
        return default if default != self.config else None

    def is_global(self, path: str) -> bool:
        """Whether the file is the user's or the system's own, which needs no trust."""
        named = (self.global_file, self.env.get("MISE_SYSTEM_CONFIG_FILE"))
        return path in named or any(below(path, folder) for folder in (self.config, self.system_config))


@dataclass(frozen=True, slots=True)
class Source:
    """One file that sets tools."""

    path: str
    shown: str
    kind: Literal["toml", "tool-versions", "idiomatic"]
    tools: Mapping[str, tuple[Wish, ...]]
    content: MiseToml | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why every mise command fails here."""

    fault: Fault
    stage: Stage
    shown: str
    detail: str
    line: int | None = None
    tools: tuple[str, ...] = ()
    """Tools that the failing file names, as far as can be seen."""


@dataclass(slots=True)
class Configuration:
    """Everything that was read."""

    sources: list[Source] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    environments: tuple[str, ...] = ()
    """`MISE_ENV`"""

    @property
    def failure(self) -> Problem | None:
        """Why mise fails: of the problems of its first stage the one it meets first."""
        return min(self.problems, key=lambda problem: problem.stage, default=None)

    def setting(self, name: str) -> Any:
        """A setting of the strongest file that has it."""
        files = (source.content.settings for source in self.sources if source.content)
        return next((settings[name] for settings in files if name in settings), None)

    def names(self, name: str, variable: str, env: Mapping[str, str]) -> tuple[str, ...] | None:
        """A setting that is a list: from its variable (commas), else from the files; None where neither has it."""
        if variable in env:
            return tuple(word.strip() for word in env[variable].split(",") if word.strip())
        value = self.setting(name)
        return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else None


def config_root(path: str, places: Places) -> str:
    """The folder that a file configures; relative `path:` values and trust refer to it (`config_root.rs`)."""
    if places.is_global(path):
        return places.global_root
    folder, name = os.path.split(path)
    parent, grandparent = os.path.split(folder)[::-1][0], os.path.basename(os.path.dirname(folder))
    above = os.path.dirname(folder)
    if parent == "conf.d" and grandparent in ("mise", ".mise"):
        top = os.path.dirname(above)
        return os.path.dirname(top) if os.path.basename(top) == ".config" else top
    if parent in ("mise", ".mise") and name.startswith("config.") and name.endswith(".toml"):
        return os.path.dirname(above) if grandparent == ".config" else above
    return above if parent == ".config" else folder


def below(path: str, root: str) -> bool:
    """Whether the path is the folder or lies in it."""
    return path == root or path.startswith(f"{root.rstrip('/')}/")
