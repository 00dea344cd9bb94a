"""System packages: the C library, OpenSSL and compilers, here and in the base images; what both sides share. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import ImageRow
from devbox.core.frozen import dataclass
from devbox.core.judging import Verdict, collect, found, look, some
from devbox.core.release_table import Release, is_musl_image, release_of_image

IDS = ("system.libc", "system.openssl", "system.compiler", "system.native")
_INSTALL = {
    "debian": "sudo apt-get install", "ubuntu": "sudo apt-get install", "fedora": "sudo dnf install",
    "rhel": "sudo dnf install", "rocky": "sudo dnf install", "almalinux": "sudo dnf install",
    "alpine": "sudo apk add", "arch": "sudo pacman -S", "opensuse-leap": "sudo zypper install",
}

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Compiler:
    """A program that the project's sources need."""

    tool: str
    """`c`, `make`, `cmake`."""
    because: str
    """The file that says so."""
    packages: Mapping[str, str]
    """Distribution → the package that brings it; the empty name for all others."""
    path: str | None = None
    """None: not on PATH."""
    version: str | None = None
    reason: str | None = None
    """Why there is no version."""


@dataclass(frozen=True, slots=True)
class System:
    """What was looked at."""

    openssl: tuple[str, ...] = ()
    """Versions of the shared library in the system's folders: `3`, `1.1`."""
    openssl_reason: str | None = None
    """Why it could not be looked for."""
    compilers: tuple[Compiler, ...] = ()
    shared: tuple[str, ...] = ()
    """Folders of installed packages that the box mounts from here, relative to the project."""
    shared_origin: Origin | None = None
    """Where that mount is written."""


def judge(system: System, platform: Facts, images: Iterable[ImageRow], *, has_box: bool) -> Judged:
    """Every check of system packages; `images` are the FROM lines, the last of which is the box's."""
    bases = tuple(image for image in images if image.name and not image.stage_ref)
    releases = tuple((image, release_of_image(image.name or "", image.tag or "")) for image in bases)
    return collect([
        _libc(platform, releases), _openssl(system, releases), _compiler(system, platform, has_box),
        _native(system, platform, bases),
    ])


def _libc(platform: Facts, releases: tuple[tuple[ImageRow, Release | None], ...]) -> Verdict:
    """A fact on both sides: what differs hurts only where both use the same files, which `system.native` tells."""
    host = platform.get("libc")
    applies = platform.get("os") == "linux"
    told = [str(host) if host else "no C library of its own version" if not applies else "unknown"]
    told += [f"{image.ref}: {release.libc if release and release.libc else 'unknown'}" for image, release in releases]
    reason = str(platform.get("libc_reason") or "not known") if applies and not host else None
    return look("system.libc", "; ".join(told), unknown=reason), ()


def _openssl(system: System, releases: tuple[tuple[ImageRow, Release | None], ...]) -> Verdict:
    told = [f"libssl {', '.join(system.openssl)}" if system.openssl else "no libssl"]
    told += [f"{image.ref}: {release.openssl}" for image, release in releases if release and release.openssl]
    return look("system.openssl", "; ".join(told), unknown=system.openssl_reason), ()


def _compiler(system: System, platform: Facts, has_box: bool) -> Verdict:
    """Missing compilers matter where nothing but this machine builds: a project with a box builds there, and a Makefile
    is often no more than a list of commands."""
    if not system.compilers:
        return look("system.compiler", "nothing here is compiled"), ()
    told = [f"{one.tool} {one.version or one.path or 'missing'}" for one in system.compilers]
    silent = [one for one in system.compilers if one.path and one.version is None and one.reason]
    reason = "; ".join(f"{one.tool}: {one.reason}" for one in silent) or None
    check = look("system.compiler", ", ".join(told), unknown=reason)
    distribution = str(platform.get("distribution") or "")
    return check, tuple(
        found(
            "system.compiler", "info" if has_box or one.because.endswith("akefile") else "warn",
            f"{one.because} needs {_WORDS[one.tool]}, and none is on PATH", name=one.tool, expected="present",
            actual="missing", origin=Origin(one.because), hint=_install(one, distribution),
        )
        for one in system.compilers
        if one.path is None
    )


_WORDS = {"c": "a C compiler", "make": "make", "cmake": "CMake", "meson": "Meson", "autoconf": "Autoconf"}


def _install(one: Compiler, distribution: str) -> str:
    if distribution == "macos":
        return "`xcode-select --install`" if one.tool in ("c", "make") else f"`brew install {one.tool}`"
    package = one.packages.get(distribution, one.packages[""])
    return f"`{_INSTALL.get(distribution, 'sudo apt-get install')} {package}`"


def _native(system: System, platform: Facts, bases: tuple[ImageRow, ...]) -> Verdict:
    """Installed packages hold programs of one system: shared with another, they fail to load in one of the two."""
    if not system.shared:
        return look("system.native", "the box shares no installed packages with this machine"), ()
    check = look("system.native", f"the box mounts {', '.join(system.shared)} from this machine")
    here = "macOS" if platform.get("os") == "macos" else "musl" if "musl" in str(platform.get("libc")) else "glibc"
    base = bases[-1] if bases else None
    there = "musl" if base and is_musl_image(base.name or "", base.tag or "") else "glibc"
    if here == there or (base is None and here != "macOS"):
        return check, ()
    message = f"the box mounts {some(system.shared)} of this machine: programs for {here}, and the box runs {there}"
    name = system.shared[0].rstrip("/").rpartition("/")[2].lstrip(".")
    target = f"{name}:/path/in/the/box/{system.shared[0]}"
    return check, (
        found(
            "system.native", "warn", message, subject=system.shared[0], expected=f"{there} programs",
            actual=f"{here} programs", origin=system.shared_origin,
            hint=f'keep the box\'s own in a volume: `volumes = ["{target}"]` in `[box]`',
        ),
    )
