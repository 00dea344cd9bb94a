"""Records what the real managers do in random small worlds: `pyenv.json`, `nvm.json` and so on.

    python -m tests.data.toolchains.record pyenv /path/to/pyenv 60
    python -m tests.data.toolchains.record nvm   /path/to/nvm.sh 60
    python -m tests.data.toolchains.record mise  /path/to/mise 60
    python -m tests.data.toolchains.record rbenv /path/to/libexec/rbenv 60    (nodenv, jenv likewise)
    python -m tests.data.toolchains.record tfenv /path/to/tfenv 60            (asdf likewise)

The recordings here are of pyenv 2.6.30, nvm 0.40.6, mise 2026.9.15, rbenv 23c3041, nodenv 0e551cc, jenv
a771525, tfenv 59535da and asdf 0.14.1.
Nothing is downloaded; mise runs offline.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.data.toolchains import asdf_worlds, word_worlds, worlds
from tests.flows.toolchain_world import World, build

Ask = Callable[[World, str], dict[str, Any]]

HERE = Path(__file__).parent
NVM_SCRIPT = """
export NVM_DIR="$HOME/.nvm"; . "$0" --no-use; nvm_auto use >/dev/null 2>&1
rc=none
if [ -n "$(nvm_find_nvmrc)" ]; then nvm use >"$HOME/said" 2>&1 </dev/null; rc=$?; fi
echo "rc=$rc"; echo "current=$(nvm current)"; echo "node=$(node --version 2>/dev/null)"; cat "$HOME/said" 2>/dev/null
"""
VERSION = re.compile(r'(?:Python |ruby |Terraform v|version go|version "|^v)([^\s"]+)', re.MULTILINE)


def main() -> None:
    """Record one manager."""
    manager, program, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    generate, ask = RECORDERS[manager]
    cases = []
    for seed in range(count):
        case = generate(random.Random(seed))
        with tempfile.TemporaryDirectory() as folder:
            world = build(Path(folder), case)
            answer = json.loads(json.dumps(ask(world, program)).replace(str(world.root), "${ROOT}"))
        cases.append({**case, "answer": answer})
    text = ",\n".join(json.dumps(case, sort_keys=True) for case in cases)
    (HERE / f"{manager}.json").write_text(f"[\n{text}\n]\n")


def pyenv(world: World, program: str) -> dict[str, Any]:
    """`pyenv version-name`, and what `python` then is."""
    names = _run(world, [program, "version-name"])
    runs = _run(world, [program, "exec", "python", "--version"])
    match = VERSION.search(runs.stdout) if runs.returncode == 0 else None
    return {
        "selected": [name for name in names.stdout.strip("\n").split(":") if name],
        "missing": names.returncode != 0,
        "runs": match[1] if match else None,
    }


def family(tool: str) -> Ask:
    """rbenv, nodenv, jenv: `version-name`, and what the tool then is."""

    def ask(world: World, program: str) -> dict[str, Any]:
        name = _run(world, [program, "version-name"])
        runs = _run(world, [program, "exec", tool, "-version" if tool == "java" else "--version"])
        match = VERSION.search(runs.stdout + runs.stderr) if runs.returncode == 0 else None
        return {
            "selected": name.stdout.removesuffix("\n") if name.returncode == 0 else None,
            "said": name.stderr.strip(),
            "runs": match[1] if match else None,
        }

    return ask


def tfenv(world: World, program: str) -> dict[str, Any]:
    """`tfenv version-name`, and what `terraform` then is; `program` is tfenv's folder."""
    env = {"TFENV_ROOT": program, "TFENV_CONFIG_DIR": str(world.home / ".tfenv")}
    name = _run(world, [f"{program}/libexec/tfenv-version-name"], env)
    runs = _run(world, [f"{program}/bin/terraform", "version"], env)
    match = VERSION.search(runs.stdout) if runs.returncode == 0 else None
    return {
        "selected": name.stdout.removesuffix("\n") if name.returncode == 0 else None,
        "runs": match[1] if match else None,
    }


def asdf(world: World, program: str) -> dict[str, Any]:
    """`asdf current`, where the versions come from, and what `node` then is; `program` is the folder of asdf 0.14."""
    env = {"ASDF_DIR": program, "ASDF_DATA_DIR": str(world.home / ".asdf")}
    current = _run(world, [f"{program}/bin/asdf", "current", "nodejs"], env)
    script = f'. "{program}/lib/utils.bash"; find_versions nodejs "$PWD"'
    named = {"ASDF_DEFAULT_TOOL_VERSIONS_FILENAME": ".tool-versions"}
    found = _run(world, ["bash", "-c", script], {**env, **named, **world.environment()})
    runs = _run(world, [f"{program}/bin/asdf", "exec", "node", "--version"], env)
    match = VERSION.search(runs.stdout) if runs.returncode == 0 else None
    return {
        "current": current.returncode,
        "found": found.stdout,
        "runs": match[1] if match else None,
    }


def nvm(world: World, program: str) -> dict[str, Any]:
    """A new shell, then `nvm use` where there is a `.nvmrc`."""
    said = _run(world, ["bash", "-c", NVM_SCRIPT, program]).stdout
    values = dict(line.split("=", 1) for line in said.splitlines()[:3])
    error = {"0": None, "none": None, "3": "missing", "8": "cycle"}.get(values["rc"], "malformed")
    if error == "malformed" and "invalid" not in said:
        error = "missing"
    return {
        "error": error,
        "used": values["current"] if values["rc"] == "0" else None,
        "runs": values["node"][1:] or None,
    }


def mise(world: World, program: str) -> dict[str, Any]:
    """`mise ls --current`, and what each tool is after `mise env`; or why every command fails."""
    listed = _run(world, [program, "ls", "--current", "--json"])
    if listed.returncode != 0:
        words = listed.stderr
        untrusted, old = "not trusted" in words, "is required, but" in words
        return {"error": "untrusted" if untrusted else "min-version" if old else "malformed"}
    shell = _run(world, [program, "env", "-s", "bash"]).stdout
    tools = {}
    for tool, entries in json.loads(listed.stdout).items():
        argument = {"java": "-version", "go": "version"}.get(tool, "--version")
        asked = _run(world, ["bash", "-c", f"{shell}\n{tool} {argument}"])
        match = VERSION.search(asked.stdout + asked.stderr) if asked.returncode == 0 else None
        tools[tool] = {
            "declared": [[_source(entry["source"]), entry["requested_version"]] for entry in entries],
            "selected": [entry["version"] for entry in entries if entry["installed"]],
            "missing": [entry["requested_version"] for entry in entries if not entry["installed"]],
            "runs": match[1] if match else None,
        }
    return {"error": None, "tools": tools}


def _source(source: dict[str, str]) -> str:
    return source.get("path") or f"env:{source.get('key') or source.get('name')}"


def _run(
    world: World, argv: list[str], more: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """Text as it was written: reading it as text would turn a CR into a newline."""
    done = subprocess.run(
        argv,
        cwd=world.directory,
        env={**world.environment(), **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said, complained = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(argv, done.returncode, said, complained)


RECORDERS: dict[str, tuple[Callable[[random.Random], worlds.Case], Ask]] = {
    "pyenv": (worlds.pyenv, pyenv),
    "nvm": (worlds.nvm, nvm),
    "mise": (worlds.mise, mise),
    "rbenv": (partial(word_worlds.family, "rbenv"), family("ruby")),
    "nodenv": (partial(word_worlds.family, "nodenv"), family("node")),
    "jenv": (partial(word_worlds.family, "jenv"), family("java")),
    "tfenv": (word_worlds.tfenv, tfenv),
    "asdf": (asdf_worlds.bash, asdf),
}

if __name__ == "__main__":
    main()
