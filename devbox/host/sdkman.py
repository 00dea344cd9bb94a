"""What SDKMAN has on this machine, from folders and its settings (spec/toolchains.md 8, 16). Never runs `sdk`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from devbox.core.frozen import dataclass
from devbox.host.versions_folder import VersionsFolder

_CONFIG_LIMIT = 64 * 1024
_AUTO_ENV = re.compile(r"(?m)^[ \t]*(?:export[ \t]+)?sdkman_auto_env=[\"']?(\w*)")


@dataclass(frozen=True, slots=True)
class Sdkman:
    """One SDKMAN, present or not."""

    root: str
    candidates: str
    present: bool

    def versions(self, candidate: str) -> VersionsFolder:
        """The installed versions of a candidate; `current` among them is a link to the default."""
        return VersionsFolder(os.path.join(self.candidates, os.path.basename(candidate)))

    def current(self, candidate: str) -> str | None:
        """The default version, by the link `current`."""
        path = os.path.join(self.versions(candidate).path, "current")
        return os.path.basename(os.path.realpath(path)) if os.path.isdir(path) else None

    @property
    def auto_env(self) -> bool:
        """Whether a shell runs `sdk env` by itself where it comes to a `.sdkmanrc`."""
        try:
            with open(os.path.join(self.root, "etc", "config"), "rb") as file:
                said = _AUTO_ENV.findall(file.read(_CONFIG_LIMIT).decode("utf-8", "replace"))
        except OSError:
            return False
        return bool(said) and said[-1] == "true"


def find(env: Mapping[str, str], home: str) -> Sdkman:
    """The SDKMAN that `SDKMAN_DIR`, else `~/.sdkman`, names."""
    root = env.get("SDKMAN_DIR") or os.path.join(home, ".sdkman")
    candidates = env.get("SDKMAN_CANDIDATES_DIR") or os.path.join(root, "candidates")
    return Sdkman(root, candidates, os.path.isabs(root) and os.path.isdir(root))
