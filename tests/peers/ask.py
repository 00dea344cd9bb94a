"""Lays a random case out as a world and asks the real manager about it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.flows.toolchain_world import World
from tests.peers.machines import Installed, lay_out

VERSION = re.compile(r'(?:Python |ruby |version go|version "|^v)([^\s"]+)', re.MULTILINE)
_ARGUMENT = {"java": "-version", "go": "version"}


def lay(root: Path, case: Mapping[str, Any]) -> World:
    """The files, variables and system programs of a case."""
    world = World(root, cwd=case["cwd"], env=dict(case["env"]))
    for tool, version in case["system"].items():
        world.system(tool, version)
    for path, content in case["files"].items():
        if isinstance(content, str):
            world.file(path, content.encode("latin-1") if case["manager"] == "pyenv" else content)
        elif "folder" in content:
            (world.root / path).mkdir(parents=True)
        elif "link" in content:
            world.link(path, content["link"])
        else:
            world.program(path, content["program"])
    return world


def mise_world(root: Path, case: Mapping[str, Any], base: Installed) -> World:
    """With those versions that the case has, as mise installed them, and after the commands that its user gave."""
    world = lay(root, case)
    data = ".local/share/mise/installs"
    for tool, versions in case["installed"].items():
        source = base.home / data / tool
        kept = {*versions, ".mise.backend.toml"}
        links = [path.name for path in source.iterdir() if path.is_symlink() and path.readlink().name in kept]
        wanted = [*kept, *(name for name in links if not (world.home / data / tool / name).exists())]
        lay_out(source, world.home / data / tool, dict.fromkeys(wanted))
    for command in case["commands"]:
        argv = [str(base.program), *(word.replace("${ROOT}", str(world.root)) for word in command)]
        _run(world, argv)
    return world


def mise(world: World, program: Path) -> dict[str, Any]:
    """`mise ls --current`, and what each tool is after `mise env`; or why every command fails."""
    listed = _run(world, [str(program), "ls", "--current", "--json"])
    if listed.returncode != 0:
        words = listed.stderr
        untrusted, old = "not trusted" in words, "is required, but" in words
        return {"error": "untrusted" if untrusted else "min-version" if old else "malformed", "said": words}
    shell = _run(world, [str(program), "env", "-s", "bash"])
    tools = {}
    for tool, entries in json.loads(listed.stdout).items():
        asked = _run(world, ["bash", "-c", f"{shell.stdout}\n{tool} {_ARGUMENT.get(tool, '--version')}"])
        match = VERSION.search(asked.stdout + asked.stderr) if asked.returncode == 0 else None
        tools[tool] = {
            "declared": [[_source(entry["source"]), entry["requested_version"]] for entry in entries],
            "selected": [entry["version"] for entry in entries if entry["installed"]],
            "missing": [entry["requested_version"] for entry in entries if not entry["installed"]],
            "runs": match[1] if match else None,
        }
    return {"error": None, "tools": tools, "env_failed": shell.returncode != 0, "said": listed.stderr + shell.stderr}


def nvm_world(root: Path, case: Mapping[str, Any], base: Installed) -> World:
    """With those versions that the case has, as nvm installed them, and its own aliases for LTS lines."""
    world = lay(root, case)
    source, target = base.home / ".nvm", world.root / case["root"]
    target.mkdir(parents=True, exist_ok=True)
    for version in case["installed"]:
        kind = "versions/io.js" if version.startswith("iojs-") else "versions/node"
        folder = kind if (source / kind / version.removeprefix("iojs-")).is_dir() else "."
        lay_out(source / folder, target / folder, [version.removeprefix("iojs-")])
    if case["lts"]:
        lay_out(source / "alias/lts", target / "alias/lts", os.listdir(source / "alias/lts"))
    return world


def nvm(world: World, program: Path, folder: Path) -> dict[str, Any]:
    """A new shell, then `nvm use` where there is a `.nvmrc`, and the PATH that this leaves."""
    done = _run(world, ["bash", "-c", _NVM, str(program), str(folder), str(world.root / "said")])
    values = dict(line.split("=", 1) for line in done.stdout.splitlines())
    said = (world.root / "said").read_text(errors="replace") if (world.root / "said").exists() else ""
    error = {"0": None, "none": None, "3": "missing", "8": "cycle"}.get(values["rc"], "malformed")
    if error == "malformed" and "invalid" not in said.lower():
        error = "missing"
    return {
        "error": error, "used": values["current"] if values["rc"] == "0" else None, "runs": values["node"][1:] or None,
        "rc": values["rc"], "path": values["path"], "file": values["file"] or None, "said": said,
    }


def pyenv_world(root: Path, case: Mapping[str, Any], base: Installed) -> World:
    """With those versions that the case has, as pyenv installed them, and after the commands that its user gave."""
    world = lay(root, case)
    target = world.root / case["root"]
    names = [name for name in case["installed"] if not os.path.lexists(target / "versions" / name)]
    lay_out(base.home / ".pyenv/versions", target / "versions", names)
    for command in [["rehash"], *case["commands"]]:
        _run(world, [str(base.program), *command])
    return world


def pyenv(world: World, program: Path, shims: Path) -> dict[str, Any]:
    """`pyenv version-name`, and what `python` then is: by `pyenv exec`, and where there is a shim by the shim."""
    names = _run(world, [str(program), "version-name"])
    runs = _run(world, [str(program), "exec", "python", "--version"])
    match = VERSION.search(runs.stdout) if runs.returncode == 0 else None
    answer = {
        "selected": [name for name in names.stdout.strip("\n").split(":") if name],
        "missing": names.returncode != 0,
        "runs": match[1] if match else None,
        "said": names.stderr + runs.stderr,
    }
    if os.access(shims / "python", os.X_OK):
        env = world.environment()
        env["PATH"] = f"{shims}:{program.parent}:{env['PATH']}"
        shim = _run(world, ["python", "--version"], env)
        found = VERSION.search(shim.stdout) if shim.returncode == 0 else None
        answer["shim"] = found[1] if found else None
    return answer


_NVM = """
export NVM_DIR="$1"; . "$0" --no-use; nvm_auto use >/dev/null 2>&1
rc=none; file="$(nvm_find_nvmrc)"
if [ -n "$file" ]; then nvm use >"$2" 2>&1 </dev/null; rc=$?; fi
echo "rc=$rc"; echo "current=$(nvm current)"; echo "node=$(node --version 2>/dev/null)"
echo "path=$PATH"; echo "file=$file"
"""


def _source(source: Mapping[str, str]) -> str:
    return source.get("path") or f"env:{source.get('key') or source.get('name')}"


def _run(
    world: World, argv: list[str], env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, cwd=world.directory, env=env or world.environment(), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, errors="surrogateescape", timeout=60, check=False,
    )
