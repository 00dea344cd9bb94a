"""A small machine in a temporary folder: HOME, PATH, installed versions as their managers lay them out, a project.

Used by tests and by the script that records what the real managers do in the same world.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devbox.core.findings import ToolchainRow
from devbox.core.toolchain.selection import Selection, finish
from devbox.flows.toolchains import MANAGERS
from devbox.flows.toolchains.machine import Machine
from devbox.flows.toolchains.traces import TRACES, speaking
from devbox.host.path import Boundary, SearchPath
from devbox.host.program import learn
from devbox.project.pins.files import VersionFiles

SAYS = {
    "python": "echo 'Python {}'",
    "node": "echo 'v{}'",
    "ruby": "echo 'ruby {} (2023-03-30) [x86_64-linux]'",
    "java": "echo 'openjdk version \"{}\" 2023-10-17' >&2",
    "go": "echo 'go version go{} linux/amd64'",
    "terraform": "echo 'Terraform v{}'; echo 'on linux_amd64'",
}
PROGRAMS = {"python": ("python", "python3"), "node": ("node",), "ruby": ("ruby",), "java": ("java",), "go": ("go",)}
ORDINARY = (
    "bash sh env cat ls sed awk mawk grep egrep fgrep find sort cut tail head tr readlink realpath dirname basename "
    "uname uniq expr mkdir rm ln which xargs tee wc test printf true false id stat seq chmod cp mv touch mktemp cmp"
)


@dataclass
class World:
    """One machine; every path is below `root`."""

    root: Path
    cwd: str = "proj"
    env: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    """Further entries in front of PATH, `${ROOT}` is replaced."""

    def __post_init__(self) -> None:
        self.root = self.root.resolve()
        for folder in ("home", "proj", "system", "ordinary"):
            (self.root / folder).mkdir(exist_ok=True)
        for name in ORDINARY.split():
            source = next((path for path in (f"/usr/bin/{name}", f"/bin/{name}") if os.path.exists(path)), None)
            if source and not (self.root / "ordinary" / name).exists():
                (self.root / "ordinary" / name).symlink_to(source)

    @property
    def home(self) -> Path:
        """HOME."""
        return self.root / "home"

    @property
    def directory(self) -> Path:
        """Where the user stands."""
        folder = self.root / self.cwd
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def file(self, path: str, content: str | bytes = "") -> Path:
        """A file; `${ROOT}` in its text is replaced."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.replace("${ROOT}", str(self.root)).encode()
        target.write_bytes(data)
        return target

    def program(self, path: str, script: str) -> Path:
        """An executable shell script."""
        target = self.file(path, f"#!/bin/sh\n{script}\n")
        target.chmod(0o755)
        return target

    def link(self, path: str, target: str) -> None:
        """A symbolic link."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target.replace("${ROOT}", str(self.root)))

    def system(self, tool: str, version: str) -> None:
        """A program outside every manager."""
        self.toolchain("system", tool, version)

    def pyenv(self, *versions: str) -> None:
        """Versions of pyenv's."""
        (self.home / ".pyenv").mkdir(exist_ok=True)
        for version in versions:
            self.toolchain(f"home/.pyenv/versions/{version}/bin", "python", version)

    def nvm(self, *versions: str) -> None:
        """Versions of nvm's, `v20.9.0` or `iojs-v3.3.1`."""
        (self.home / ".nvm").mkdir(exist_ok=True)
        for version in versions:
            number = version.removeprefix("iojs-").removeprefix("v")
            old = number.startswith("0.") and int(number.split(".")[1]) < 12
            kind = "versions/io.js" if version.startswith("iojs-") else "." if old else "versions/node"
            self.toolchain(f"home/.nvm/{kind}/v{number}/bin", "node", number)

    def mise(self, tool: str, *versions: str) -> None:
        """Versions of mise's."""
        (self.home / ".local/share/mise/installs").mkdir(parents=True, exist_ok=True)
        for version in versions:
            self.toolchain(f"home/.local/share/mise/installs/{tool}/{version}/bin", tool, version.removeprefix("v"))

    def rbenv(self, *versions: str) -> None:
        """Versions of rbenv's."""
        self._family("rbenv", "ruby", versions)

    def nodenv(self, *versions: str) -> None:
        """Versions of nodenv's."""
        self._family("nodenv", "node", versions)

    def jenv(self, *versions: str) -> None:
        """Versions of jenv's."""
        self._family("jenv", "java", versions)

    def environment(self) -> dict[str, str]:
        """The caller's environment in this world."""
        entries = [entry.replace("${ROOT}", str(self.root)) for entry in self.path]
        own = {name: value.replace("${ROOT}", str(self.root)) for name, value in self.env.items()}
        entries += [str(self.root / "system"), str(self.root / "ordinary")]
        return {"HOME": str(self.home), "PATH": ":".join(entries), "LANG": "C.UTF-8", "SHELL": "/bin/bash", **own}

    def machine(self) -> Machine:
        """What the readers of toolchains are handed."""
        cwd, env = str(self.directory), self.environment()
        boundary = Boundary((cwd, str(self.root / "proj")), os.getuid())
        return Machine(
            cwd=cwd,
            home=str(self.home),
            env=env,
            files=VersionFiles(cwd),
            path=SearchPath(env, str(self.home), cwd, boundary),
            pins=(),
            today=(2026, 11, 20),
        )

    def selections(self, manager: str) -> tuple[Selection, ...]:
        """What one manager selects, before programs are asked; it must have a trace of the manager, or say nothing."""
        return self._selections(manager, self.machine())

    def rows(self, manager: str) -> dict[str, ToolchainRow]:
        """The finished rows of one manager by tool."""
        machine = self.machine()
        selections = self._selections(manager, machine)
        return {one.tool: finish(one, learn, machine.files.shown) for one in selections}

    def _selections(self, manager: str, machine: Machine) -> tuple[Selection, ...]:
        found = MANAGERS[manager](machine)
        assert not found or manager not in TRACES or manager in speaking(machine)
        return found

    def asdf(self, plugin: str, *versions: str) -> None:
        """A plugin of asdf's bash line with its versions and their shims."""
        tool = {"nodejs": "node", "golang": "go"}.get(plugin, plugin)
        self.program(f"home/.asdf/plugins/{plugin}/bin/list-all", "echo 1.0.0")
        self.file("home/.asdf/asdf.sh", "# bash\n")
        lines = "".join(f"# asdf-plugin: {plugin} {version.replace('ref-', 'ref:')}\n" for version in versions)
        for name in PROGRAMS.get(tool, (tool,)):
            self.program(f"home/.asdf/shims/{name}", f'{lines}exec asdf exec "{name}" "$@"')
        for version in versions:
            self.toolchain(f"home/.asdf/installs/{plugin}/{version}/bin", tool, version)

    def tfenv(self, *versions: str) -> None:
        """Versions of tfenv's."""
        (self.home / ".tfenv").mkdir(exist_ok=True)
        for version in versions:
            self.toolchain(f"home/.tfenv/versions/{version}", "terraform", version)

    def _family(self, manager: str, tool: str, versions: Sequence[str]) -> None:
        (self.home / f".{manager}" / "versions").mkdir(parents=True, exist_ok=True)
        for version in versions:
            self.toolchain(f"home/.{manager}/versions/{version}/bin", tool, version)

    def toolchain(self, folder: str, tool: str, version: str) -> None:
        """Programs of a tool that say this version."""
        for name in PROGRAMS.get(tool, (tool,)):
            self.program(f"{folder}/{name}", SAYS.get(tool, "echo {}").format(version))


def build(root: Path, case: Mapping[str, Any]) -> World:
    """The world of a recorded case."""
    world = World(root, cwd=case["cwd"], env=dict(case["env"]))
    for tool, version in case["system"].items():
        world.system(tool, version)
    installed: Mapping[str, Sequence[str]] = case["installed"]
    if case["manager"] == "mise":
        world.mise("node")
        for tool, versions in installed.items():
            world.mise(tool, *versions)
    elif case["manager"] == "asdf":
        for plugin, versions in installed.items():
            world.asdf(plugin, *versions)
    else:
        getattr(world, case["manager"])(*installed.get("versions", ()))
    for path, content in case["files"].items():
        if isinstance(content, str):
            plain = content.replace("${ROOT}", str(world.root))
            world.file(path, plain if case["manager"] in ("nvm", "mise") else plain.encode("latin-1"))
        elif "link" in content:
            world.link(path, content["link"])
        else:
            world.program(path, content["program"])
    return world
