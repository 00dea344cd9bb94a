"""The tool cache of a GitHub runner, from folders alone (spec/toolchains.md 15 and 16)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_VARIABLES = ("AGENT_TOOLSDIRECTORY", "RUNNER_TOOL_CACHE")
_HOSTED = "/opt/hostedtoolcache"
_ARCHS = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64", "i686": "ia32", "armv7l": "arm"}
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?", re.ASCII)
_NAME_LIMIT = 2000


def find(env: Mapping[str, str], workspace: str) -> str | None:
    """The cache that a variable names, else the one a self-hosted runner keeps beside its checkouts, else the image's.

    A runner checks out to `<work>/<repository>/<repository>` and keeps its tools in `<work>/_tool`.
    """
    above = os.path.dirname(workspace)
    beside = (os.path.join(os.path.dirname(above), "_tool"), os.path.join(above, "toolcache"))
    for folder in (*(env.get(name, "").strip() for name in _VARIABLES), *beside, _HOSTED):
        if folder and os.path.isabs(folder) and os.path.isdir(folder):
            return folder
    return None


def arch() -> str:
    """The runner's word for this machine's processor."""
    machine = os.uname().machine
    return _ARCHS.get(machine, machine)


def versions(cache: str, folder: str, architecture: str) -> tuple[str, ...]:
    """The complete versions of one tool."""
    root = os.path.join(cache, folder)
    try:
        names = sorted(os.listdir(root))[:_NAME_LIMIT]
    except (OSError, ValueError):
        return ()
    found = (name for name in names if _VERSION.fullmatch(name))
    return tuple(name for name in found if os.path.isfile(os.path.join(root, name, f"{architecture}.complete")))
