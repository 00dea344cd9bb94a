"""The GPU, by NVML: asked only where one is wanted or something of NVIDIA's is here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core.doctor import Judged
from devbox.core.project import GpuNeeds
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView, Subject


def gpu_needs(view: ProjectView) -> GpuNeeds | None:
    """`[gpu]`, or what a box that takes GPUs without that table asks for; None wants none."""
    box = view.project.box if view.project else None
    if view.gpu_needs is not None or box is None or box.gpu in ("auto", "none"):
        return view.gpu_needs
    return GpuNeeds(required=True, origin=box.origin_of("gpu"))


def _probe(subject: Subject, view: ProjectView) -> dict[str, Any]:
    # Deferred: NVML and what is read around it are touched only where a GPU is wanted or something of NVIDIA's is here.
    from devbox.host.gpu import nvidia_traces

    if gpu_needs(view) is None and not nvidia_traces():
        return {"devices": None, "devices_reason": "nothing of NVIDIA's is on this machine, and none is wanted"}
    from devbox.flows.gpu_facts import all_gpu_facts

    return all_gpu_facts(subject, view)


def _judge(facts: Any, view: ProjectView, others: Mapping[str, Any]) -> Judged:
    needs = gpu_needs(view)
    if needs is None and not facts.get("devices"):
        return Judged(facts={"gpu": facts})
    # Deferred: the rules and their tables cost 5 ms, and most projects want no GPU.
    from devbox.core import gpu_checks

    return gpu_checks.judge(facts, needs, facts.get("around") or others.get("platform", {}))


GROUP = Group(
    "gpu",
    {
        "gpu.driver": "gpu driver", "gpu.memory": "gpu memory", "gpu.compute": "gpu compute capability",
        "gpu.cuda": "", "gpu.architecture": "", "gpu.runtime": "", "gpu.library": "", "gpu.mig": "",
    },
    _probe, _judge, lambda view: gpu_needs(view) is not None,
)
