"""Can the engine hand a GPU to a container: NVIDIA's runtime or CDI, against the driver and the box. Pure.

An engine gives GPUs by NVIDIA's runtime or hook (nvidia-container-toolkit), or by CDI descriptions, which newer engines
list themselves (`DiscoveredDevices`, API 1.50).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from devbox.core.checks import checked
from devbox.core.findings import Finding
from devbox.core.gpu_checks_result import Result, finding, severity_of
from devbox.core.project import GpuNeeds

Facts = Mapping[str, Any]

_PACKAGES = {
    "fedora": "sudo dnf install nvidia-container-toolkit", "rhel": "sudo dnf install nvidia-container-toolkit",
    "arch": "sudo pacman -S nvidia-container-toolkit",
    "opensuse-tumbleweed": "sudo zypper install nvidia-container-toolkit",
}
_REGISTER = "`sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker`"
_ROOTLESS = "`sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place`"
_HIDDEN = {"NVIDIA_VISIBLE_DEVICES": ("", "void", "none"), "CUDA_VISIBLE_DEVICES": ("", "-1", "NoDevFiles")}
_LISTING = 8


def judge_runtime(facts: Facts, needs: GpuNeeds, platform: Facts) -> Result:
    """Whether the box would get the GPU; nothing is asked where the project has no box that wants one."""
    engine, runtime = facts.get("engine") or {}, facts.get("runtime") or {}
    if not facts.get("box_wants_gpu"):
        return checked("gpu.runtime", evidence="no box here asks for a GPU"), ()
    here = bool(engine.get("local")) and not platform.get("container")
    ways = _ways(engine, runtime if here else {})
    check = checked(
        "gpu.runtime", subject="gpu in containers", expected="nvidia runtime or CDI", actual=", ".join(ways) or "-",
        origin=str(engine.get("endpoint") or "engine"), evidence=_evidence(engine, runtime),
        unknown=str(engine.get("reason")) if engine.get("reason") else None,
    )
    if engine.get("reason"):
        return check, ()
    found = _missing(ways, runtime, here, platform) or _stale(engine, runtime, here, facts.get("driver"))
    found = found or _rootless(engine, runtime, ways, here) or _hidden(facts.get("box_env") or {})
    if found is None:
        return check, ()
    id, message, step = found
    findings: tuple[Finding, ...] = (finding("gpu.runtime", id, severity_of(needs), message, check, needs, step),)
    return check, findings


def _ways(engine: Facts, runtime: Facts) -> list[str]:
    ways = []
    if "nvidia" in (engine.get("runtimes") or ()):
        ways.append("nvidia runtime")
    if engine.get("cdi_devices") or (engine.get("cdi_folders") and runtime.get("cdi")):
        ways.append("CDI")
    return ways


def _missing(ways: Sequence[str], runtime: Facts, here: bool, platform: Facts) -> tuple[str, str, str] | None:
    if ways:
        return None
    programs = runtime.get("programs") or {}
    if here and programs:
        message = "NVIDIA's container toolkit is installed, but the engine does not know its runtime"
        return "gpu.runtime.unregistered", message, _REGISTER
    message = "the engine has no way to give a container a GPU: neither NVIDIA's runtime nor CDI"
    if not here:
        return "gpu.runtime.missing", message, "install nvidia-container-toolkit on the engine's machine"
    command = _PACKAGES.get(str(platform.get("distribution")), "sudo apt-get install nvidia-container-toolkit")
    return "gpu.runtime.missing", message, f"`{command}`"


def _stale(engine: Facts, runtime: Facts, here: bool, driver: Any) -> tuple[str, str, str] | None:
    """A CDI description names the driver's files; after an update of the driver they are gone."""
    if not here or not engine.get("cdi_folders") or not driver:
        return None
    for one in runtime.get("cdi") or ():
        if one.get("driver") and one["driver"] != driver:
            message = f"{one['path']} describes driver {one['driver']}, and {driver} runs"
            return "gpu.runtime.stale", message, f"`sudo nvidia-ctk cdi generate --output={one['path']}`"
    return None


def _rootless(engine: Facts, runtime: Facts, ways: Sequence[str], here: bool) -> tuple[str, str, str] | None:
    if here and engine.get("rootless") and "CDI" not in ways and runtime.get("no_cgroups") is False:
        message = "a rootless engine cannot set the device rules that NVIDIA's hook asks for"
        return "gpu.runtime.rootless", message, _ROOTLESS
    return None


def _hidden(env: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The box's own variables may take the GPU away again."""
    for name, values in _HIDDEN.items():
        if name in env and env[name].strip() in values:
            message = f"the box sets {name} to `{env[name].strip()}`: its programs see no GPU"
            return "gpu.runtime.hidden", message, f"remove `{name}` from `[box.env]`"
    return None


def _evidence(engine: Facts, runtime: Facts) -> str:
    words = {
        "runtimes": engine.get("runtimes"), "CDI folders": engine.get("cdi_folders"),
        "CDI devices": engine.get("cdi_devices"),
        "CDI files": [one["path"] for one in runtime.get("cdi") or ()],
        "programs": sorted((runtime.get("programs") or {}).values()),
    }
    return "; ".join(f"{name}: {', '.join(map(str, list(value)[:_LISTING]))}" for name, value in words.items() if value)
