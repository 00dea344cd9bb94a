"""The machine itself: processor, memory, disk, system, limits, locale, the variables that `[host]` names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core import platform_checks
from devbox.core.doctor import Judged
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject


def _probe(subject: Subject, view: ProjectView) -> dict[str, Any]:
    # Deferred: psutil and what comes with it load beside the other probes.
    from devbox.host.platform import platform_facts

    return platform_facts(str(view.root), view.machine.env)


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    return platform_checks.judge(facts, view.host_needs, view.missing_env)


GROUP = Group(
    "platform",
    {
        "platform.arch": "architecture", "platform.memory": "memory", "platform.disk": "disk",
        "platform.os": "system", "platform.release": "release", "platform.inotify": "inotify watches",
        "platform.files": "open files", "platform.locale": "locale", "platform.env": "",
    },
    _probe, _judge,
)
