"""A buildx that can tell its progress as JSON (0.13 on): the system's where it is new enough, else one of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from devbox.core.errors import EngineError
from devbox.core.events import Event
from devbox.core.frozen import dataclass
from devbox.engine.private.apt import fetch_tools
from devbox.engine.private.layout import PrivateLayout
from devbox.engine.private.machine import Machine
from devbox.engine.private.programs import output
from devbox.engine.stream import Cancellation

MINIMUM = (0, 13)
PLUGIN_FOLDERS = tuple(
    Path(prefix, "docker/cli-plugins")
    for prefix in ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec")
)
"""Where the docker CLI looks besides its configuration folder."""


@dataclass(frozen=True, slots=True)
class Buildx:
    """A plugin that can be used."""

    path: Path
    version: str


def find_buildx(layout: PrivateLayout) -> Buildx | None:
    """The first plugin that is new enough, the engine's own before the system's."""
    for path in (layout.buildx, *(folder / "docker-buildx" for folder in PLUGIN_FOLDERS)):
        version = _version_of(path)
        if version is not None and is_enough(version):
            return Buildx(path, version)
    return None


def fetch_buildx(layout: PrivateLayout, machine: Machine, cancel: Cancellation) -> Iterator[Event]:
    """Download buildx privately and link it as a CLI plugin; EngineError when it can't be had."""
    yield from fetch_plugins(layout, machine, ("docker-buildx",), cancel)
    if find_buildx(layout) is None:
        raise EngineError("the newer docker-buildx does not run on this system", detail=str(layout.buildx))


def fetch_plugins(
    layout: PrivateLayout, machine: Machine, packages: tuple[str, ...], cancel: Cancellation
) -> Iterator[Event]:
    """Download packages of CLI plugins privately and link the plugins below `layout.cli_plugins`."""
    yield from fetch_tools(layout, machine, packages, cancel)
    layout.cli_plugins.mkdir(mode=0o755, parents=True, exist_ok=True)
    for plugin in sorted(layout.tools.glob("usr/lib*/docker/cli-plugins/*")):
        link = layout.cli_plugins / plugin.name
        link.unlink(missing_ok=True)
        link.symlink_to(plugin)


def is_enough(version: str) -> bool:
    """Whether that version writes rawjson (spec/buildkit.md 1)."""
    found = re.match(r"v?([0-9]+)\.([0-9]+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= MINIMUM


def _version_of(path: Path) -> str | None:
    """What `docker-buildx version` says of itself: `github.com/docker/buildx 0.13.1+ds1 …`."""
    if not path.is_file():
        return None
    try:
        words = output((str(path), "version"), seconds=10).split()
    except (EngineError, OSError):
        return None
    return words[1] if len(words) > 1 else None
