"""rustup: what a toolchain name means (spec/toolchains.md 10).

Pure. Sources: `src/dist/mod.rs` (`ParsedToolchainDesc`, `PartialToolchainDesc`), `src/toolchain/names.rs`.
"""

from __future__ import annotations

import re

from devbox.core.frozen import dataclass

_CHANNEL = (
    r"nightly|beta|stable|[0-9]\.(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]?))?(?:-beta(?:\.[0-9]{1,2})?)?"
)
_OFFICIAL = re.compile(rf"({_CHANNEL})(?:-([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}))?(?:-(.+))?", re.ASCII)
_ARCHS = (
    "i386|i586|i686|x86_64|armv7s|armv7|arm|aarch64|mips64el|mips64|mipsel|mips|powerpc64le|powerpc64|powerpc|"
    "riscv64gc|s390x|loongarch64"
)
_SYSTEMS = (
    "pc-windows|unknown-linux|apple-darwin|unknown-netbsd|apple-ios|linux|rumprun-netbsd|unknown-freebsd|"
    "unknown-illumos"
)
_ABIS = (
    "gnullvm|gnuabi64|gnuabin32|gnueabihf|gnueabi|gnux32|gnu|msvc|androideabi|android|musleabihf|musleabi|muslabi64|"
    "musl|ohos"
)
_TARGET = re.compile(rf"(?:({_ARCHS})(?:-|$))?(?:({_SYSTEMS})(?:-|$))?(?:({_ABIS}))?")
_OLD = re.compile(r"1\.[0-8]")
"""Releases without point releases: `1.4` is `1.4.0`."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A name, understood."""

    folder: str
    """Below `toolchains/`."""
    short: str
    """Without the machine's triple: `1.75.0`, `nightly-2024-01-15`, `mycustom`."""
    official: bool
    """A channel that rustup can download, not a custom name."""
    has_target: bool = False
    """Whether the name says for which machine, in part or whole."""


def parse_name(text: str, host: str) -> Toolchain | None:
    """The toolchain that a name means on a host of this triple; None for what can be none.

    A name that is a path or starts with `+` is none.
    """
    name = text.rstrip("/")
    if not name or name.startswith("+"):
        return None
    match = _OFFICIAL.fullmatch(name)
    target = _target(match[3], host) if match else None
    if match is None or target is None:
        usable = "/" not in name and "\\" not in name and name.isprintable() and name not in (".", "..", "none")
        return Toolchain(name, name, official=False) if usable else None
    channel = f"{match[1]}.0" if _OLD.fullmatch(match[1]) else match[1]
    short = f"{channel}-{match[2]}" if match[2] else channel
    if target != host:
        return Toolchain(f"{short}-{target}", f"{short}-{target}", official=True, has_target=True)
    return Toolchain(f"{short}-{target}", short, official=True, has_target=match[3] is not None)


def _target(text: str | None, host: str) -> str | None:
    """A triple, its missing parts taken from the host's; None for what is no triple."""
    if text is None:
        return host
    match = _TARGET.fullmatch(text)
    if match is None:
        return None
    arch, _, rest = host.partition("-")
    own = re.fullmatch(rf"({_SYSTEMS})(?:-({_ABIS}))?", rest)
    system, abi = (own[1], own[2]) if own else (rest, None)
    chosen_abi = match[3] or (abi if match[2] in (None, system) else None)
    parts = (match[1] or arch, match[2] or system, chosen_abi)
    return "-".join(part for part in parts if part)
