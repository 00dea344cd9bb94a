"""Machines on which the managers themselves have installed toolchains; a test lays out a part of one in its world.

Installing happens once a session, from `mirror`; a world gets copies of some versions, links as the manager made them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.flows.toolchain_world import World

MISE_INSTALLED = {
    "node": ("16.20.2", "18.19.0", "20.1.0", "20.10.0", "20.15.1", "22.3.0", "24.1.0", "21.1.0"),
}
"""What `mise install` installs."""
MISE_LINKED = {
    "python": ("3.10.13", "3.11.4", "3.11.7", "3.12.1", "3.13.0t", "3.13.0rc2", "3.13.1", "3.14.0a1"),
    "java": ("temurin-17.0.9", "temurin-17.0.10", "zulu-21.0.1", "17.0.2", "temurin-21.0.1+12"),
    "ruby": ("3.2.2", "3.3.0", "3.3.10"),
    "go": ("1.20", "1.20.14", "1.21.5", "1.22.1"),
}
"""What `mise link` links: their installers need a network or a compiler."""
PYENV_INSTALLED = (
    "3.9.18", "3.9.9", "3.10.13", "3.11.4", "3.11.7", "3.12.1", "3.13.0rc2", "3.13.0", "3.13-dev", "3.13.2t",
    "pypy3.9-7.3.9", "pypy3.9-8.0.0", "miniconda3-4.7.12", "3.12-src",
)
NVM_INSTALLED = (
    "v0.10.48", "v0.12.18", "v16.20.2", "v18.17.1", "v18.20.4", "v20.9.0", "v20.15.1", "v20.15.10", "v21.0.0",
    "v22.3.0", "iojs-v2.0.0", "iojs-v3.3.1",
)


@dataclass(frozen=True, slots=True)
class Installed:
    """One manager's machine: its program, and HOME below `root`."""

    program: Path
    root: Path

    @property
    def home(self) -> Path:
        """HOME of who installed."""
        return self.root / "home"


def mise(program: Path, root: Path, mirror: str) -> Installed:
    """`mise install` and `mise link`."""
    world = World(root)
    env = {
        "HOME": str(world.home), "PATH": os.environ["PATH"], "MISE_NODE_MIRROR_URL": f"{mirror}/node/",
        "MISE_HTTP_RETRIES": "0",
    }
    wanted = [f"{tool}@{version}" for tool, versions in MISE_INSTALLED.items() for version in versions]
    run([str(program), "install", "--quiet", *wanted], env)
    for tool, versions in MISE_LINKED.items():
        for version in versions:
            world.toolchain(f"linked/{tool}-{version}/bin", tool, version)
            run([str(program), "link", f"{tool}@{version}", str(root / f"linked/{tool}-{version}")], env)
    return Installed(program, root)


def pyenv(program: Path, root: Path, mirror: str) -> Installed:
    """`pyenv install` with definitions of our own, which copy an archive; it makes the shims, too."""
    world = World(root)
    definitions = root / "definitions"
    env = {
        "HOME": str(world.home), "PATH": os.environ["PATH"], "TMPDIR": str(root),
        "PYTHON_BUILD_DEFINITIONS": str(definitions),
    }
    for version in PYENV_INSTALLED:
        package = f"python-{version}"
        # For a free-threaded Python python-build reads the definition without the `t`.
        for name in {version, re.sub(r"(?<=\d)t$", "", version)}:
            world.file(f"definitions/{name}", f'install_package "{package}" "{mirror}/python/{package}.tar.gz" copy\n')
        run([str(program), "install", version], env)
    return Installed(program, root)


def nvm(program: Path, root: Path, mirror: str) -> Installed:
    """`nvm install`, which writes the LTS aliases of the mirror's list, too."""
    world = World(root)
    env = {
        "HOME": str(world.home), "PATH": os.environ["PATH"], "NVM_DIR": str(world.home / ".nvm"),
        # nvm refuses addresses with a port, so the mirror serves as the proxy of an address without one.
        "NVM_NODEJS_ORG_MIRROR": "http://mirror.invalid/node", "NVM_IOJS_ORG_MIRROR": "http://mirror.invalid/iojs",
        "http_proxy": mirror,
    }
    (world.home / ".nvm").mkdir(exist_ok=True)
    shutil.copy(program, world.home / ".nvm" / "nvm.sh")
    install = "; ".join(f"nvm install --no-progress {version} || exit 1" for version in NVM_INSTALLED)
    run(["bash", "-c", f'. "$NVM_DIR/nvm.sh" --no-use; {install}; nvm unalias default'], env)
    return Installed(program, root)


def lay_out(source: Path, target: Path, names: Iterable[str]) -> None:
    """Copy these entries of one folder to another, links as links; what the source lacks is passed over."""
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (source / name).is_symlink():
            (target / name).symlink_to(os.readlink(source / name))
        elif (source / name).is_dir():
            shutil.copytree(source / name, target / name, symlinks=True)
        elif (source / name).exists():
            shutil.copy2(source / name, target / name)


def run(argv: list[str], env: Mapping[str, str], cwd: str | Path = "/") -> str:
    """Its standard output; CalledProcessError with everything it said where it fails."""
    done = subprocess.run(
        argv, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        timeout=120, check=False,
    )
    assert done.returncode == 0, f"{argv} failed: {done.stdout}{done.stderr}"
    return done.stdout
