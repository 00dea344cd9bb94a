"""What mise has on this machine, from folders alone (spec/toolchains.md 5.1, 5.7, 5.8, 16). Never runs mise."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.frozen import dataclass
from devbox.core.toolchain.mise import Store, version_order
from devbox.host.path import executable

CORE_TOOLS = frozenset(
    ("bun", "deno", "dotnet", "elixir", "erlang", "go", "java", "node", "python", "ruby", "rust", "swift", "zig")
)
"""Tools that mise itself knows how to install; the programs of each are in its `bin`."""
_ENTRY_LIMIT = 4096
"""Names of one folder that are looked at."""


@dataclass(frozen=True, slots=True)
class Mise:
    """One mise, present or not; all paths absolute."""

    installs: str
    shims: str
    cache: str
    state: str
    config: str
    system_config: str
    global_file: str | None
    """`MISE_GLOBAL_CONFIG_FILE`"""
    present: bool

    def store(self, tool: str) -> Store:
        """What is installed of a tool: no runtime links, nothing incomplete."""
        folder = self.folder(tool)
        links: dict[str, str] = {}
        versions: list[str] = []
        linked = False
        for name in _names(folder):
            path = os.path.join(folder, name)
            target = _link(path)
            if target is not None and target.startswith("./"):
                links[name] = os.path.basename(os.path.normpath(target))
            elif os.path.isdir(path) and not name.startswith(".") and not self._incomplete(tool, name):
                versions.append(name)
                linked = linked or target is not None
        recorded = os.path.isfile(os.path.join(folder, ".mise.backend.toml"))
        return Store(tuple(sorted(versions, key=version_order)), links, linked, recorded)

    def folder(self, tool: str) -> str:
        """Where its versions are."""
        return os.path.join(self.installs, tool.replace(":", "-").replace("/", "-"))

    def program(self, tool: str, folder: str, commands: tuple[str, ...]) -> str | None:
        """The first of these programs in an installation."""
        places: tuple[tuple[str, ...], ...] = (("bin",),) if tool in CORE_TOOLS else (("bin",), ())
        paths = (os.path.join(folder, *parts, name) for name in commands for parts in places)
        return next((path for path in paths if executable(path)), None)

    def tools(self) -> tuple[str, ...]:
        """Every tool with a folder."""
        return tuple(name for name in _names(self.installs) if not name.startswith("."))

    def trusted(self) -> frozenset[str]:
        """Files and folders that the user trusted: each record is a link to one."""
        return self._records("trusted-configs")

    def digests(self) -> dict[str, str]:
        """File → SHA-256 of the content that was trusted, which mise writes beside the record when it is paranoid."""
        folder = os.path.join(self.state, "trusted-configs")
        found = {}
        for record in _names(folder):
            target = _link(os.path.join(folder, record))
            if target and os.path.isabs(target):
                found[os.path.realpath(target)] = _first_line(os.path.join(folder, f"{record}.hash"))
        return found

    def ignored(self) -> frozenset[str]:
        """Files and folders that the user chose to ignore."""
        return self._records("ignored-configs")

    def _records(self, name: str) -> frozenset[str]:
        folder = os.path.join(self.state, name)
        targets = (_link(os.path.join(folder, record)) for record in _names(folder))
        return frozenset(os.path.realpath(target) for target in targets if target and os.path.isabs(target))

    def _incomplete(self, tool: str, version: str) -> bool:
        folder = self.folder(tool)
        places = (folder, os.path.join(self.cache, os.path.basename(folder)))
        return any(os.path.exists(os.path.join(place, version, "incomplete")) for place in places)


def find(env: Mapping[str, str], home: str) -> Mise:
    """The mise that the environment names, else the one in HOME."""

    def given(variable: str) -> str | None:
        path = env.get(variable)
        return os.path.join(home, path[2:]) if path and path.startswith("~/") else path or None

    def place(variable: str, xdg: str, default: str) -> str:
        base = env.get(xdg) or os.path.join(home, default)
        return given(variable) or os.path.join(base, "mise")

    data = place("MISE_DATA_DIR", "XDG_DATA_HOME", ".local/share")
    config = place("MISE_CONFIG_DIR", "XDG_CONFIG_HOME", ".config")
    installs = given("MISE_INSTALLS_DIR") or os.path.join(data, "installs")
    return Mise(
        installs=installs,
        shims=given("MISE_SHIMS_DIR") or os.path.join(data, "shims"),
        cache=place("MISE_CACHE_DIR", "XDG_CACHE_HOME", ".cache"),
        state=place("MISE_STATE_DIR", "XDG_STATE_HOME", ".local/state"),
        config=config,
        system_config=given("MISE_SYSTEM_CONFIG_DIR") or given("MISE_SYSTEM_DIR") or "/etc/mise",
        global_file=given("MISE_GLOBAL_CONFIG_FILE") or given("MISE_CONFIG_FILE"),
        present=any(map(os.path.isdir, (data, installs, config))) or _on_path(env),
    )


def _on_path(env: Mapping[str, str]) -> bool:
    folders = (folder for folder in env.get("PATH", "").split(os.pathsep) if os.path.isabs(folder))
    return any(executable(os.path.join(folder, "mise")) for folder in folders)


def _names(path: str) -> list[str]:
    try:
        return sorted(os.listdir(path))[:_ENTRY_LIMIT]
    except (OSError, ValueError):
        return []


def _first_line(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(128).decode("ascii", "replace").strip()
    except (OSError, ValueError):
        return ""


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)
    except (OSError, ValueError):
        return None
