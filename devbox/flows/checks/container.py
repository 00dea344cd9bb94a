"""The third column: what the running box of a trusted folder runs (security.md 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from devbox.core import container_checks
from devbox.core.container_checks import PINS, Inside
from devbox.core.doctor import Judged
from devbox.core.errors import DevboxError
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject
from devbox.flows.engine_facts import DEADLINE
from devbox.flows.probing import within

if TYPE_CHECKING:
    # Not at run time: only a project with a box asks the engine.
    from devbox.core.project import Project
    from devbox.engine.port import ContainerInfo, Engine

NO_BOX = Inside(reason="there is no box here", nothing_runs=True)
NOT_RUNNING = Inside(reason="the box is not running", nothing_runs=True)
NOT_TRUSTED = Inside(reason="the folder is not trusted, so its box is not asked")


def _probe(subject: Subject, view: ProjectView) -> Inside:
    project = view.project
    if project is None or (project.box.image is None and project.box.build is None):
        return NO_BOX
    try:
        looked = within(DEADLINE, lambda: _running_box(subject.connect(), project, subject.uid))
        if looked is None:
            return Inside(reason=f"no answer in {DEADLINE:g} s")
        engine, box = looked
        if box is None:
            return NOT_RUNNING
        if not _trusted(subject):
            return NOT_TRUSTED
    except DevboxError as error:
        return Inside(reason=error.summary)
    # Deferred: only a running box of a trusted folder is asked.
    from devbox.flows.box.tools import ask_box

    return ask_box(engine, box)


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    return container_checks.judge(facts, others.get(PINS, ()))


def _running_box(engine: Engine, project: Project, uid: int) -> tuple[Engine, ContainerInfo | None]:
    """The engine, and on it the newest generation of the box that runs."""
    from devbox.core.labels import SERVICE, Identity

    identity = Identity.of(project.name, project.root, uid)
    running = [
        one for one in engine.containers(identity.selector, all=False)
        if one.labels.get(SERVICE) == project.box.name and one.state == "running"
    ]
    return engine, max(running, key=_generation, default=None)


def _generation(container: ContainerInfo) -> int:
    from devbox.core.labels import GENERATION

    text = container.labels.get(GENERATION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _trusted(subject: Subject) -> bool:
    """By `--trust`, or by a record; nobody is asked."""
    from devbox.flows.trust import describe, trusted
    from devbox.flows.workspace import Workspace

    if not isinstance(subject, Workspace):
        return False
    granted = subject.trust_granted
    if granted is None:
        return trusted(subject) is not None
    digest = describe(subject).digest.removeprefix("sha256:")
    return granted in ("", digest) or granted.lower().removeprefix("sha256:") == digest


GROUP = Group("container", {container_checks.ID: ""}, _probe, _judge)
