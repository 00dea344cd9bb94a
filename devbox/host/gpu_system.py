"""What /proc, /sys, /dev and the library folders tell about NVIDIA's driver: the usual causes, read as data.

Bounded reads of the system's own files; nothing is run. An answer that a system does not give is None.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

Facts = dict[str, Any]

_READ_LIMIT = 64 * 1024
_DEPENDENCY_LIMIT = 8 * 1024 * 1024
"""Bytes of a modules.dep; distributions' are below one megabyte."""
_ENTRY_LIMIT = 4096
_KERNEL_LIMIT = 16
_NVIDIA = "0x10de"
_LIBRARY_FOLDERS = (
    "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib", "usr/lib/wsl/lib",
    "run/opengl-driver/lib",
)
_LIBRARIES = {"libnvidia-ml.so.1": "nvml", "libcuda.so.1": "cuda"}
_VERSION = re.compile(r"[0-9]{3}\.[0-9]{1,3}(?:\.[0-9]{1,3})?")
_SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
_KEYS = ("var/lib/shim-signed/mok/MOK.der", "var/lib/dkms/mok.pub")
"""Where Ubuntu and DKMS keep the key that signs the modules built here."""
_VARIABLES = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")


def system_facts(env: Mapping[str, str], root: str = "/", release: str | None = None) -> Facts:
    """The state around the driver. `root` and `release` (the running kernel's) are this machine's unless given."""
    release = release or os.uname().release
    return {
        **_module(root), **_cards(root), **_built_for(root, release), **_boot(root), **_nodes(root),
        "libraries": _libraries(root),
        "variables": {name: env[name] for name in _VARIABLES if name in env},
    }


def _module(root: str) -> Facts:
    """The loaded kernel module: version, and whether it is the open or the proprietary one (/proc/driver/nvidia)."""
    text = _text(root, "proc/driver/nvidia/version") or ""
    match = _VERSION.search(text)
    loaded = os.path.isdir(os.path.join(root, "sys/module/nvidia"))
    version = match[0] if match else (_text(root, "sys/module/nvidia/version") or "").strip() or None
    flavour = None if match is None else "open" if "Open Kernel Module" in text else "proprietary"
    return {
        "module": version, "module_kind": flavour, "module_loaded": loaded or match is not None,
        "nouveau": os.path.isdir(os.path.join(root, "sys/module/nouveau")),
    }


def _cards(root: str) -> Facts:
    """NVIDIA's display devices on the PCI bus and the kernel driver that holds each; None where the bus is not seen."""
    folder = os.path.join(root, "sys/bus/pci/devices")
    names = _names(folder)
    if names is None:
        return {"cards": None}
    cards = []
    for name in names:
        device = os.path.join(folder, name)
        if (_text(device, "vendor") or "").strip() == _NVIDIA and (_text(device, "class") or "").startswith("0x03"):
            held_by = os.path.basename(_link(os.path.join(device, "driver")))
            cards.append({"bus": name, "kernel_driver": held_by or None})
    return {"cards": cards}


def _built_for(root: str, release: str) -> Facts:
    """The kernels for which NVIDIA's module is installed, by their modules.dep; None where no kernel is seen."""
    folder = os.path.join(root, "lib/modules")
    kernels = [name for name in _names(folder) or () if os.path.isfile(os.path.join(folder, name, "modules.dep"))]
    if not kernels:
        return {"kernel": release, "module_kernels": None}
    built = [name for name in kernels[-_KERNEL_LIMIT:] if _has_module(os.path.join(folder, name, "modules.dep"))]
    return {"kernel": release, "module_kernels": built}


def _has_module(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return b"/nvidia.ko" in file.read(_DEPENDENCY_LIMIT)
    except OSError:
        return False


def _boot(root: str) -> Facts:
    """Whether Secure Boot is on (the variable's fifth byte, UEFI specification), and the key that signs modules."""
    try:
        with open(os.path.join(root, _SECURE_BOOT), "rb") as file:
            value = file.read(5)
    except OSError:
        value = b""
    key = next((f"/{path}" for path in _KEYS if os.path.isfile(os.path.join(root, path))), None)
    return {"secure_boot": value[4] == 1 if len(value) == 5 else None, "signing_key": key}


def _nodes(root: str) -> Facts:
    """The device nodes and whether this user may open them; the group of the first that is closed."""
    nodes: dict[str, bool] = {}
    group = None
    for name in sorted(_names(os.path.join(root, "dev")) or ()):
        if not re.fullmatch(r"nvidia(?:[0-9]+|ctl|-uvm)|dxg", name):
            continue
        path = os.path.join(root, "dev", name)
        nodes[f"/dev/{name}"] = os.access(path, os.R_OK | os.W_OK)
        if not nodes[f"/dev/{name}"] and group is None:
            group = _group(path)
    return {"nodes": nodes, "node_group": group}


def _group(path: str) -> str | None:
    # Deferred: only where a node is closed to this user.
    import grp

    try:
        return grp.getgrgid(os.stat(path).st_gid).gr_name
    except (OSError, KeyError):
        return None


def _libraries(root: str) -> list[Facts]:
    """Each of the driver's libraries that the loader could find, with the version in its file's name."""
    found: list[Facts] = []
    seen: set[str] = set()
    for folder in _LIBRARY_FOLDERS:
        for name, kind in _LIBRARIES.items():
            path = os.path.join(root, folder, name)
            real = os.path.realpath(path)
            match = _VERSION.search(os.path.basename(real))
            if match is None or real in seen or not os.path.isfile(real):
                continue
            seen.add(real)
            found.append({"library": kind, "path": f"/{folder}/{name}", "version": match[0]})
    return found


def _names(folder: str) -> list[str] | None:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in _first(entries))
    except OSError:
        return None


def _first(entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
    for _, entry in zip(range(_ENTRY_LIMIT), entries, strict=False):
        yield entry


def _text(root: str, path: str) -> str | None:
    try:
        with open(os.path.join(root, path), "rb") as file:
            return file.read(_READ_LIMIT).decode("utf-8", "replace")
    except OSError:
        return None


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
