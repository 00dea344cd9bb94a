"""Control groups of containers whose runtime was killed: empty, but kept by the kernel until somebody removes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from devbox.engine.private.layout import PrivateLayout

_ROOT = Path("/sys/fs/cgroup")


def own_cgroups(layout: PrivateLayout) -> tuple[Path, ...]:
    """The groups of the engine's containers, in every hierarchy; dockerd's data names the containers."""
    try:
        containers = os.listdir(layout.data / "containers")
    except OSError:
        return ()
    return tuple(group for parent in _parents() for name in containers if (group := parent / name).is_dir())


def remove_cgroups(layout: PrivateLayout) -> None:
    """Remove the engine's groups; one that still has a process stays, which `own_processes` tells better."""
    for top in own_cgroups(layout):
        for folder, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):
                os.rmdir(folder)


def _parents() -> Iterator[Path]:
    """cgroup v2 has one hierarchy, v1 one per controller."""
    yield _ROOT / "docker"
    yield from _ROOT.glob("*/docker")
