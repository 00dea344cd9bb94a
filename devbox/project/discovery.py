"""Which directory is the project, what describes it, and the project itself as a value.

Finding never fails, so that doctor works anywhere; loading fails with one ConfigError (contract.md, "Files").
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from devbox.core.errors import ConfigError, UsageError
from devbox.core.frozen import dataclass
from devbox.project.reading import Refused, list_project_folder, read_project_file

if TYPE_CHECKING:
    from devbox.core.project import Project

Kind = Literal["devbox.toml", "devcontainer", "compose", "dockerfile", "none"]

FILE = "devbox.toml"
DEVCONTAINER_FILES = (".devcontainer/devcontainer.json", ".devcontainer.json")
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
DOCKERFILE = "Dockerfile"


@dataclass(frozen=True, slots=True)
class Discovery:
    """Where the project is and what says so."""

    root: Path
    """Canonical; the directory asked about where nothing was found."""
    source: str | None
    """The describing file, relative to the root."""
    kind: Kind


def discover(cwd: Path) -> Discovery:
    """The project around `cwd`: the nearest devbox.toml from there up to the git root (else only there); without one,
    the nearest directory on that way from which a box can be inferred. Only looks at names; never raises."""
    way = _way_up(Path(os.path.realpath(cwd)))
    for folder in way:
        if os.path.lexists(folder / FILE):
            return Discovery(folder, FILE, "devbox.toml")
    for folder in way:
        inferred = _infer(folder)
        if inferred is not None:
            return inferred
    return Discovery(way[0], None, "none")


def load_project(
    discovery: Discovery, *, env: Mapping[str, str], home: Path, mode: str | None = None, launching: bool = True
) -> Project:
    """Read, merge and validate the project.

    `env` is the caller's environment (only whether `CI` is set matters), `mode` what `--mode` says. With
    `launching=False`, for commands that only look or take down, named files need not exist and unsupported features
    are no error. Raises ConfigError for every mistake and where there is nothing to launch; UsageError for a mode that
    does not exist and for a source this version can't launch from.
    """
    root = str(discovery.root)
    if discovery.kind == "devbox.toml":
        # Deferred: the readers of devbox.toml cost 15 ms, and many directories have none.
        from devbox.project.devbox_toml import read_document, read_project
        from devbox.project.folder import ProjectFolder

        folder = ProjectFolder(root, str(home), launching)
        return read_project(read_document(root), folder, env=env, mode=mode)
    if mode is not None and mode != "default":
        from devbox.project.schema import bare

        raise UsageError(f"there is no mode {bare(mode)}: modes are written in {FILE}", hint=_SKETCH)
    if discovery.kind == "dockerfile":
        return _from_dockerfile(discovery)
    if discovery.kind == "none":
        raise ConfigError(
            f"nothing to launch here: no {FILE}, devcontainer.json, compose file or Dockerfile",
            path=root, hint=f"{_SKETCH}; `devbox demo` shows a working project",
        )
    raise UsageError(
        f"this version of devbox can't launch from {discovery.source} yet", path=discovery.source, hint=_SKETCH
    )


_SKETCH = f'write a {FILE} with `[box]` and below it `dockerfile = "Dockerfile"` or `image = "debian:bookworm-slim"`'


def _way_up(start: Path) -> tuple[Path, ...]:
    """From `start` up to the git root, or `start` alone outside a repository."""
    way = (start, *start.parents)
    for number, folder in enumerate(way, 1):
        if os.path.lexists(folder / ".git"):
            return way[:number]
    return way[:1]


def _infer(folder: Path) -> Discovery | None:
    for name in DEVCONTAINER_FILES:
        if os.path.isfile(folder / name):
            return Discovery(folder, name, "devcontainer")
    named = list_project_folder(folder, ".devcontainer")
    for name in named if isinstance(named, tuple) else ():
        source = f".devcontainer/{name}/devcontainer.json"
        if os.path.isfile(folder / source):
            return Discovery(folder, source, "devcontainer")
    for name in COMPOSE_FILES:
        if os.path.isfile(folder / name):
            return Discovery(folder, name, "compose")
    if os.path.isfile(folder / DOCKERFILE):
        return Discovery(folder, DOCKERFILE, "dockerfile")
    return None


def name_of_folder(root: str) -> str:
    """A project's name from its folder: what is left of it as a possible name."""
    folder = root.rstrip("/").rpartition("/")[2].lower()
    return re.sub(r"[^a-z0-9_.-]+", "-", folder).strip("-_.")[:63] or "project"


def _from_dockerfile(discovery: Discovery) -> Project:
    """A box from nothing but a Dockerfile: its last stage, no mounts, no ports."""
    from devbox.core.facts import Origin
    from devbox.core.project import BOX, Build, Project, Service

    root = str(discovery.root)
    content = read_project_file(root, DOCKERFILE)
    if isinstance(content, Refused):
        raise ConfigError(f"{DOCKERFILE} {content.sentence}; expected a file of the project", path=DOCKERFILE)
    origin = Origin(DOCKERFILE, 1, 1)
    build = Build(context=root, dockerfile=os.path.join(root, DOCKERFILE), origin=origin)
    box = Service(name=BOX, role="box", build=build, user="host", origin=origin)
    return Project(name=name_of_folder(root), root=root, source=DOCKERFILE, box=box)
