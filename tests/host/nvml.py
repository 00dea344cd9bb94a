"""Compiles the NVML stub and runs a program that sees it as the machine's library."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "nvml_stub.c"

GTX_970 = "NVIDIA GeForce GTX 970|5.2|4294967296|5"
GTX_1060 = "NVIDIA GeForce GTX 1060 6GB|6.1|6442450944|5"
RTX_5090 = "NVIDIA GeForce RTX 5090|12.0|34359738368|5"
H200 = "NVIDIA H200|9.0|150754820096|14"
"""Name, compute capability, bytes, brand (5 GeForce, 14 NVIDIA), as those cards answer."""


def compile_stub(folder: Path) -> Path:
    """The folder that holds `libnvidia-ml.so.1`; where no compiler can be had a laptop skips and CI fails."""
    compiler = _compiler() or _installed_compiler()
    if compiler is None:
        reason = "the NVML stub needs a C compiler"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    library = folder / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(library), str(SOURCE)], check=True)
    return folder


def _compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def _installed_compiler() -> str | None:
    """From the distribution, as the engine is: a bare Debian has no compiler. Only for root, who is asked nothing."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return None
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "gcc", "libc6-dev"]):
        subprocess.run(
            [apt, *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=280, check=False
        )
    return _compiler()


def environment(library: Path | None, **stub: str) -> dict[str, str]:
    """An environment in which the dynamic loader finds the stub, with these `NVML_STUB_*` settings."""
    base = {name: value for name, value in os.environ.items() if not name.startswith(("NVML_STUB", "LD_"))}
    found = {"LD_LIBRARY_PATH": str(library)} if library else {}
    return {**base, **found, **{f"NVML_STUB_{name.upper()}": value for name, value in stub.items()}}
