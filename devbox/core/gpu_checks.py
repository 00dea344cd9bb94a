"""Is the GPU what `[gpu]` asks for, and if NVML does not answer, the one next step. Pure.

Without `[gpu]` nothing is wanted: a machine without a GPU is silence, not a finding (product.md D5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devbox.core.check_list import BY_ID
from devbox.core.checks import checked
from devbox.core.doctor import Judged
from devbox.core.findings import CheckResult, Finding, Severity
from devbox.core.platform_checks import size_text
from devbox.core.project import GpuNeeds
from devbox.core.version import release_numbers

Facts = Mapping[str, Any]

_PROBLEMS = {
    "no-library": "NVIDIA's management library is not installed",
    "no-driver": "the NVIDIA kernel driver is not loaded",
    "mismatch": "the NVIDIA library and the loaded kernel driver have different versions",
    "no-permission": "this user may not talk to the NVIDIA driver",
    "no-device": "the NVIDIA driver answers, but there is no GPU",
    "failed": "the NVIDIA driver did not answer as expected",
}
_STEPS = {
    "no-library": "`sudo apt-get install nvidia-driver`",
    "no-driver": "`sudo modprobe nvidia`, then `sudo dmesg | grep -i nvidia` if that fails",
    "mismatch": "`sudo reboot`: the driver was updated and the old kernel module is still loaded",
    "no-permission": '`sudo usermod -aG video,render "$USER"`, then log in again',
    "no-device": "`lspci | grep -i nvidia` shows whether the system sees one",
    "failed": "`nvidia-smi` shows the driver's own words",
}


def judge(facts: Facts, needs: GpuNeeds | None, platform: Facts) -> Judged:
    """The GPU checks; with several GPUs the lowest decides."""
    if needs is None:
        return Judged(facts={"gpu": facts})
    problem = facts.get("problem")
    if problem:
        return _without(facts, needs, str(problem), platform)
    devices = facts["devices"]
    results = [
        _driver(facts, needs),
        _each(devices, needs, "gpu.memory", "memory", needs.min_memory, size_text),
        _each(devices, needs, "gpu.compute", "compute_capability", needs.min_compute_capability, str),
    ]
    findings = tuple(finding for _, found in results for finding in found)
    return Judged(tuple(check for check, _ in results), findings, {"gpu": facts})


def _without(facts: Facts, needs: GpuNeeds, problem: str, platform: Facts) -> Judged:
    severity: Severity = "error" if needs.required else "warn"
    check = checked(
        "gpu.driver", subject="gpu", expected=f">={needs.min_driver}" if needs.min_driver else "any", actual="-",
        origin="NVML", evidence=str(facts.get("driver_reason") or ""),
    )
    unknown = tuple(checked(id, unknown=_PROBLEMS[problem]) for id in ("gpu.memory", "gpu.compute"))
    message = f"{_PROBLEMS[problem]}, `{needs.origin or '[gpu]'}` wants a GPU"
    finding = _finding("gpu.driver", f"gpu.driver.{problem}", severity, message, check, needs, _step(problem, platform))
    return Judged((check, *unknown), (finding,), {"gpu": facts})


def _step(problem: str, platform: Facts) -> str:
    """The next step where this process runs: a container gets its GPU from outside, WSL from Windows."""
    if platform.get("container") and problem in ("no-library", "no-driver", "no-device"):
        return "start this container with `docker run --gpus all`"
    if platform.get("wsl") and problem in ("no-library", "no-driver"):
        return "install the NVIDIA driver in Windows, then `wsl --shutdown`"
    return _STEPS[problem]


def _driver(facts: Facts, needs: GpuNeeds) -> tuple[CheckResult, tuple[Finding, ...]]:
    driver, wanted = facts.get("driver"), needs.min_driver
    check = checked(
        "gpu.driver", subject="gpu driver", expected=f">={wanted}" if wanted else "", actual=driver or "-",
        origin="NVML", evidence=f"driver {driver}, CUDA {facts.get('cuda_driver')}",
        unknown=facts.get("driver_reason") if driver is None else None,
    )
    if driver is None or wanted is None or _at_least(driver, wanted):
        return check, ()
    message = f"the NVIDIA driver is {driver}, `{needs.origin or '[gpu]'}` asks for at least {wanted}"
    severity: Severity = "error" if needs.required else "warn"
    hint = f"`sudo apt-get install nvidia-driver-{wanted.partition('.')[0]}`"
    return check, (_finding("gpu.driver", "gpu.driver.old", severity, message, check, needs, hint),)


def _each(
    devices: Sequence[Facts], needs: GpuNeeds, id: str, name: str, wanted: Any, text: Callable[[Any], str]
) -> tuple[CheckResult, tuple[Finding, ...]]:
    """One check whose value is the lowest device's, and a finding for each device that falls short."""
    what = name.replace("_", " ")
    known = [device for device in devices if device.get(name) is not None]
    silent = [device for device in devices if device.get(name) is None]
    lowest = min(known, key=lambda device: _order(device[name]), default=None)
    check = checked(
        id, subject=f"gpu {what}", expected=f">={text(wanted)}" if wanted is not None else "",
        actual=text(lowest[name]) if lowest else "-", origin=_label(lowest) if lowest else "NVML",
        evidence=", ".join(f"{_label(device)}: {text(device[name])}" for device in known),
        unknown=str(silent[0].get(f"{name}_reason") or silent[0].get("name_reason")) if silent else None,
    )
    severity: Severity = "error" if needs.required else "warn"
    findings = tuple(
        _finding(
            id, f"{id}.{device['index']}", severity,
            f"{_label(device)} has {what} {text(device[name])}, "
            f"`{needs.origin or '[gpu]'}` asks for at least {text(wanted)}",
            check, needs, f"use another GPU, or lower `[gpu] min_{name}` where the project also runs on this one",
        )
        for device in known
        if wanted is not None and not _order(device[name]) >= _order(wanted)
    )
    return check, findings


def _label(device: Facts) -> str:
    return f"GPU {device['index']} ({device.get('name') or 'unnamed'})"


def _order(value: Any) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else release_numbers(str(value)) or ()


def _at_least(version: str, wanted: str) -> bool:
    return _order(version) >= _order(wanted)


def _finding(
    id: str, finding_id: str, severity: Severity, message: str, check: CheckResult, needs: GpuNeeds, hint: str | None
) -> Finding:
    return Finding(
        id=finding_id, check=id, layer=BY_ID[id].layer, severity=severity, subject=check.subject, message=message,
        expected=check.expected, actual=check.actual, origin=needs.origin, hint=hint,
    )
