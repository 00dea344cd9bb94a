"""What rbenv, nodenv and jenv have on this machine: one layout, three names (spec/toolchains.md 16)."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.frozen import dataclass
from devbox.host.versions_folder import VersionsFolder


@dataclass(frozen=True, slots=True)
class Root:
    """The root folder of one such manager, present or not."""

    path: str
    versions: VersionsFolder
    present: bool

    @property
    def shims(self) -> str:
        """The folder of shims."""
        return os.path.join(self.path, "shims")


def find(manager: str, env: Mapping[str, str], home: str) -> Root:
    """The one that `RBENV_ROOT`, `NODENV_ROOT` or `JENV_ROOT` names, one trailing `/` cut, else the one in HOME."""
    root = env.get(f"{manager.upper()}_ROOT") or os.path.join(home, f".{manager}")
    root = root[:-1] if root.endswith("/") and len(root) > 1 else root
    return Root(root, VersionsFolder(os.path.join(root, "versions")), os.path.isabs(root) and os.path.isdir(root))
