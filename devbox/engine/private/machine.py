"""What this machine offers for an engine of its own: system, rights, package manager, programs already there.

`observe_machine` reads it; everything else is decided from the value, so that tests can hand in any machine.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from devbox.core.errors import EngineError
from devbox.core.frozen import dataclass
from devbox.engine.private.programs import find_program

PROXIES = ("http_proxy", "https_proxy", "no_proxy", "ftp_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Variables of the caller that downloads and pulls need; nothing else reaches a program that runs as root."""

_MANAGERS = {
    "apt-get": "",
    "dnf": "sudo dnf install moby-engine iptables docker-buildx",
    "pacman": "sudo pacman -S docker docker-buildx",
    "zypper": "sudo zypper install docker docker-buildx",
    "apk": "sudo apk add docker docker-cli-buildx",
    "yum": "sudo yum install docker",
}
"""What to type by hand, by package manager; devbox itself uses apt-get."""
_WATCHED = ("dockerd", "containerd", "docker", "iptables", "debootstrap")


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts that decide whether and how an engine can be had here."""

    system: str
    """As `uname -s` says: `Linux`, `Darwin`."""
    is_root: bool
    uid: int
    """Who will use the engine: the caller, under sudo the one who called sudo."""
    gid: int
    sudo: str | None
    """Absolute path."""
    package_manager: str | None
    """The first of `apt-get dnf pacman zypper apk yum` that is installed."""
    distribution: str
    """`debian` or `ubuntu` where os-release's `ID` or `ID_LIKE` says so (Mint: `ubuntu`), else `ID`."""
    codename: str
    """`VERSION_CODENAME`: `bookworm`, `noble`, or empty."""
    programs: frozenset[str]
    """Those of dockerd, containerd, docker, iptables, debootstrap that are installed."""
    proxies: tuple[tuple[str, str], ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages that must be installed before an engine can start."""
        wanted = (("dockerd", "docker.io"), ("iptables", "iptables"))
        return tuple(package for program, package in wanted if program not in self.programs)


def observe_machine(env: Mapping[str, str]) -> Machine:
    """This machine, now; `env` is the caller's environment."""
    release = _os_release()
    root = os.geteuid() == 0
    return Machine(
        system=platform.system(),
        is_root=root,
        uid=_number(env.get("SUDO_UID"), os.getuid()) if root else os.getuid(),
        gid=_number(env.get("SUDO_GID"), os.getgid()) if root else os.getgid(),
        sudo=_text(find_program("sudo")),
        package_manager=next((name for name in _MANAGERS if find_program(name)), None),
        distribution=_family(release),
        codename=release.get("VERSION_CODENAME", ""),
        programs=frozenset(name for name in _WATCHED if find_program(name)),
        proxies=tuple((name, env[name]) for name in PROXIES if env.get(name)),
    )


def check_can_start(machine: Machine) -> None:
    """Raise EngineError, with what to do instead, where devbox can't bring an engine of its own."""
    if machine.system != "Linux":
        raise EngineError(
            f"the private engine needs Linux, this is {machine.system}",
            hint="install Docker Desktop or OrbStack, or `brew install colima docker docker-buildx && colima start`",
        )
    if machine.missing:
        check_can_install(machine, machine.missing)
    check_can_be_root(machine)


def check_can_install(machine: Machine, packages: tuple[str, ...]) -> None:
    """Raise EngineError, naming what to install by hand, where devbox knows no way to install packages."""
    names = ", ".join(packages)
    if machine.package_manager is None:
        raise EngineError(
            f"{names} must be installed first, and no package manager was found here",
            hint="install Docker Engine (https://docs.docker.com/engine/install/), then `devbox engine start`",
        )
    if machine.package_manager != "apt-get":
        raise EngineError(
            f"{names} must be installed first, and devbox installs with apt only, not {machine.package_manager}",
            hint=f"`{_MANAGERS[machine.package_manager]}`, then `devbox engine start`",
        )


def check_can_be_root(machine: Machine) -> None:
    """Raise EngineError where neither root nor sudo is at hand."""
    if not machine.is_root and machine.sudo is None:
        raise EngineError(
            "starting an engine needs root, and sudo is not installed",
            hint="as root: `devbox engine start`; or use an engine elsewhere: `devbox --engine ssh://user@host`",
        )


def _os_release() -> dict[str, str]:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            text = Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
        return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
    return {}


def _family(release: dict[str, str]) -> str:
    own = release.get("ID", "")
    likes = (own, *release.get("ID_LIKE", "").split())
    return next((name for name in likes if name in ("debian", "ubuntu")), own)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
