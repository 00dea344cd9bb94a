"""What fnm has on this machine, from folders and links alone (spec/toolchains.md 4.3 and 16). Never runs fnm."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.frozen import dataclass
from devbox.core.toolchain.semver import Semver, parse
from devbox.host.versions_folder import VersionsFolder

_BYPASS = "/dev/null/installation"
"""Where an alias points that stands for the system's Node."""


@dataclass(frozen=True, slots=True)
class Fnm:
    """One fnm, present or not."""

    root: str
    present: bool

    @property
    def versions(self) -> VersionsFolder:
        """The installed versions, `v20.9.0`; each holds its programs below `installation`."""
        return VersionsFolder(os.path.join(self.root, "node-versions"))

    def installed(self) -> tuple[Semver, ...]:
        """The installed versions."""
        found = (parse(name) for name in self.versions.names())
        return tuple(version for version in found if version is not None)

    def alias(self, name: str) -> str | None:
        """What an alias stands for: a version's folder name, `system`, or None where there is no such alias."""
        if name in ("", ".", "..") or "/" in name or not name.isprintable():
            return None
        path = os.path.join(self.root, "aliases", name)
        try:
            if os.readlink(path) == _BYPASS:
                return "system"
        except (OSError, ValueError):
            return None
        real = os.path.realpath(path)
        inside = os.path.realpath(self.versions.path) == os.path.dirname(os.path.dirname(real))
        return os.path.basename(os.path.dirname(real)) if inside and os.path.isdir(real) else None

    def program(self, version: str) -> str | None:
        """Its `node`."""
        return self.versions.program(version, ("node",), below=("installation/bin",))


def find(env: Mapping[str, str], home: str) -> Fnm:
    """The fnm that `FNM_DIR` names, else the one below the data folder, else `~/.fnm`."""
    data = env.get("XDG_DATA_HOME") or ""
    modern = os.path.join(data if os.path.isabs(data) else os.path.join(home, ".local", "share"), "fnm")
    legacy = os.path.join(home, ".fnm")
    root = env.get("FNM_DIR") or (legacy if os.path.isdir(legacy) and not os.path.isdir(modern) else modern)
    return Fnm(root, os.path.isabs(root) and os.path.isdir(root))
