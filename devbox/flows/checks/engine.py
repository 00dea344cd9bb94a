"""The Docker Engine: does one answer, what it is, and what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core import engine_checks
from devbox.core.doctor import Judged
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject
from devbox.flows.engine_facts import engine_facts


def _probe(subject: Subject, view: ProjectView) -> dict[str, Any]:
    builder = subject.choose_builder if view.builds else None
    return engine_facts(subject.connect, subject.clock, builder, _box_image(subject, view))


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    arch = str(others.get("platform", {}).get("arch") or "")
    return engine_checks.judge(facts, has_box=view.has_box, arch=arch, env=view.machine.env)


def _box_image(subject: Subject, view: ProjectView) -> str | None:
    """What the box would be made from: the image it names, or the one that devbox builds."""
    if view.project is None:
        return None
    box = view.project.box
    if box.build is None:
        return box.image
    # Deferred: only a box that devbox builds has a name of its own.
    from devbox.core.labels import Identity

    identity = Identity.of(view.project.name, view.project.root, subject.uid)
    return identity.image_ref(box.name, view.project.mode)


GROUP = Group(
    "engine",
    {
        engine_checks.ID: "engine", "engine.version": "", "engine.builder": "", "engine.storage": "",
        "engine.cgroups": "", "engine.disk": "", "engine.clock": "", "engine.platform": "", "engine.context": "",
    },
    _probe, _judge,
)
