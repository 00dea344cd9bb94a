"""Which .NET SDKs this machine has, from folders alone (spec/toolchains.md 11 and 16). Never runs dotnet."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devbox.core.frozen import dataclass

_PLACES = ("/usr/share/dotnet", "/usr/lib/dotnet")


@dataclass(frozen=True, slots=True)
class Dotnet:
    """One installation, present or not."""

    root: str | None
    sdks: tuple[str, ...] = ()

    def assembly(self, version: str) -> str:
        """The SDK itself, whose folder is named after its version."""
        return os.path.join(self.root or "/", "sdk", version, "dotnet.dll")


def find(env: Mapping[str, str], home: str, program: str | None) -> Dotnet:
    """The installation of the `dotnet` on PATH, else of `DOTNET_ROOT`, else of the usual places."""
    beside = os.path.dirname(os.path.realpath(program)) if program else None
    for root in (beside, env.get("DOTNET_ROOT"), *_PLACES, os.path.join(home, ".dotnet")):
        if root and os.path.isabs(root) and os.path.isdir(os.path.join(root, "sdk")):
            return Dotnet(root, _sdks(root))
    return Dotnet(None)


def _sdks(root: str) -> tuple[str, ...]:
    folder = os.path.join(root, "sdk")
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return ()
    return tuple(name for name in names if os.path.isfile(os.path.join(folder, name, "dotnet.dll")))
