"""The machine itself: processor, memory, disk, system, limits, locale, the variables that `[host]` names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from devbox.core import os_checks, platform_checks
from devbox.core.doctor import Judged
from devbox.core.hardware_checks import judge_cpu, judge_emulation
from devbox.core.judging import collect
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject


def _probe(subject: Subject, view: ProjectView) -> dict[str, Any]:
    # Deferred: psutil and what comes with it load beside the other probes.
    from devbox.host.platform import platform_facts

    return platform_facts(str(view.root), view.machine.env)


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    wanted = platform_checks.judge(facts, view.host_needs, view.missing_env)
    more = collect([
        judge_cpu(facts, view.images), judge_emulation(facts),
        *os_checks.judge_os(facts, view.machine.today, _box_zone(view)),
    ])
    return replace(wanted, checks=(*wanted.checks, *more.checks), findings=(*wanted.findings, *more.findings))


def _box_zone(view: ProjectView) -> str | None:
    """The box's time zone as its settings say; a container whose image sets none is in UTC."""
    box = view.project.box if view.project else None
    if box is None or (box.image is None and box.build is None):
        return None
    return dict(box.env).get("TZ") or "UTC"


GROUP = Group(
    "platform",
    {
        "platform.arch": "architecture", "platform.cpu": "cpu level", "platform.emulation": "",
        "platform.memory": "memory", "platform.disk": "disk", "platform.os": "system", "platform.release": "release",
        "platform.inotify": "inotify watches", "platform.instances": "", "platform.files": "open files",
        "platform.pids": "", "platform.locale": "locale", "platform.timezone": "", "platform.env": "",
    },
    _probe, _judge,
)
