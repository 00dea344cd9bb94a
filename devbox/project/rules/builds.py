"""Which Dockerfiles a project has, and what each is built with: services, modes, compose files, and those by name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from devbox.core.facts import Origin
from devbox.core.frozen import dataclass

if TYPE_CHECKING:
    # Not at run time: what describes a build has been read by others.
    from devbox.core.project import Build, Project
    from devbox.project.json_positions import JsonDocument

FILE_LIMIT = 40
"""Dockerfiles that are looked at."""
_FOLDERS = (".", "docker", ".docker", ".devcontainer", "build")
"""Where Dockerfiles that no service names are looked for."""
_NAMES = ("Dockerfile", "Containerfile")


@dataclass(frozen=True, slots=True)
class Site:
    """One Dockerfile."""

    path: str
    """Absolute."""
    context: str | None
    """Absolute; None where nobody says what it is built with."""
    args: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    named_by: Origin | None = None
    """What names it; None for one that was found by its name."""


@dataclass(frozen=True, slots=True)
class NamedBuild:
    """A build that some file of the project asks for; paths absolute."""

    dockerfile: str
    context: str
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    origin: Origin | None = None


def named_builds(project: Project) -> tuple[NamedBuild, ...]:
    """The builds of all services, and of every mode."""
    services = (*project.services, *(mode.box for mode in project.variants))
    found = dict.fromkeys(_frozen(service.build) for service in services if service.build)
    return tuple(NamedBuild(file, context, target, dict(args), origin) for file, context, target, args, origin in found)


def devcontainer_build(document: JsonDocument, folder: str, path: str) -> NamedBuild | None:
    """The build that a devcontainer.json in `folder` (absolute) asks for; None where a variable decides."""
    dockerfile = document.get("build", "dockerfile") or document.get("dockerFile")
    context = document.get("build", "context") or document.get("context") or "."
    if not isinstance(dockerfile, str) or not isinstance(context, str) or "${" in dockerfile + context:
        return None
    args, target = document.get("build", "args"), document.get("build", "target")
    plain = {name: value for name, value in args.items() if isinstance(value, str)} if isinstance(args, dict) else {}
    return NamedBuild(
        os.path.join(folder, dockerfile), os.path.normpath(os.path.join(folder, context)),
        target if isinstance(target, str) else None, plain, Origin(path, document.line("build") or 1),
    )


def _frozen(build: Build) -> tuple[str, str, str | None, tuple[tuple[str, str], ...], Origin | None]:
    return build.dockerfile, build.context, build.target, build.args, build.origin


def sites(root: str, builds: Iterable[NamedBuild], names: Mapping[str, tuple[str, ...]]) -> tuple[Site, ...]:
    """One site per Dockerfile: those that builds name first, then those found by name in `names` (folder → names)."""
    found: dict[str, Site] = {}
    for build in builds:
        path = os.path.normpath(build.dockerfile)
        site = found.get(path) or Site(path, build.context, build.args, (), build.origin)
        targets = (*site.targets, build.target) if build.target and build.target not in site.targets else site.targets
        found[path] = Site(path, site.context, site.args, targets, site.named_by)
    for folder, listed in names.items():
        for name in listed:
            path = os.path.normpath(os.path.join(root, folder, name))
            if is_dockerfile(name) and path not in found:
                found[path] = Site(path, root if folder == "." else None)
    return tuple(list(found.values())[:FILE_LIMIT])


def is_dockerfile(name: str) -> bool:
    """`Dockerfile`, `Dockerfile.dev`, `api.Dockerfile`, `Containerfile`."""
    if name.endswith((".dockerignore", ".md", ".j2", ".tmpl", ".template", ".bak", "~", ".orig", ".swp")):
        return False
    return any(name == one or name.startswith(f"{one}.") or name.lower().endswith(f".{one.lower()}") for one in _NAMES)


def folders() -> tuple[str, ...]:
    """The folders, relative to the project, that `sites` wants listed."""
    return _FOLDERS
