"""What Volta has on this machine, from folders alone (spec/toolchains.md 4.4 and 16). Never runs Volta."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.frozen import dataclass
from devbox.host.versions_folder import VersionsFolder


@dataclass(frozen=True, slots=True)
class Volta:
    """One Volta, present or not."""

    root: str
    present: bool

    @property
    def shims(self) -> str:
        """The folder of shims."""
        return os.path.join(self.root, "bin")

    @property
    def platform_file(self) -> str:
        """The user's default versions."""
        return os.path.join(self.root, "tools", "user", "platform.json")

    def versions(self, tool: str) -> VersionsFolder:
        """The fetched versions of node, npm, pnpm or yarn."""
        return VersionsFolder(os.path.join(self.root, "tools", "image", tool))


def find(env: Mapping[str, str], home: str) -> Volta:
    """The Volta that `VOLTA_HOME`, else `~/.volta`, names."""
    root = env.get("VOLTA_HOME") or os.path.join(home, ".volta")
    return Volta(root, os.path.isabs(root) and os.path.isdir(root))
