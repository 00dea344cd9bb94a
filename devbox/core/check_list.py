"""Every check that `devbox doctor` knows. Pure data.

A check that is not listed here does not exist; `--list-checks`, `--only`, `--skip` and `[policy.severity]` read this
table.
"""

from __future__ import annotations

from dataclasses import dataclass

from devbox.core.findings import Layer


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its id, the layer it speaks about, and what it looks at."""

    id: str
    layer: Layer
    title: str
    aliases: tuple[str, ...] = ()
    """The same check's names in BuildKit and hadolint; `--only`, `--skip` and `[policy]` take them too."""


CHECKS: tuple[Check, ...] = (
    Check("toolchain", "runtime", "what runs satisfies what version files pin, under each manager's own rules"),
    Check("toolchain.conflict", "runtime", "no two sources pin versions that exclude each other"),
    Check("toolchain.path", "configuration", "PATH has no entry that is empty, relative or inside the project"),
    Check("images", "configuration", "every FROM names an image that can be named"),
    Check("project.config", "configuration", "devbox.toml can be read"),
    Check("project.files", "code", "version files are regular, readable files inside the project"),
    Check("platform.arch", "hardware", "the processor's architecture is one that [host] names"),
    Check("platform.memory", "hardware", "memory reaches [host] min_memory"),
    Check("platform.disk", "hardware", "free disk space at the project reaches [host] min_disk"),
    Check("platform.os", "os", "the operating system, its kernel, and whether it is WSL or a container"),
    Check("platform.release", "os_version", "the release of the operating system"),
    Check("platform.inotify", "os", "inotify allows enough watches for a project's files"),
    Check("platform.files", "os", "a process may open enough files"),
    Check("platform.locale", "configuration", "the locale's encoding is UTF-8"),
    Check("platform.env", "configuration", "the variables that [host] env names are set"),
    Check("gpu.driver", "hardware", "the NVIDIA driver answers and reaches [gpu] min_driver"),
    Check("gpu.memory", "hardware", "each GPU's memory reaches [gpu] min_memory"),
    Check("gpu.compute", "hardware", "each GPU reaches [gpu] min_compute_capability"),
    Check("engine.reachable", "system_packages", "a Docker Engine answers"),
)

BY_ID = {check.id: check for check in CHECKS}
BY_ALIAS = {alias.lower(): check.id for check in CHECKS for alias in check.aliases}
"""Lower-case alias → id."""
