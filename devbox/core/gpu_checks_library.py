"""Do the driver's libraries belong to the loaded kernel module, and is a divided GPU (MIG) usable. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devbox.core.checks import checked
from devbox.core.findings import Finding
from devbox.core.gpu_checks_causes import install_driver
from devbox.core.gpu_checks_result import Result, finding, label, order, severity_of
from devbox.core.project import GpuNeeds

Facts = Mapping[str, Any]

_NAMES = {"nvml": "libnvidia-ml.so.1", "cuda": "libcuda.so.1"}


def judge_library(facts: Facts, needs: GpuNeeds, platform: Facts) -> Result:
    """Library and kernel module must be of one version to the last digit; CUDA fails with error 803 where they differ.

    On WSL the libraries are Windows' own and carry no version in their names: nothing is compared.
    """
    system = facts.get("system") or {}
    module = system.get("module")
    libraries = system.get("libraries") or ()
    evidence = [f"{one['path']}: {one['version']}" for one in libraries]
    evidence += [f"{system['module_kind']} kernel module"] if system.get("module_kind") else []
    check = checked(
        "gpu.library", subject="gpu libraries" if module and libraries else "", expected=module or "",
        actual=", ".join(sorted({one["version"] for one in libraries})) or "-", origin="/proc/driver/nvidia/version",
        evidence="; ".join(evidence),
    )
    if not module or platform.get("wsl"):
        return check, ()
    findings: list[Finding] = []
    for name, file in _NAMES.items():
        mine = [one for one in libraries if one["library"] == name]
        others = [one for one in mine if one["version"] != module]
        if not others:
            continue
        first = others[0]
        if len(others) == len(mine):
            newer = order(first["version"]) > order(module)
            step = "`sudo reboot` loads the module that was installed with it" if newer else install_driver(platform)
            message = f"{file} is {first['version']} ({first['path']}), the loaded kernel module is {module}"
            found = ("gpu.library.mismatch", severity_of(needs), message, step)
        else:
            message = f"there is a second {file} of another driver, {first['version']} ({first['path']})"
            found = ("gpu.library.several", "info", message, "remove the driver that is not in use")
        id, severity, message, step = found
        if all(one.id != id for one in findings):
            findings.append(finding("gpu.library", id, severity, message, check, needs, step))
    return check, tuple(findings)


def judge_mig(facts: Facts, needs: GpuNeeds) -> Result:
    """A GPU in MIG mode runs nothing outside an instance; a mode that waits for a reset is not yet what was asked."""
    divided = [device for device in facts["devices"] if device.get("mig")]
    on = [device for device in divided if device["mig"]["enabled"]]
    silent = [device for device in on if device["mig"]["instances"] is None]
    check = checked(
        "gpu.mig", subject="gpu instances" if on else "", actual=_count(on), origin="NVML",
        evidence="; ".join(f"{label(device)}: {_state(device['mig'])}" for device in divided),
        unknown=str(silent[0]["mig"].get("instances_reason")) if silent else None,
    )
    findings: list[Finding] = []
    for device in divided:
        mig, index = device["mig"], device["index"]
        if mig["enabled"] and mig["instances"] == []:
            message = f"{label(device)} is in MIG mode without an instance: no program can use it"
            hint = f"`sudo nvidia-smi mig -i {index} -cgi 0 -C` makes one instance of all of it"
            id, severity = f"gpu.mig.empty.{index}", severity_of(needs)
        elif mig["enabled"] != mig["pending"]:
            message = f"{label(device)}: MIG mode is {_word(mig['enabled'])} until the GPU is reset"
            hint, id, severity = f"`sudo nvidia-smi --gpu-reset -i {index}`", f"gpu.mig.pending.{index}", "warn"
        else:
            continue
        findings.append(finding("gpu.mig", id, severity, message, check, needs, hint))
    return check, tuple(findings)


def _count(devices: list[Facts]) -> str:
    return str(sum(len(device["mig"]["instances"] or ()) for device in devices)) if devices else "-"


def _state(mig: Facts) -> str:
    names = [str(instance.get("name") or instance["index"]) for instance in mig["instances"] or ()]
    return f"MIG {_word(mig['enabled'])}" + (f", {len(names)} instances: {', '.join(names)}" if names else "")


def _word(enabled: bool) -> str:
    return "on" if enabled else "off"
