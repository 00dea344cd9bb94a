"""Facts about NVIDIA GPUs by NVML, through NVIDIA's own binding. Reads only.

What /proc and /sys tell about the driver is in `host/gpu_system.py`, what hands GPUs to containers in
`host/gpu_runtime.py`; this module alone imports the binding.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal

Facts = dict[str, Any]

Problem = Literal[
    "no-library", "old-library", "no-driver", "mismatch", "no-permission", "no-device", "no-power", "timeout",
    "interrupt", "inforom", "lost", "reset", "blocked", "in-use", "memory", "resources", "not-ready", "binding",
    "failed",
]
"""Why NVML or a device does not answer; core/gpu_checks_causes turns it into the one next step."""

_CODES: dict[int, Problem] = {
    4: "no-permission", 6: "no-device", 8: "no-power", 9: "no-driver", 10: "timeout", 11: "interrupt",
    12: "no-library", 13: "old-library", 14: "inforom", 15: "lost", 16: "reset", 17: "blocked", 18: "mismatch",
    19: "in-use", 20: "memory", 23: "resources", 25: "binding", 27: "not-ready", 28: "no-device",
}
"""nvmlReturn_t of nvml.h (NVML API reference, "nvmlReturn_t"); any other code is `failed`."""

_BRANDS = {
    0: "unknown", 1: "quadro", 2: "tesla", 3: "nvs", 4: "grid", 5: "geforce", 6: "titan", 7: "nvidiavapps",
    8: "nvidiavpc", 9: "nvidiavcs", 10: "nvidiavws", 11: "nvidiacloudgaming", 12: "quadrortx", 13: "nvidiartx",
    14: "nvidia", 15: "geforcertx", 16: "titanrtx",
}
"""nvmlBrandType_t, spelt as NVIDIA_REQUIRE_CUDA spells them."""

_DEVICE_LIMIT = 64
_MIG_LIMIT = 16


def nvidia_traces() -> bool:
    """Whether anything of NVIDIA's is here, cheaply: asked before NVML where no GPU is wanted."""
    return any(os.path.exists(path) for path in ("/dev/nvidia0", "/dev/nvidiactl", "/proc/driver/nvidia", "/dev/dxg"))


def gpu_facts() -> Facts:
    """Driver, CUDA version and devices; `problem` says why NVML does not answer. Sizes in bytes.

    Blocks as long as the driver does: call it in a thread that may be given up.
    """
    # Deferred: the binding costs 25 ms and opens a library; only machines or projects with a GPU pay.
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return _absent(_problem(error), str(error))
    try:
        return _answering(pynvml)
    finally:
        _shut_down(pynvml)


def _answering(pynvml: Any) -> Facts:
    facts: Facts = {"problem": None}
    _put(pynvml, facts, "driver", lambda: _words(pynvml.nvmlSystemGetDriverVersion()))
    _put(pynvml, facts, "cuda_driver", lambda: _cuda(pynvml.nvmlSystemGetCudaDriverVersion_v2()))
    try:
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError as error:
        return {**facts, "devices": None, "devices_reason": str(error), "problem": _problem(error)}
    facts["devices"] = [_device(pynvml, index) for index in range(min(count, _DEVICE_LIMIT))]
    if not facts["devices"]:
        facts["problem"] = "no-device"
    return facts


def _device(pynvml: Any, index: int) -> Facts:
    facts: Facts = {"index": index, "problem": None}
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    except pynvml.NVMLError as error:
        return {**facts, "name": None, "name_reason": str(error), "problem": _problem(error)}
    _put(pynvml, facts, "name", lambda: _words(pynvml.nvmlDeviceGetName(handle)))
    _put(pynvml, facts, "memory", lambda: int(pynvml.nvmlDeviceGetMemoryInfo(handle).total))
    _put(
        pynvml, facts, "compute_capability",
        lambda: "{}.{}".format(*pynvml.nvmlDeviceGetCudaComputeCapability(handle)),
    )
    _put(pynvml, facts, "brand", lambda: _BRANDS.get(pynvml.nvmlDeviceGetBrand(handle), "unknown"))
    _put(pynvml, facts, "persistence", lambda: bool(pynvml.nvmlDeviceGetPersistenceMode(handle)))
    _put(pynvml, facts, "ecc", lambda: bool(pynvml.nvmlDeviceGetEccMode(handle)[0]))
    facts["mig"] = _mig(pynvml, handle)
    return facts


def _mig(pynvml: Any, handle: Any) -> Facts | None:
    """Whether the device is, and will be after a reset, divided into instances, and those; None where it cannot be."""
    try:
        current, pending = pynvml.nvmlDeviceGetMigMode(handle)
    except pynvml.NVMLError:
        return None
    facts: Facts = {"enabled": bool(current), "pending": bool(pending), "instances": []}
    if not current:
        return facts
    try:
        most = min(pynvml.nvmlDeviceGetMaxMigDeviceCount(handle), _MIG_LIMIT)
    except pynvml.NVMLError as error:
        return {**facts, "instances": None, "instances_reason": str(error)}
    for number in range(most):
        try:
            instance = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, number)
        except pynvml.NVMLError:
            continue  # Not every number is taken.
        facts["instances"].append(_instance(pynvml, instance, number))
    return facts


def _instance(pynvml: Any, handle: Any, number: int) -> Facts:
    facts: Facts = {"index": number}
    _put(pynvml, facts, "name", lambda: _words(pynvml.nvmlDeviceGetName(handle)))
    _put(pynvml, facts, "memory", lambda: int(pynvml.nvmlDeviceGetMemoryInfo(handle).total))
    return facts


def _put(pynvml: Any, facts: Facts, name: str, read: Callable[[], Any]) -> None:
    """The value, or None with NVML's words; a device that is lost or needs a reset says so by every call."""
    try:
        facts[name] = read()
    except pynvml.NVMLError as error:
        facts[name], facts[f"{name}_reason"] = None, str(error)
        problem = _problem(error)
        if "index" in facts and problem in ("lost", "reset", "inforom", "interrupt", "timeout"):
            facts["problem"] = problem


def _absent(problem: Problem, words: str) -> Facts:
    facts: Facts = {"problem": problem}
    for name in ("driver", "cuda_driver", "devices"):
        facts[name], facts[f"{name}_reason"] = None, words
    return facts


def _shut_down(pynvml: Any) -> None:
    """Whatever NVML says then, the facts stand."""
    try:
        pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return


def _problem(error: Any) -> Problem:
    return _CODES.get(error.value, "failed")


def _words(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _cuda(number: int) -> str:
    """12040 → 12.4"""
    return f"{number // 1000}.{number % 1000 // 10}"
