"""The Docker Engine: does one answer, and what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core import engine_checks
from devbox.core.doctor import Judged
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject
from devbox.flows.engine_facts import engine_facts


def _probe(subject: Subject, view: ProjectView) -> dict[str, Any]:
    return engine_facts(subject.connect, subject.choose_builder if view.builds else None)


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    return engine_checks.judge(facts, has_box=view.has_box)


GROUP = Group("engine", {engine_checks.ID: "engine"}, _probe, _judge)
