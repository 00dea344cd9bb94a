"""What corepack has on this machine, from files and folders alone. Never runs corepack, nor what it downloaded."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Corepack:
    """One corepack, present or not."""

    root: str
    present: bool

    def folder(self, name: str, version: str) -> str | None:
        """Where a version lies that was downloaded before."""
        if "/" in version or version in (".", "..") or "\0" in version:
            return None
        path = os.path.join(self.root, "v1", name, version)
        return path if os.path.isdir(path) else None


def find(env: Mapping[str, str], home: str, *, on_path: bool) -> Corepack:
    """The corepack of `COREPACK_HOME`, else below the user's cache; there where it is on PATH or has downloaded."""
    cache = env.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    root = env.get("COREPACK_HOME") or os.path.join(cache, "node", "corepack")
    return Corepack(root, present=on_path or (os.path.isabs(root) and os.path.isdir(os.path.join(root, "v1"))))
