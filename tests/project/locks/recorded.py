"""Recorded projects laid out on disk: lock files by the real tools, and what these tools installed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from devbox.core.dependencies.model import Examined
from devbox.project.locks.node import examine_node
from devbox.project.locks.python import examine_python
from devbox.project.locks.surroundings import Host, Surroundings

DATA = Path(__file__).parents[2] / "data" / "locks"
LINUX = Host("linux", "x64", "Linux", "x86_64", "6.1", "#1", "3.11.7")
PYTHON = {
    "uv": "uv.lock", "poetry": "poetry.lock", "poetry1": "poetry.lock", "pylock": "pylock.toml",
    "requirements": "requirements.txt",
}
NODE = {
    "npm1": "package-lock.json", "npm2": "package-lock.json", "npm3": "package-lock.json", "pnpm6": "pnpm-lock.yaml",
    "pnpm9": "pnpm-lock.yaml", "yarn1": "yarn.lock", "yarn3": "yarn.lock", "yarn4": "yarn.lock",
}
CASES = {**PYTHON, **NODE}


def lay_out(case: str, folder: Path, *, installed: bool = True) -> Path:
    """The project of a case, as its tool left it."""
    shutil.copytree(DATA / case, folder, dirs_exist_ok=True)
    content = json.loads((folder / "installed.json").read_text())
    (folder / "installed.json").unlink()
    if installed:
        for path, text in content["files"].items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        for path, target in content["links"].items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            if not (folder / path).is_symlink():
                (folder / path).symlink_to(target)
    return folder


def examine(case: str, folder: Path, host: Host = LINUX, env: dict[str, str] | None = None) -> Examined:
    """What is found there of the case's own ecosystem."""
    around = Surroundings(str(folder.resolve()), host, env or {})
    return examine_python(around) if case in PYTHON else examine_node(around)
