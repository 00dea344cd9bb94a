"""Facts about NVIDIA GPUs by NVML, through NVIDIA's own binding. Reads only."""

from __future__ import annotations

import os
from typing import Any, Literal

Facts = dict[str, Any]

Problem = Literal["no-library", "no-driver", "mismatch", "no-permission", "no-device", "failed"]
"""Why NVML does not answer; core/gpu_checks turns it into the one next step."""


def nvidia_traces() -> bool:
    """Whether anything of NVIDIA's is here, cheaply: asked before NVML where no GPU is wanted."""
    return any(os.path.exists(path) for path in ("/dev/nvidia0", "/dev/nvidiactl", "/proc/driver/nvidia", "/dev/dxg"))


def gpu_facts() -> Facts:
    """Driver, CUDA version and devices; `problem` says why NVML does not answer. Sizes in bytes."""
    # Deferred: the binding costs 25 ms and opens a library; only machines or projects with a GPU pay.
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return _absent(_problem(pynvml, error), str(error))
    try:
        return _answering(pynvml)
    finally:
        pynvml.nvmlShutdown()


def _answering(pynvml: Any) -> Facts:
    facts: Facts = {"problem": None}
    _put(pynvml, facts, "driver", lambda: _words(pynvml.nvmlSystemGetDriverVersion()))
    _put(pynvml, facts, "cuda_driver", lambda: _cuda(pynvml.nvmlSystemGetCudaDriverVersion_v2()))
    try:
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError as error:
        return {**facts, "devices": None, "devices_reason": str(error), "problem": "failed"}
    facts["devices"] = [_device(pynvml, index) for index in range(min(count, 64))]
    if not facts["devices"]:
        facts["problem"] = "no-device"
    return facts


def _device(pynvml: Any, index: int) -> Facts:
    facts: Facts = {"index": index}
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    except pynvml.NVMLError as error:
        return {**facts, "name": None, "name_reason": str(error), "problem": _problem(pynvml, error)}
    _put(pynvml, facts, "name", lambda: _words(pynvml.nvmlDeviceGetName(handle)))
    _put(pynvml, facts, "memory", lambda: int(pynvml.nvmlDeviceGetMemoryInfo(handle).total))
    _put(
        pynvml, facts, "compute_capability",
        lambda: "{}.{}".format(*pynvml.nvmlDeviceGetCudaComputeCapability(handle)),
    )
    return facts


def _put(pynvml: Any, facts: Facts, name: str, read: Any) -> None:
    try:
        facts[name] = read()
    except pynvml.NVMLError as error:
        facts[name], facts[f"{name}_reason"] = None, str(error)


def _absent(problem: Problem, words: str) -> Facts:
    facts: Facts = {"problem": problem}
    for name in ("driver", "cuda_driver", "devices"):
        facts[name], facts[f"{name}_reason"] = None, words
    return facts


def _problem(pynvml: Any, error: Any) -> Problem:
    table: dict[int, Problem] = {
        pynvml.NVML_ERROR_LIBRARY_NOT_FOUND: "no-library",
        pynvml.NVML_ERROR_FUNCTION_NOT_FOUND: "mismatch",
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "no-driver",
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "mismatch",
        pynvml.NVML_ERROR_NO_PERMISSION: "no-permission",
        pynvml.NVML_ERROR_NOT_FOUND: "no-device",
        pynvml.NVML_ERROR_GPU_NOT_FOUND: "no-device",
    }
    return table.get(error.value, "failed")


def _words(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _cuda(number: int) -> str:
    """12040 → 12.4"""
    return f"{number // 1000}.{number % 1000 // 10}"
