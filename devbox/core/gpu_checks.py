"""Is the GPU what `[gpu]` and the box's image ask for, and if not, the one next step. Pure.

Without `[gpu]` nothing is wanted: a machine without a GPU is silence, not a finding (product.md D5). With a GPU here
and CUDA in the image, whether the two fit is looked at all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from devbox.core.checks import checked
from devbox.core.doctor import Judged
from devbox.core.findings import CheckResult, Finding
from devbox.core.gpu_checks_causes import cause_of, newer_driver
from devbox.core.gpu_checks_image import judge_images
from devbox.core.gpu_checks_library import judge_library, judge_mig
from devbox.core.gpu_checks_result import Result, finding, label, order, severity_of, where
from devbox.core.gpu_checks_runtime import judge_runtime
from devbox.core.platform_checks import size_text
from devbox.core.project import GpuNeeds

Facts = Mapping[str, Any]

_EMPTY = ("", "-1", "NoDevFiles")
"""Values of CUDA_VISIBLE_DEVICES that leave a program no GPU (CUDA C++ Programming Guide, environment variables)."""


def judge(facts: Facts, needs: GpuNeeds | None, platform: Facts) -> Judged:
    """The GPU checks; with several GPUs the lowest decides."""
    shown = {"gpu": facts}
    if needs is None:
        fits = judge_images(facts, None, platform) if facts.get("devices") else ()
        return _judged(fits, shown)
    problem = facts.get("problem")
    if problem:
        return _judged(_without(facts, needs, str(problem), platform), shown)
    devices = facts["devices"]
    memory = [{**device, "memory": _usable(device)} for device in devices]
    return _judged(
        (
            _driver(facts, needs, platform),
            _each(memory, needs, "gpu.memory", "memory", needs.min_memory, size_text),
            _each(devices, needs, "gpu.compute", "compute_capability", needs.min_compute_capability, str),
            *judge_images(facts, needs, platform), judge_runtime(facts, needs, platform),
            judge_library(facts, needs, platform), judge_mig(facts, needs),
        ),
        shown,
    )


def _judged(results: Sequence[Result], facts: Mapping[str, Facts]) -> Judged:
    findings = tuple(finding for _, found in results for finding in found)
    return Judged(tuple(check for check, _ in results), findings, facts)


def _without(facts: Facts, needs: GpuNeeds, problem: str, platform: Facts) -> tuple[Result, ...]:
    """NVML does not answer: one finding, and everything that would be asked of it is unknown."""
    cause = cause_of(problem, facts.get("system") or {}, platform)
    message = f"{cause.message}, {where(needs)} wants a GPU"
    check = checked(
        "gpu.driver", subject="gpu", expected=f">={needs.min_driver}" if needs.min_driver else "any", actual="-",
        origin="NVML", evidence=str(facts.get("driver_reason") or facts.get("devices_reason") or ""),
        unknown=cause.message if problem == "mismatch" else None,
    )
    library = judge_library(facts, needs, platform)[0]
    library = replace(library, subject="gpu libraries") if problem == "mismatch" else library
    about = library if problem == "mismatch" else check
    found = finding(about.id, f"{about.id}.{cause.id}", severity_of(needs), message, about, needs, cause.step)
    return ((check, (found,)), *_unasked(facts, cause.message), (library, ()))


def _unasked(facts: Facts, reason: str) -> list[Result]:
    """What would have been asked of the driver or compared with it, and why it was not."""
    subjects = {"gpu.memory": "gpu memory", "gpu.compute": "gpu compute capability"}
    if facts.get("images"):
        subjects |= {"gpu.cuda": "cuda of the image", "gpu.architecture": "gpu architecture"}
    if facts.get("box_wants_gpu"):
        subjects["gpu.runtime"] = "gpu in containers"
    return [(checked(id, subject=subject, unknown=reason), ()) for id, subject in subjects.items()]


def _driver(facts: Facts, needs: GpuNeeds, platform: Facts) -> Result:
    driver, wanted = facts.get("driver"), needs.min_driver
    check = checked(
        "gpu.driver", subject="gpu driver", expected=f">={wanted}" if wanted else "", actual=driver or "-",
        origin="NVML", evidence=f"driver {driver}, CUDA {facts.get('cuda_driver')}",
        unknown=facts.get("driver_reason") if driver is None else None,
    )
    findings: list[Finding] = []
    if driver is not None and wanted is not None and not order(driver) >= order(wanted):
        message = f"the NVIDIA driver is {driver}, {where(needs)} asks for at least {wanted}"
        hint = newer_driver(wanted, platform)
        findings.append(finding("gpu.driver", "gpu.driver.old", severity_of(needs), message, check, needs, hint))
    findings += _silent(check, facts, needs, platform)
    count = facts.get("box_gpus")
    if isinstance(count, int) and count > len(facts["devices"]):
        message = f"the box asks for {count} GPUs, this machine has {len(facts['devices'])}"
        hint = 'write `gpu = "all"` in `[box]` where any number will do'
        findings.append(finding("gpu.driver", "gpu.driver.count", severity_of(needs), message, check, needs, hint))
    hidden = ((facts.get("system") or {}).get("variables") or {}).get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in _EMPTY:
        message = f"CUDA_VISIBLE_DEVICES is `{hidden.strip()}` here: CUDA programs see no GPU"
        hint = "`unset CUDA_VISIBLE_DEVICES`"
        findings.append(finding("gpu.driver", "gpu.driver.hidden", "warn", message, check, needs, hint))
    return check, tuple(findings)


def _silent(check: CheckResult, facts: Facts, needs: GpuNeeds, platform: Facts) -> list[Finding]:
    """The devices that the driver knows and that do not answer."""
    findings = []
    for device in facts["devices"]:
        if device.get("problem"):
            cause = cause_of(str(device["problem"]), facts.get("system") or {}, platform)
            id = f"gpu.driver.{cause.id}.{device['index']}"
            message = f"{label(device)}: {cause.message}"
            findings.append(finding("gpu.driver", id, severity_of(needs), message, check, needs, cause.step))
    return findings


def _usable(device: Facts) -> int | None:
    """The memory that a program gets: of a divided GPU the smallest instance's."""
    instances = (device.get("mig") or {}).get("instances") or ()
    sizes = [instance["memory"] for instance in instances if instance.get("memory") is not None]
    return min(sizes) if sizes else device.get("memory")


def _each(
    devices: Sequence[Facts], needs: GpuNeeds, id: str, name: str, wanted: Any, text: Callable[[Any], str]
) -> Result:
    """One check whose value is the lowest device's, and a finding for each device that falls short."""
    what = name.replace("_", " ")
    known = [device for device in devices if device.get(name) is not None]
    silent = [device for device in devices if device.get(name) is None]
    lowest = min(known, key=lambda device: order(device[name]), default=None)
    listed = ", ".join(f"{label(device)}: {text(device[name])}" for device in known)
    several = len({text(device[name]) for device in known}) > 1
    check = checked(
        id, subject=f"gpu {what}", expected=f">={text(wanted)}" if wanted is not None else "",
        actual=text(lowest[name]) if lowest else "-", origin=label(lowest) if lowest else "NVML",
        evidence=f"the lowest of {len(known)} GPUs decides: {listed}" if several else listed,
        unknown=_reason(silent[0], name) if silent else None,
    )
    findings = tuple(
        finding(
            id, f"{id}.{device['index']}", severity_of(needs),
            f"{label(device)} has {what} {text(device[name])}, {where(needs)} asks for at least {text(wanted)}",
            check, needs, f"use another GPU, or lower `[gpu] min_{name}` where the project also runs on this one",
        )
        for device in known
        if wanted is not None and not order(device[name]) >= order(wanted)
    )
    return check, findings


def _reason(device: Facts, name: str) -> str:
    return f"{label(device)}: {device.get(f'{name}_reason') or device.get('name_reason') or 'NVML does not tell'}"
