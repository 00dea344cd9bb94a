"""Compose files, and whether every service and mode finds its Dockerfile and runs an image that is still maintained."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from devbox.core.checks import checked
from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import Finding, Severity
from devbox.core.frozen import dataclass
from devbox.core.project import Project
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject
from devbox.project.discovery import COMPOSE_FILES

if TYPE_CHECKING:
    # Not at run time: they load beside the other probes, and only where there is a compose file.
    from devbox.project.rules.compose import ComposeFile

_BUILD, _EOL = "build.dockerfile", "images.eol"
_COMPOSE = ("compose.syntax", "compose.version", "compose.ports", "compose.env-file", "compose.image")


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked at, and what is wrong with it."""

    ids: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def _probe(subject: Subject, view: ProjectView) -> Found:
    root = str(view.root)
    ids: tuple[str, ...] = ()
    findings: list[Finding] = []
    if view.project is not None:
        ids += (_BUILD,)
        findings += _unbuildable(view.project, view)
        findings += _old_services(view.project, view)
    if any(os.path.lexists(os.path.join(root, name)) for name in COMPOSE_FILES):
        ids += tuple(id for id in (*_COMPOSE, _BUILD) if id not in ids)
        findings += _compose(view, root)
    return Found(ids, tuple(findings))


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    return Judged(tuple(checked(id) for id in facts.ids), facts.findings)


def _unbuildable(project: Project, view: ProjectView) -> Iterator[Finding]:
    """Services and modes whose Dockerfile or context is not there."""
    services = [("box" if one is project.box else one.name, one) for one in project.services]
    services += [(f"modes.{mode.name}", mode.box) for mode in project.variants]
    seen: set[str] = set()
    for name, service in services:
        build = service.build
        if build is None or build.dockerfile in seen:
            continue
        seen.add(build.dockerfile)
        if not os.path.isfile(build.dockerfile):
            yield _missing(name, view.machine.files.shown(build.dockerfile), build.origin or Origin(project.source))
        elif not os.path.isdir(build.context):
            yield _missing(name, view.machine.files.shown(build.context), build.origin or Origin(project.source))


def _missing(name: str, path: str, origin: Origin) -> Finding:
    return _finding(_BUILD, "error", name, f"{name} is built from {path}, which is not there", origin,
                    "correct the path; it starts at the folder of the file that names it", actual=path)


def _old_services(project: Project, view: ProjectView) -> Iterator[Finding]:
    for service in project.services:
        if service.image:
            yield from _old(service.name, service.image, service.origin_of("image") or Origin(project.source), view)


def _old(name: str, image: str, origin: Origin, view: ProjectView) -> Iterator[Finding]:
    # Deferred, like all readers: many projects have no image but the one they build.
    from devbox.project.image_refs import split_reference
    from devbox.project.rules.end_of_life import ended, words_of

    parts = split_reference(image)
    for what in ended(parts[0], parts[1] or "", view.machine.today) if parts else ():
        yield _finding(_EOL, "warn", name, words_of(what, image), origin,
                       f"move to a supported release of {what.product}", actual=image)


def _compose(view: ProjectView, root: str) -> Iterator[Finding]:
    from devbox.project.rules import compose

    files, problems = compose.read_compose(view.machine.files, root)
    for problem in problems:
        yield _finding("compose.syntax", "error", problem.path or "compose", f"{problem.path}: {problem.summary}",
                       Origin(problem.path or "compose", problem.line, problem.column), problem.hint)
    known = compose.variables(view.machine.files, root, view.machine.env)
    box = compose.box_of(files)
    for file in files:
        yield from _file(file, known, box, view)


def _file(file: ComposeFile, known: Mapping[str, str], box: str | None, view: ProjectView) -> Iterator[Finding]:
    from devbox.project.rules import compose

    version = file.root.get("version")
    if version is not None:
        yield _finding("compose.version", "info", file.path, "`version` means nothing to compose any more",
                       version.origin, "remove the line")
    for port in compose.published(file, known):
        # Without a box that can be told, what is built may be it.
        if port.service != box and not (box is None and file.services[port.service].get("build")):
            where = "on all addresses of this machine" if port.wide else f"on {port.address}"
            yield _finding(
                "compose.ports", "warn" if port.wide else "info", port.service,
                f"{port.service} publishes {port.text} {where}; services reach it by name without that", port.origin,
                "remove the port, or write it with an address: `127.0.0.1:…`", actual=port.text,
            )
    for build in compose.builds(file, known):
        if not os.path.isfile(build.dockerfile):
            yield _missing(file.path, view.machine.files.shown(build.dockerfile), build.origin or Origin(file.path))
    for name, written in compose.unresolved(file, known):
        yield _finding(_BUILD, "error", name, f"the Dockerfile of {name} has a variable without a value",
                       written.origin, "set it in .env, or write a default: `${NAME:-Dockerfile}`", written.words)
    for name, path, origin in compose.missing_env_files(file, known):
        yield _finding("compose.env-file", "error", name, f"{name} takes its variables from {path}, which is not there",
                       origin, f"write `{path}`, or say `required: false` beside its path", actual=path)
    for name, service in file.services.items():
        node = service.get("image")
        image = compose.interpolated(node, known)
        if image and node is not None:
            yield from _old(name, image, node.origin, view)
            if not service.get("build"):
                yield from _untagged(name, image, node.origin)


def _untagged(name: str, image: str, origin: Origin) -> Iterator[Finding]:
    """As `FROM` is told; an image that is built here is named by whoever builds it."""
    from devbox.project.image_refs import split_reference

    parts = split_reference(image)
    if parts and parts[2] is None and parts[1] in (None, "latest"):
        words = "has no tag, which means `latest`" if parts[1] is None else "is whatever was published last"
        yield _finding("compose.image", "warn", name, f"{image} {words}", origin,
                       f"write the version: `image: {parts[0]}:VERSION`", actual=image)


def _finding(
    id: str, severity: Severity, subject: str, message: str, origin: Origin, hint: str | None, actual: str | None = None
) -> Finding:
    from devbox.core.check_list import BY_ID

    return Finding(id=id, check=id, layer=BY_ID[id].layer, severity=severity, subject=subject, message=message,
                   actual=actual, origin=origin, hint=hint)


GROUP = Group("compose", dict.fromkeys((*_COMPOSE, _BUILD), ""), _probe, _judge, lambda view: False)
