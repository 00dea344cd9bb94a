"""The processor as programs see it: its model, its x86-64 level, and whether it is emulated."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

_READ_LIMIT = 64 * 1024
"""Bytes of /proc/cpuinfo: enough for one processor."""

_LEVELS = (
    ("lm", "cmov", "cx8", "fpu", "fxsr", "mmx", "sse", "sse2"),
    ("cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"),
    ("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"),
    ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
)
"""Flags of /proc/cpuinfo that each x86-64 level adds (x86-64 psABI 1.0, table 3.1, in Linux' names)."""
_BINFMT = "/proc/sys/fs/binfmt_misc"


def processor_facts() -> dict[str, Any]:
    """`cpu_model`, `cpu_level` (1 to 4, x86-64 only), `emulation` (what emulates this process) and `emulators` (the
    architectures that the kernel hands to one)."""
    arch = os.uname().machine
    fields, reason = _cpuinfo()
    model = next((fields[name] for name in ("model name", "Processor", "Model") if fields.get(name)), None)
    facts: dict[str, Any] = {"cpu_model": model, "cpu_level": None, "emulation": None, "emulators": _emulators()}
    if model is None:
        facts["cpu_model_reason"] = reason or "this system does not tell"
    if arch not in ("x86_64", "amd64"):
        facts["cpu_level_reason"] = f"{arch} has no such levels"
    elif "flags" not in fields:
        facts["cpu_level_reason"] = reason or "this system does not tell"
    else:
        facts["cpu_level"] = cpu_level(fields["flags"])
    facts["emulation"] = _emulation(arch, fields)
    if facts["emulation"] is None:
        facts["emulation_reason"] = "nothing emulates this process, as far as the system tells"
    return facts


def cpu_level(flags: str) -> int:
    """The highest x86-64 level whose flags, and those of every level below it, are all there."""
    present = set(flags.split())
    level = 0
    for needed in _LEVELS:
        if not present.issuperset(needed):
            break
        level += 1
    return max(level, 1)


def emulated_by(arch: str, fields: Mapping[str, str]) -> str | None:
    """What emulates a Linux process, from the processor that the kernel of the real machine describes."""
    if fields.get("vendor_id") == "VirtualApple":
        return "Rosetta"
    if "QEMU" in fields.get("model name", "") and "hypervisor" not in fields.get("flags", ""):
        return "qemu-user"
    x86, arm = "flags" in fields, "CPU implementer" in fields
    foreign = (arch == "aarch64" and x86 and not arm) or (arch == "x86_64" and arm and not x86)
    return "qemu-user" if foreign else None


def _emulation(arch: str, fields: Mapping[str, str]) -> str | None:
    if sys.platform == "darwin":
        return "Rosetta" if arch == "x86_64" and _translated() else None
    return emulated_by(arch, fields)


def _cpuinfo() -> tuple[dict[str, str], str | None]:
    """The fields of the first processor, or none and why."""
    try:
        with open("/proc/cpuinfo", "rb") as file:
            text = file.read(_READ_LIMIT).decode("utf-8", "replace")
    except OSError as error:
        return {}, error.strerror
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), value.strip())
    return fields, None


def _emulators() -> list[str]:
    """Architectures with an enabled handler in binfmt_misc: `aarch64` of `qemu-aarch64`."""
    try:
        names = os.listdir(_BINFMT)
    except OSError:
        return []
    return sorted(name.removeprefix("qemu-") for name in names if name.startswith("qemu-") or name == "rosetta")


def _translated() -> bool:
    """macOS: whether Rosetta translates this process (`sysctl.proc_translated`)."""
    # Deferred: 4 ms, and only an Intel program on macOS asks.
    import ctypes

    value, size = ctypes.c_int(0), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
    libc = ctypes.CDLL(None)
    failed = libc.sysctlbyname(b"sysctl.proc_translated", ctypes.byref(value), ctypes.byref(size), None, 0)
    return not failed and value.value == 1
