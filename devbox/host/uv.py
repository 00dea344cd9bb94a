"""What uv has on this machine, from folders alone (spec/toolchains.md 3.2 and 16). Never runs uv."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.frozen import dataclass
from devbox.core.toolchain.uv import Installation, parse_key
from devbox.host.path import executable
from devbox.host.versions_folder import VersionsFolder


@dataclass(frozen=True, slots=True)
class Uv:
    """One uv, present or not."""

    pythons: VersionsFolder
    config: str
    """The user's configuration folder."""
    present: bool

    def installed(self) -> tuple[Installation, ...]:
        """uv's own Pythons for this system and processor."""
        uname = os.uname()
        system = {"darwin": "macos"}.get(uname.sysname.lower(), uname.sysname.lower())
        arch = {"arm64": "aarch64", "amd64": "x86_64"}.get(uname.machine, uname.machine)
        found = (parse_key(name) for name in self.pythons.names())
        return tuple(one for one in found if one and one.system == system and one.arch == arch)

    def program(self, one: Installation) -> str | None:
        """Its interpreter."""
        minor = f"python{one.numbers[0]}.{one.numbers[1]}{'t' if one.variant.startswith('freethreaded') else ''}"
        names = ("pypy3", "pypy") if one.implementation == "pypy" else ()
        return self.pythons.program(one.name, (minor, "python3", "python", *names))


def find(env: Mapping[str, str], home: str) -> Uv:
    """The uv whose folders the environment, else HOME, names."""
    data = os.path.join(_base(env, "XDG_DATA_HOME", home, ".local/share"), "uv")
    pythons = env.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data, "python")
    config = os.path.join(_base(env, "XDG_CONFIG_HOME", home, ".config"), "uv")
    return Uv(VersionsFolder(pythons), config, os.path.isdir(data) or os.path.isdir(pythons) or _on_path(env))


def _base(env: Mapping[str, str], variable: str, home: str, default: str) -> str:
    value = env.get(variable) or ""
    return value if os.path.isabs(value) else os.path.join(home, default)


def _on_path(env: Mapping[str, str]) -> bool:
    folders = (folder for folder in env.get("PATH", "").split(os.pathsep) if os.path.isabs(folder))
    return any(executable(os.path.join(folder, "uv")) for folder in folders)
