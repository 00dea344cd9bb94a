"""What rustup has on this machine, from files and folders alone (spec/toolchains.md 10 and 16). Never runs rustup."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import field

from devbox.core.frozen import dataclass
from devbox.host.path import executable

ReadFile = Callable[[str], bytes | None]

_MANIFEST = os.path.join("lib", "rustlib", "multirust-channel-manifest.toml")
_MANIFEST_LIMIT = 4 << 20
_RUSTC = re.compile(rb'^\[pkg\.rustc\]\s*?\nversion = "([0-9][^"\s]{0,60})', re.MULTILINE)
_FALLBACK = "/etc/rustup/settings.toml"
_ABI = {"x86_64": "gnu", "aarch64": "gnu", "i686": "gnu", "armv7l": "gnueabihf", "riscv64": "gnu", "s390x": "gnu"}
_ARCH = {"armv7l": "armv7", "riscv64": "riscv64gc"}


@dataclass(frozen=True, slots=True)
class Rustup:
    """One rustup, present or not."""

    root: str
    present: bool
    host: str
    """The machine's triple."""
    default: str | None = None
    default_file: str | None = None
    """The settings file that names it."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Canonical folder → toolchain."""
    broken: bool = False
    """Whether its settings cannot be read, so that every command fails."""

    def folder(self, name: str) -> str | None:
        """The folder of an installed toolchain, a link to one included."""
        if not name or "/" in name or name in (".", "..") or "\0" in name:
            return None
        path = os.path.join(self.root, "toolchains", name)
        return path if os.path.isdir(path) else None


def find(env: Mapping[str, str], home: str, read: ReadFile) -> Rustup:
    """The rustup of `RUSTUP_HOME`, else `~/.rustup`."""
    root = env.get("RUSTUP_HOME") or os.path.join(home, ".rustup")
    present = os.path.isabs(root) and os.path.isdir(root)
    file = os.path.join(root, "settings.toml")
    own = _table(read(file)) if present else {}
    fallback_file = env.get("RUSTUP_OVERRIDE_UNIX_FALLBACK_SETTINGS") or _FALLBACK
    fallback = _table(read(fallback_file)) if present else {}
    settings = own or {}
    default = settings.get("default_toolchain")
    default_file = file
    if not isinstance(default, str):
        default, default_file = (fallback or {}).get("default_toolchain"), fallback_file
    host = settings.get("default_host_triple") or settings.get("default_host_tuple") or _triple()
    overrides = settings.get("overrides")
    named = overrides if isinstance(overrides, dict) else {}
    return Rustup(
        root=root, present=present, host=str(host),
        default=default if isinstance(default, str) else None,
        default_file=default_file if isinstance(default, str) else None,
        overrides={key: value for key, value in named.items() if isinstance(value, str)},
        broken=own is None or settings.get("version", "12") != "12",
    )


def program(folder: str) -> str | None:
    """The compiler of a toolchain."""
    path = os.path.join(folder, "bin", "rustc")
    return path if executable(path) else None


def real_version(folder: str) -> str | None:
    """The number behind `stable`, as the toolchain's manifest tells it."""
    try:
        with open(os.path.join(folder, _MANIFEST), "rb") as file:
            match = _RUSTC.search(file.read(_MANIFEST_LIMIT))
    except (OSError, ValueError):
        return None
    return match[1].decode("utf-8", "replace") if match else None


def installed_parts(folder: str) -> tuple[str, ...] | None:
    """The components a toolchain says it has, `rustfmt-x86_64-unknown-linux-gnu`; None where it does not say."""
    try:
        with open(os.path.join(folder, "lib", "rustlib", "components"), "rb") as file:
            return tuple(file.read(64 * 1024).decode("utf-8", "replace").split())
    except (OSError, ValueError):
        return None


def _triple() -> str:
    uname = os.uname()
    if uname.sysname == "Darwin":
        return f"{'aarch64' if uname.machine == 'arm64' else uname.machine}-apple-darwin"
    return f"{_ARCH.get(uname.machine, uname.machine)}-unknown-linux-{_ABI.get(uname.machine, 'gnu')}"


def _table(data: bytes | None) -> dict[str, object] | None:
    """The settings; empty where there is no file, None where it is no TOML."""
    if data is None:
        return {}
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
