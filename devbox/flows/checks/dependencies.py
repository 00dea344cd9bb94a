"""Installed packages against lock files, and the team's policy on lock files. No package manager is run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devbox.core.dependencies.files import NODE_FILES, PYTHON_FILES
from devbox.core.doctor import Judged
from devbox.core.frozen import dataclass
from devbox.core.project import Build
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject
from devbox.project.reading import list_project_folder

if TYPE_CHECKING:
    from devbox.core.dependencies.lock_policy import DockerfileUse
    from devbox.core.dependencies.model import Examined
    from devbox.project.locks.surroundings import Host

_CPUS = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "i686": "ia32", "i386": "ia32", "armv7l": "arm"}


@dataclass(frozen=True, slots=True)
class Found:
    """What the project locks and has installed."""

    examined: tuple[Examined, ...]
    uses: tuple[DockerfileUse, ...] = ()


def _probe(subject: Subject, view: ProjectView) -> Found:
    return Found(tuple(_examined(view)), tuple(_uses(view)) if view.policy.lock else ())


def _examined(view: ProjectView) -> Iterator[Examined]:
    """Each ecosystem that has a file here."""
    listed = list_project_folder(view.root, ".")
    names = listed if isinstance(listed, tuple) else (*PYTHON_FILES, *NODE_FILES)  # too many to list: look at each
    if PYTHON_FILES.isdisjoint(names) and NODE_FILES.isdisjoint(names):
        return
    # Deferred: the readers cost 15 ms and more, and many projects have no such files.
    from devbox.project.locks.surroundings import Surroundings

    around = Surroundings(str(view.root), _host(), view.machine.env)
    if not PYTHON_FILES.isdisjoint(names):
        from devbox.project.locks.python import examine_python

        yield examine_python(around)
    if not NODE_FILES.isdisjoint(names):
        from devbox.project.locks.node import examine_node

        yield examine_node(around)


def _judge(found: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    # Deferred: 3 ms, beside the other probes.
    from devbox.core.dependencies.judge import judge
    from devbox.core.dependencies.lock_policy import judge_policy

    judged = judge(found.examined)
    check, findings = judge_policy(view.policy.lock, found.examined, found.uses)
    return replace(judged, checks=(*judged.checks, check), findings=(*judged.findings, *findings))


def _host() -> Host:
    """This machine in Node's words and in those of environment markers."""
    from devbox.project.locks.surroundings import Host

    system = os.uname()
    return Host(
        system.sysname.lower(), _CPUS.get(system.machine, system.machine), system.sysname, system.machine,
        system.release, system.version,
    )


def _uses(view: ProjectView) -> Iterator[DockerfileUse]:
    """What each Dockerfile of the project does with lock files; one that can't be read is another check's finding."""
    from devbox.core.errors import ConfigError
    from devbox.project.dockerfile import parse_dockerfile
    from devbox.project.ignore import parse_ignore
    from devbox.project.locks.dockerfile_use import dockerfile_use

    root, files = str(view.root), view.machine.files
    builds = [service.build for service in view.project.services if service.build] if view.project else []
    if not builds:
        builds = [Build(root, os.path.join(root, "Dockerfile"))]
    for build in {(build.dockerfile, build.context): build for build in builds}.values():
        content = files.read(build.dockerfile)
        if content is None:
            continue
        own = files.read(f"{build.dockerfile}.dockerignore")
        ignored = own if own is not None else files.read(os.path.join(build.context, ".dockerignore"))
        try:
            rules = parse_ignore((ignored or b"").decode("utf-8", "replace"))
            yield dockerfile_use(parse_dockerfile(content, files.shown(build.dockerfile)), build.context, rules)
        except ConfigError:
            continue


GROUP = Group(
    "dependencies",
    {
        "dependencies.python.installed": "", "dependencies.python.lock": "", "dependencies.node.installed": "",
        "dependencies.node.lock": "", "dependencies.lock.competing": "", "policy.lock": "",
    },
    _probe, _judge,
)
