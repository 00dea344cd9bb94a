"""What pyenv has on this machine, from folders alone (spec/toolchains.md 3.1 and 16). Never runs pyenv."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from devbox.core.frozen import dataclass
from devbox.host.path import executable


@dataclass(frozen=True, slots=True)
class Installed(Collection[str]):
    """Folders of `versions/`: anything below it can be asked for, links included."""

    versions: str
    """Absolute path of the folder."""
    names: tuple[str, ...]
    """Those directly in it, sorted."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.path(name) is not None

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def path(self, name: str) -> str | None:
        """The folder of a version; None where there is none, or the name leads out of `versions/` (CVE-2022-35861)."""
        if not name or "\0" in name:
            return None
        path = os.path.join(self.versions, name)
        below = os.path.normpath(path).startswith(f"{self.versions}/")
        return path if below and os.path.isdir(path) else None


@dataclass(frozen=True, slots=True)
class Pyenv:
    """One pyenv, present or not."""

    root: str
    installed: Installed
    present: bool

    @property
    def shims(self) -> str:
        """The folder of shims."""
        return os.path.join(self.root, "shims")

    def program(self, name: str, commands: Collection[str]) -> str | None:
        """The first of these programs in that version."""
        folder = self.installed.path(name)
        paths = (os.path.join(folder, "bin", command) for command in commands) if folder else ()
        return next((path for path in paths if executable(path)), None)


def find(env: Mapping[str, str], home: str) -> Pyenv:
    """The pyenv that `PYENV_ROOT`, else `~/.pyenv`, names."""
    root = env.get("PYENV_ROOT") or os.path.join(home, ".pyenv")
    root = root[:-1] if root.endswith("/") and len(root) > 1 else root
    versions = os.path.normpath(os.path.join(root, "versions"))
    try:
        names = tuple(sorted(name for name in os.listdir(versions) if os.path.isdir(os.path.join(versions, name))))
    except (OSError, ValueError):
        names = ()
    return Pyenv(root, Installed(versions, names), present=os.path.isabs(root) and os.path.isdir(root))
