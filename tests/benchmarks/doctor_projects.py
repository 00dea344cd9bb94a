"""Machines and projects for the rows of `devbox doctor`: healthy ones, so that only looking is measured."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.flows.toolchain_world import World

MISE = {
    "ruby": "3.3.1", "java": "21.0.2", "go": "1.22.3", "terraform": "1.8.2", "deno": "1.43.1", "bun": "1.1.8",
    "zig": "0.12.0", "erlang": "26.2.5", "elixir": "1.16.2",
}  # fmt: skip
ASKED = {"python": "3.11.7", "node": "20.9.0", "ruby": "3.3.1", "go": "1.22.3", "deno": "1.43.1", "bun": "1.1.8"}
SLOW = 0.4
"""Seconds that the slowest program takes to say its version."""


def told(folder: Path) -> World:
    """Twelve pins, each answered by the folders of its manager; nothing has to be run."""
    world = _world(folder)
    world.pyenv("3.11.7", "3.12.4")
    world.nvm("v20.9.0")
    for tool, version in MISE.items():
        world.mise(tool, version)
    world.file("proj/.python-version", "3.11.7\n3.12.4\n")
    world.file("proj/.nvmrc", "20.9.0\n")
    pins = "".join(f'{tool} = "{version}"\n' for tool, version in MISE.items())
    world.file("proj/mise.toml", f"[tools]\n{pins}")
    return world


def asked(folder: Path) -> World:
    """Six pins without managers: each program must say its version, the slowest in `SLOW` seconds."""
    world = _world(folder)
    for number, (tool, version) in enumerate(ASKED.items()):
        world.system(tool, version)
        for program in (world.root / "system").glob(f"{tool}*"):
            said = program.read_text(encoding="utf-8")
            program.write_text(said.replace("#!/bin/sh\n", f"#!/bin/sh\nsleep {SLOW - 0.05 * number:.2f}\n"))
    pins = "".join(f'{tool} = "{version}"\n' for tool, version in ASKED.items())
    world.file("proj/devbox.toml", f"[toolchains]\n{pins}")
    return world


def monorepo(folder: Path) -> World:
    """A hundred thousand files, three hundred of them version files of as many sub-projects."""
    world = _world(folder)
    world.pyenv("3.11.7")
    world.nvm("v20.9.0")
    world.mise("node", "20.9.0")
    content = {
        ".python-version": "3.11.7\n", ".nvmrc": "20\n", "mise.toml": '[tools]\nnode = "20"\n',
        ".tool-versions": "node 20.9.0\n", "package.json": '{"name": "x", "private": true}\n',
        "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n',
    }  # fmt: skip
    for number in range(1000):
        package = world.root / "proj" / f"team{number % 40}" / f"package{number // 40}"
        package.mkdir(parents=True)
        for index in range(100):
            (package / f"module{index}.txt").touch()
        if number < 300:
            name = list(content)[number % len(content)]
            (package / name).write_text(content[name])
    git = shutil.which("git")
    if git:
        world.link("system/git", git)
        subprocess.run((git, "init", "-q", str(world.directory)), check=True, timeout=60)
    return world


def _world(folder: Path) -> World:
    folder.mkdir(parents=True)
    world = World(folder)
    world.env = {"DOCKER_HOST": "unix:///nowhere/docker.sock", "XDG_STATE_HOME": "${ROOT}/state"}
    return world
