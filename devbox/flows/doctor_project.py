"""What doctor takes from the project: its configuration or what is wrong with it, its Dockerfiles' images, its fence.

Reads only, and never raises for what a project contains.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from devbox.core.checks import Wanted, checked
from devbox.core.doctor import Judged
from devbox.core.errors import ConfigError, UsageError
from devbox.core.facts import Origin
from devbox.core.findings import CheckResult, Finding, ImageRow
from devbox.core.frozen import dataclass
from devbox.core.project import HostNeeds, Policy
from devbox.flows.toolchains.machine import Machine
from devbox.host.path import Boundary, SearchPath
from devbox.project.discovery import discover, load_project
from devbox.project.pins.files import VersionFiles, folders_up

if TYPE_CHECKING:
    # Not at run time: the ports load in the probe that connects.
    from devbox.core.project import GpuNeeds, Project
    from devbox.engine.builder import Builder
    from devbox.engine.port import Engine
    from devbox.flows.workspace import Clock


class Subject(Protocol):
    """The part of a workspace that doctor needs."""

    @property
    def root(self) -> Path: ...
    @property
    def directory(self) -> Path | None: ...
    @property
    def env(self) -> Mapping[str, str]: ...
    @property
    def home(self) -> Path: ...
    @property
    def uid(self) -> int: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def connect(self) -> Callable[[], Engine]: ...
    @property
    def choose_builder(self) -> Callable[[Engine], Builder]: ...


@dataclass(frozen=True, slots=True)
class ProjectView:
    """One project as doctor sees it."""

    root: Path
    machine: Machine
    project: Project | None
    has_box: bool
    """Whether something here describes a box to launch, even if it can't be read."""
    images: tuple[ImageRow, ...]
    problems: tuple[Finding, ...]
    """Mistakes in the project's own files."""
    checks: tuple[CheckResult, ...]

    @property
    def host_needs(self) -> HostNeeds:
        """`[host]`"""
        return self.project.host if self.project else HostNeeds()

    @property
    def gpu_needs(self) -> GpuNeeds | None:
        """`[gpu]`; None wants none."""
        return self.project.gpu if self.project else None

    @property
    def policy(self) -> Policy:
        """`[policy]`"""
        return self.project.policy if self.project else Policy()

    @property
    def missing_env(self) -> tuple[str, ...]:
        """Names of `[host] env` that neither the caller nor the box sets to anything, as `up` takes them."""
        box = self.project.box.env if self.project else ()
        known = {name for name, value in (*box, *self.machine.env.items()) if value}
        return tuple(name for name in self.host_needs.env if name not in known)

    @property
    def builds(self) -> bool:
        """Whether an image of the project's is built."""
        return self.project is not None and any(service.build for service in self.project.services)

    def judged(self) -> Judged:
        """The checks of the project's own files; asked last, when every reader has met its files."""
        unused = tuple(
            Finding(
                id="project.files", check="project.files", layer="code", severity="warn", subject=path,
                message=f"{path} {refused.sentence}; its content is not used", origin=Origin(path),
                hint=refused.remedy(path),
            )
            for path, refused in self.machine.files.refused.items()
        )
        entries = tuple(
            _entry_finding(entry.directory, entry.refused) for entry in self.machine.path.entries if entry.refused
        )
        return Judged(self.checks, (*self.problems, *unused, *entries))


def view_project(subject: Subject, wanted: Wanted) -> ProjectView:
    """Read what the project says of itself."""
    cwd = str(subject.directory or subject.root)
    discovery = discover(Path(cwd))
    root = str(discovery.root)
    project: Project | None = None
    problems: tuple[Finding, ...] = ()
    if discovery.kind in ("devbox.toml", "dockerfile"):
        try:
            project = load_project(discovery, env=subject.env, home=subject.home, launching=False)
        except (ConfigError, UsageError) as error:
            problems = (config_finding(error),)
    files = VersionFiles(root)
    machine = Machine(
        cwd=cwd, home=str(subject.home), env=subject.env, files=files,
        path=SearchPath(subject.env, str(subject.home), cwd, _boundary(root, cwd, str(subject.home), subject.uid)),
        pins=project.toolchains if project else (), today=_today(subject.clock.time()),
    )
    images, image_problems = images_of(files, root, project) if wanted.any_of("images", "toolchain") else ((), ())
    ids = ("project.config", "project.files", "toolchain.path", "images")
    return ProjectView(
        root=discovery.root, machine=machine, project=project, has_box=discovery.kind != "none", images=images,
        problems=(*problems, *image_problems), checks=tuple(checked(id) for id in ids),
    )


def _boundary(root: str, cwd: str, home: str, uid: int) -> Boundary:
    """The project and the checkout around it; HOME and what is above it are the user's own, not a checkout."""
    checkout = next((folder for folder in folders_up(root) if os.path.lexists(os.path.join(folder, ".git"))), root)
    mine = os.path.realpath(home)
    roots = {os.path.realpath(path) for path in (root, checkout, cwd)}
    return Boundary(tuple(sorted(path for path in roots if not f"{mine}/".startswith(f"{path.rstrip('/')}/"))), uid)


def _today(now: float) -> tuple[int, int, int]:
    moment = time.gmtime(now)
    return moment.tm_year, moment.tm_mon, moment.tm_mday


def config_finding(error: ConfigError | UsageError) -> Finding:
    """A mistake in devbox.toml."""
    origin = Origin(error.path, error.line, error.column) if error.path else None
    return Finding(
        id="project.config", check="project.config", layer="configuration", severity="error",
        subject=error.path or "project", message=error.summary, origin=origin, hint=error.hint,
    )


def _entry_finding(directory: str, reason: str | None) -> Finding:
    inside = reason == "inside the project"
    return Finding(
        id="toolchain.path", check="toolchain.path", layer="configuration", severity="info" if inside else "warn",
        subject="PATH", message=f"PATH has `{directory}`: {reason}; devbox runs nothing from there",
        origin=Origin("env:PATH"), hint=None if inside else "remove that entry from `PATH`",
    )


def images_of(
    files: VersionFiles, root: str, project: Project | None
) -> tuple[tuple[ImageRow, ...], tuple[Finding, ...]]:
    """Every FROM of the project's Dockerfiles, after ARG expansion with the build arguments of their service."""
    rows: list[ImageRow] = []
    problems: list[Finding] = []
    for path, args in _dockerfiles(root, project).items():
        data = files.read(path)
        if data is None:
            continue
        # Deferred: the Dockerfile reader costs 6 ms, and many directories have none.
        from devbox.project.dockerfile import parse_dockerfile
        from devbox.project.image_refs import images

        shown = files.shown(path)
        try:
            rows += images(parse_dockerfile(data, shown), args)
        except ConfigError as error:
            problems.append(
                Finding(
                    id="images.syntax", check="images", layer="configuration", severity="error", subject=shown,
                    message=f"{shown}: {error.summary}", origin=Origin(shown, error.line), hint=error.hint,
                )
            )
    return tuple(rows), tuple(problems)


def _dockerfiles(root: str, project: Project | None) -> dict[str, Mapping[str, str]]:
    builds = [service.build for service in project.services if service.build] if project else []
    found = {build.dockerfile: dict(build.args) for build in builds}
    return {**found, **{path: {} for path in (os.path.join(root, "Dockerfile"),) if path not in found}}
