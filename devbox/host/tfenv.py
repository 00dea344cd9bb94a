"""What tfenv has on this machine, from folders alone (spec/toolchains.md 12 and 16). Never runs tfenv."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.frozen import dataclass
from devbox.host.path import executable
from devbox.host.versions_folder import VersionsFolder


@dataclass(frozen=True, slots=True)
class Tfenv:
    """One tfenv, present or not."""

    root: str
    config: str
    """Where versions and the global file are."""
    present: bool

    @property
    def versions(self) -> VersionsFolder:
        """The installed versions; the program lies directly in each."""
        return VersionsFolder(os.path.join(self.config, "versions"))

    def own_folders(self) -> tuple[str, ...]:
        """The versions that `latest` chooses from: folders, not links."""
        folder = self.versions
        return tuple(name for name in folder.names() if not os.path.islink(os.path.join(folder.path, name)))


def find(env: Mapping[str, str], home: str) -> Tfenv:
    """The tfenv that `TFENV_ROOT` names, else the one whose program is on PATH, else `~/.tfenv`."""
    root = _without_slash(env.get("TFENV_ROOT") or _on_path(env) or os.path.join(home, ".tfenv"))
    config = _without_slash(env.get("TFENV_CONFIG_DIR") or root)
    present = any(os.path.isabs(path) and os.path.isdir(path) for path in (root, config))
    return Tfenv(root, config, present)


def _without_slash(path: str) -> str:
    return path[:-1] if path.endswith("/") and len(path) > 1 else path


def _on_path(env: Mapping[str, str]) -> str | None:
    for folder in env.get("PATH", "").split(os.pathsep):
        program = os.path.join(folder, "tfenv")
        if os.path.isabs(folder) and executable(program):
            root = os.path.dirname(os.path.dirname(os.path.realpath(program)))
            if os.path.isfile(os.path.join(root, "libexec", "tfenv-exec")):
                return root
    return None
