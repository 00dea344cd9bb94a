"""The GPU, by NVML: asked only where one is wanted or something of NVIDIA's is here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core import gpu_checks
from devbox.core.doctor import Judged
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject


def _probe(subject: Subject, view: ProjectView) -> dict[str, Any]:
    # Deferred: NVML is touched only where a GPU is wanted or something of NVIDIA's is here.
    from devbox.host.gpu import gpu_facts, nvidia_traces

    if view.gpu_needs is None and not nvidia_traces():
        return {"devices": None, "devices_reason": "nothing of NVIDIA's is on this machine, and none is wanted"}
    return gpu_facts()


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    return gpu_checks.judge(facts, view.gpu_needs, others.get("platform", {}))


GROUP = Group(
    "gpu",
    {"gpu.driver": "gpu driver", "gpu.memory": "gpu memory", "gpu.compute": "gpu compute capability"},
    _probe, _judge, lambda view: view.gpu_needs is not None,
)
