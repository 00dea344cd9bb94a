"""What nvm has on this machine, from folders alone (spec/toolchains.md 4.1 and 16). Never runs nvm."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.frozen import dataclass
from devbox.host.path import executable


@dataclass(frozen=True, slots=True)
class Nvm:
    """One nvm, present or not."""

    root: str
    present: bool
    node: tuple[str, ...]
    """Version folders, `v20.9.0`; those in the old place first, each place sorted."""
    iojs: tuple[str, ...]
    lts_names: tuple[str, ...]

    def folder(self, version: str) -> str:
        """Where a version is (or would be)."""
        if version.startswith("iojs-"):
            return os.path.join(self.root, "versions", "io.js", version.removeprefix("iojs-"))
        new = os.path.join(self.root, "versions", "node", version)
        return new if os.path.isdir(new) else os.path.join(self.root, version)

    def program(self, version: str) -> str | None:
        """Its `node`, where it is executable."""
        path = os.path.join(self.folder(version), "bin", "node")
        return path if executable(path) else None

    def version_of(self, program: str) -> str | None:
        """The version whose folder holds this program, as nvm names it."""
        for version in (*self.node, *(f"iojs-{name}" for name in self.iojs)):
            if program.startswith(f"{self.folder(version)}/"):
                return version
        return None

    def alias_path(self, name: str) -> str | None:
        """The file of an alias; None for a name that leads out of `alias/` (nvm itself would follow it)."""
        if not name or name.startswith("/") or ".." in name.split("/") or not name.isprintable():
            return None
        return os.path.join(self.root, "alias", name)


def find(env: Mapping[str, str], home: str) -> Nvm:
    """The nvm that `NVM_DIR` names, else `~/.nvm`, else the one below `XDG_CONFIG_HOME`."""
    root = env.get("NVM_DIR") or os.path.join(home, ".nvm")
    xdg = env.get("XDG_CONFIG_HOME")
    if not env.get("NVM_DIR") and xdg and not os.path.isdir(root):
        root = os.path.join(xdg, "nvm")
    root = root.rstrip("/") or "/"
    old = tuple(name for name in _folders(root) if name.startswith("v") and name != "versions")
    return Nvm(
        root=root,
        present=os.path.isabs(root) and os.path.isdir(root),
        node=(*old, *(name for name in _folders(os.path.join(root, "versions", "node")) if name not in old)),
        iojs=_folders(os.path.join(root, "versions", "io.js")),
        lts_names=_names(os.path.join(root, "alias", "lts")),
    )


def _folders(path: str) -> tuple[str, ...]:
    return tuple(name for name in _names(path) if os.path.isdir(os.path.join(path, name)))


def _names(path: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(name for name in os.listdir(path) if not name.startswith(".")))
    except (OSError, ValueError):
        return ()
