"""What on this machine could hand a GPU to a container: NVIDIA's container toolkit and CDI descriptions. Reads only.

Layouts: NVIDIA/nvidia-container-toolkit (packaging, `nvidia-ctk cdi generate`), the Container Device Interface's
specification for the folders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

Facts = dict[str, Any]

CDI_FOLDERS = ("/etc/cdi", "/var/run/cdi")
_PROGRAM_FOLDERS = ("usr/bin", "usr/local/bin", "usr/sbin", "usr/local/sbin", "run/current-system/sw/bin")
_PROGRAMS = ("nvidia-container-runtime-hook", "nvidia-container-runtime", "nvidia-ctk", "nvidia-container-cli")
_CONFIG = "etc/nvidia-container-runtime/config.toml"
_FILE_LIMIT = 32
_READ_LIMIT = 1024 * 1024
"""Bytes; a description of eight cards has about 30 KiB."""
_KIND = re.compile(r"""^\s*"?kind"?\s*:\s*["']?nvidia\.com/(?:gpu|mig)""", re.MULTILINE)
_DRIVER = re.compile(r"libcuda\.so\.([0-9]{3}\.[0-9]{1,3}(?:\.[0-9]{1,3})?)")
_NO_CGROUPS = re.compile(r"^\s*no-cgroups\s*=\s*true", re.MULTILINE)


def runtime_facts(folders: Iterable[str] = CDI_FOLDERS, root: str = "/") -> Facts:
    """Programs of the toolkit by path, CDI descriptions of NVIDIA GPUs with the driver each was made for."""
    programs = {
        name: f"/{folder}/{name}"
        for name in _PROGRAMS
        for folder in reversed(_PROGRAM_FOLDERS)
        if os.path.isfile(os.path.join(root, folder, name))
    }
    config = _text(os.path.join(root, _CONFIG), 64 * 1024)
    return {
        "programs": programs,
        "cdi": [found for folder in folders for found in _descriptions(root, folder)],
        "no_cgroups": None if config is None else _NO_CGROUPS.search(config) is not None,
    }


def _descriptions(root: str, folder: str) -> list[Facts]:
    """CDI files of that folder whose kind is NVIDIA's; their YAML or JSON is looked at, never parsed."""
    found: list[Facts] = []
    base = os.path.join(root, folder.lstrip("/"))
    try:
        names = sorted(name for name in os.listdir(base) if name.endswith((".yaml", ".yml", ".json")))
    except OSError:
        return found
    for name in names[:_FILE_LIMIT]:
        path = os.path.join(base, name)
        text = _text(path, _READ_LIMIT) if os.path.isfile(path) else None
        if text is None or not _is_nvidia(text):
            continue
        versions = sorted(set(_DRIVER.findall(text)))
        found.append({"path": f"{folder}/{name}", "driver": versions[0] if len(versions) == 1 else None})
    return found


def _is_nvidia(text: str) -> bool:
    return _KIND.search(text) is not None or re.search(r'"kind"\s*:\s*"nvidia\.com/(?:gpu|mig)', text) is not None


def _text(path: str, limit: int) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read(limit).decode("utf-8", "replace")
    except OSError:
        return None
