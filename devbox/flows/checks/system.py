"""System packages: libraries here and in the base images, compilers that are needed, packages that both sides share."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject

if TYPE_CHECKING:
    # Not at run time: it loads beside the other probes.
    from devbox.core.system_checks import Compiler, System

_INSTALLED = ("node_modules", ".venv", "venv")
"""Folders of installed packages that may hold programs of one system."""


def _probe(subject: Subject, view: ProjectView) -> System:
    # Deferred: the readers load beside the other probes.
    from devbox.core.system_checks import System
    from devbox.host.system_packages import openssl_versions
    from devbox.project.reading import list_project_folder

    names = list_project_folder(str(view.root), ".")
    present = names if isinstance(names, tuple) else ()
    shared, origin = _shared(view, present)
    openssl = openssl_versions()
    reason = "the folders of libraries may not be listed" if openssl is None else None
    return System(openssl or (), reason, _compilers(view, present), shared, origin)


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    from devbox.core import system_checks

    return system_checks.judge(facts, others.get("platform", {}), view.images, has_box=view.has_box)


def _compilers(view: ProjectView, names: Collection[str]) -> tuple[Compiler, ...]:
    from devbox.core.system_checks import Compiler
    from devbox.host.system_packages import compiler_version
    from devbox.project.compiles import PROGRAMS, needed_tools

    found = []
    for tool, manifest, packages in needed_tools(str(view.root), names):
        program = view.machine.path.find(tool, PROGRAMS[tool])
        compiler = Compiler(tool, manifest, packages, program.path if program else None)
        if program and program.refused:
            compiler = replace(compiler, reason=f"{program.path} is not run: {program.refused}")
        elif program:
            version, reason = compiler_version(program.path)
            compiler = replace(compiler, version=version, reason=reason)
        found.append(compiler)
    return tuple(found)


def _shared(view: ProjectView, names: Collection[str]) -> tuple[tuple[str, ...], Origin | None]:
    """Folders of packages below a live mount of the box, unless a volume or another mount lies over them there."""
    if view.project is None:
        return (), None
    root, box = str(view.root), view.project.box
    covered = {volume.target.rstrip("/") for volume in box.volumes} | {mount.target.rstrip("/") for mount in box.mounts}
    for mount in box.mounts:
        folders = [name for name in _INSTALLED if name in names and _below(mount.source, os.path.join(root, name))]
        inside = {name: os.path.relpath(os.path.join(root, name), mount.source) for name in folders}
        shared = tuple(
            name for name, path in inside.items() if os.path.normpath(os.path.join(mount.target, path)) not in covered
        )
        if shared:
            return shared, mount.origin
    return (), None


def _below(folder: str, path: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")


GROUP = Group("system", dict.fromkeys(("system.libc", "system.openssl", "system.compiler", "system.native"), ""),
              _probe, _judge)  # fmt: skip
