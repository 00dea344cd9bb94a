"""What Go has on this machine: its settings files and toolchains, from files alone (spec/toolchains.md 9 and 16)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from devbox.core.frozen import dataclass
from devbox.host.path import executable

ReadFile = Callable[[str], bytes | None]

_PLATFORM = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386", "armv7l": "arm"}


@dataclass(frozen=True, slots=True)
class GoSettings:
    """`cfg.Getenv` of cmd/go: the environment, else the user's file, else the installation's."""

    env: Mapping[str, str]
    user: Mapping[str, str]
    user_file: str | None
    installation: Mapping[str, str]

    def get(self, name: str) -> tuple[str | None, str | None]:
        """The value, None where nothing sets it, and the user's file where that does. An empty variable is none."""
        if self.env.get(name):
            return self.env[name], None
        if name in self.user:
            return self.user[name], self.user_file
        return self.installation.get(name), None


def settings(env: Mapping[str, str], home: str, goroot: str | None, read: ReadFile) -> GoSettings:
    """The settings that the `go` of this root follows."""
    path = env.get("GOENV") or os.path.join(env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "go", "env")
    user = None if path == "off" or not os.path.isabs(path) else path
    installed = read(os.path.join(goroot, "go.env")) if goroot else None
    return GoSettings(env, _pairs(read(user) if user else None), user, _pairs(installed))


def root_of(program: str, env: Mapping[str, str]) -> str | None:
    """GOROOT: the folder above the program's, links resolved, that has a `VERSION`; else the variable's."""
    root = os.path.dirname(os.path.dirname(os.path.realpath(program)))
    if os.path.isfile(os.path.join(root, "VERSION")) and root not in ("/", "/usr", "/usr/local"):
        return root
    return env.get("GOROOT") or None


def cached(name: str, env: Mapping[str, str], home: str) -> str | None:
    """The `go` of a toolchain that was downloaded into the module cache."""
    if not name or "/" in name or "\0" in name:
        return None
    gopath = (env.get("GOPATH") or os.path.join(home, "go")).split(os.pathsep)[0]
    cache = env.get("GOMODCACHE") or os.path.join(gopath, "pkg", "mod")
    uname = os.uname()
    platform = f"{uname.sysname.lower()}-{_PLATFORM.get(uname.machine, uname.machine)}"
    path = os.path.join(cache, "golang.org", f"toolchain@v0.0.1-{name}.{platform}", "bin", "go")
    return path if os.path.isabs(path) and (executable(path) or os.path.isfile(path)) else None


def _pairs(data: bytes | None) -> dict[str, str]:
    """`NAME=value` lines from the first column on, nothing trimmed; the last one counts."""
    found: dict[str, str] = {}
    for line in (data or b"").decode("utf-8", "replace").split("\n"):
        name, equals, value = line.partition("=")
        if equals and "A" <= name[:1] <= "Z":
            found[name] = value
    return found
