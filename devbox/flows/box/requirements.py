"""`[host]`: what this project needs of any machine, enforced before anything starts (X9)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from devbox.core.errors import RequirementError
from devbox.core.project import HostNeeds, Project
from devbox.core.text import byte_size
from devbox.engine.port import EngineInfo
from devbox.flows.workspace import Workspace

_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64", "x64": "x86_64"}
_TOLERANCE = 0.9
"""Machines sold as 8 GiB report less: firmware and kernel keep some."""


def require_host(workspace: Workspace, info: EngineInfo) -> None:
    """Raise RequirementError, naming everything that is missing, when the machine does not meet `[host]`."""
    project = workspace.project
    unmet = list(_unmet(project, workspace, info))
    if unmet:
        origin = project.host.origin
        raise RequirementError(
            f"this machine does not meet [host]: {unmet[0]}" + (f" (and {len(unmet) - 1} more)" if unmet[1:] else ""),
            detail="\n".join(unmet), hint="`devbox doctor` shows all of them",
            path=origin.path if origin else None, line=origin.line if origin else None,
        )


def _unmet(project: Project, workspace: Workspace, info: EngineInfo) -> Iterator[str]:
    needs = project.host
    if needs.min_memory and info.memory and info.memory < needs.min_memory * _TOLERANCE:
        yield f"min_memory is {byte_size(needs.min_memory)}, the engine has {byte_size(info.memory)}"
    if needs.arch and info.arch and _canonical(info.arch) not in map(_canonical, needs.arch):
        yield f"arch is {' or '.join(needs.arch)}, the engine runs on {_canonical(info.arch)}"
    yield from _missing_names(project, needs, workspace)
    free = _free_disk(workspace, info)
    if needs.min_disk and free is not None and free < needs.min_disk:
        yield f"min_disk is {byte_size(needs.min_disk)}, {byte_size(free)} are free where the engine stores images"


def _missing_names(project: Project, needs: HostNeeds, workspace: Workspace) -> Iterator[str]:
    given = {name for name, value in (*project.box.env, *workspace.env.items()) if value}
    for name in needs.env:
        if name not in given:
            yield f"{name} is not set, neither here nor in env_file"


def _free_disk(workspace: Workspace, info: EngineInfo) -> int | None:
    """Free bytes where a local engine keeps its data, else at the project; None where nobody can tell."""
    if not workspace.engine.endpoint.local:
        return None
    for path in (info.data_root, str(workspace.root)):
        with suppress(OSError, ValueError):
            found = os.statvfs(path)
            return found.f_bavail * found.f_frsize
    return None


def _canonical(arch: str) -> str:
    return _ARCHITECTURES.get(arch.lower(), arch.lower())
