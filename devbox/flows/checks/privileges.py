"""Every privilege that the project asks for, named before anybody grants it (security.md 2.7)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from devbox.core.checks import checked
from devbox.core.doctor import Judged
from devbox.core.errors import ConfigError
from devbox.core.findings import Finding
from devbox.core.frozen import dataclass
from devbox.flows.checks.dockerfile import devcontainer_files
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject

if TYPE_CHECKING:
    # Not at run time: the readers load beside the other probes, and only for files that are there.
    from devbox.project.rules.privileges import Around, Ask

_KINDS = (
    "socket", "privileged", "namespace", "capability", "device", "mount", "port", "syntax", "remote", "secret",
    "override", "host-command",
)
_IDS = tuple(f"privilege.{kind}" for kind in _KINDS)
_LOCAL = "devbox.local.toml"


@dataclass(frozen=True, slots=True)
class Found:
    """What is asked, by all files together."""

    files: int
    asks: tuple[Ask, ...] = ()


def _probe(subject: Subject, view: ProjectView) -> Found:
    # Deferred: nothing of this is needed where no file describes a container.
    if not view.has_box and view.project is None:
        return Found(0)
    from devbox.project.rules.privileges import Around

    return Found(1, tuple(_asks(view, Around(str(view.root), view.machine.home, view.machine.env))))


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    if not facts.files:
        return Judged()
    findings = tuple(
        Finding(
            id=f"privilege.{ask.kind}", check=f"privilege.{ask.kind}", layer="configuration", severity=ask.severity,
            subject=ask.subject, message=f"{ask.subject} {ask.what}", origin=ask.origin, hint=ask.hint,
        )
        for ask in facts.asks
    )
    return Judged(tuple(checked(id) for id in _IDS), findings)


def _asks(view: ProjectView, around: Around) -> Iterator[Ask]:
    from devbox.core.facts import Origin
    from devbox.project.rules.privileges import Ask
    from devbox.project.rules.project_privileges import of_project

    if view.project is not None:
        yield from of_project(view.project, around)
    if os.path.lexists(os.path.join(view.root, _LOCAL)):
        yield Ask("override", _LOCAL, "is merged over devbox.toml on this machine", Origin(_LOCAL, 1), "info",
                  "check that it is git-ignored, and what it changes")
    yield from _of_compose(view, around)
    yield from _of_devcontainer(view, around)
    yield from _of_dockerfiles(view)


def _of_compose(view: ProjectView, around: Around) -> Iterator[Ask]:
    from devbox.project.discovery import COMPOSE_FILES

    root = str(view.root)
    if not any(view.machine.files.is_file(os.path.join(root, name)) for name in COMPOSE_FILES):
        return
    from devbox.project.rules.compose import box_of, read_compose
    from devbox.project.rules.compose_privileges import of_compose

    files, _ = read_compose(view.machine.files, root)
    for file in files:
        yield from of_compose(file, around, box_of(files))


def _of_devcontainer(view: ProjectView, around: Around) -> Iterator[Ask]:
    for name in devcontainer_files(str(view.root)):
        data = view.machine.files.read(os.path.join(view.root, name))
        if data is None:
            continue
        from devbox.project.jsonc_source import parse_jsonc
        from devbox.project.rules.devcontainer_privileges import of_devcontainer

        try:
            yield from of_devcontainer(parse_jsonc(data, name), name, around)
        except ConfigError:
            continue  # the reader of toolchains says so


def _of_dockerfiles(view: ProjectView) -> Iterator[Ask]:
    paths = [os.path.join(view.root, "Dockerfile")]
    if view.project is not None:
        paths += [service.build.dockerfile for service in view.project.services if service.build]
        paths += [mode.box.build.dockerfile for mode in view.project.variants if mode.box.build]
    for path in dict.fromkeys(paths):
        data = view.machine.files.read(path)
        if data is None:
            continue
        from devbox.project.dockerfile import parse_dockerfile
        from devbox.project.rules.project_privileges import of_dockerfile

        try:
            yield from of_dockerfile(parse_dockerfile(data, view.machine.files.shown(path)))
        except ConfigError:
            continue  # the rules of Dockerfiles say so


GROUP = Group("privileges", dict.fromkeys(_IDS, ""), _probe, _judge, lambda view: False)
