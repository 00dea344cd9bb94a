"""Records what GitHub's own setup-node and setup-python select: `python -m tests.data.toolchains.record_actions`.

Needs `SETUP_NODE` and `SETUP_PYTHON` (each action's `dist/setup/index.js`) and `node`; the tool cache is made up, the
network points nowhere. The tests write the inputs into a workflow and compare.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.flows.toolchain_world import World

HERE = Path(__file__).parent
CACHED = {
    "node": ("18.19.0", "20.1.0", "20.10.0", "22.3.0"),
    "Python": ("3.9.18", "3.10.14", "3.11.9", "3.12.4", "3.13.0-rc.2", "3.13.1"),
}
Case = tuple[str, dict[str, str], dict[str, str]]


def cases() -> list[Case]:
    """Tool, inputs, files of the checkout."""
    found: list[Case] = []
    words = (
        "20", "20.x", "^18", "v20.1.0", "20.1", "18 || 20", ">=18 <21", "=20.1.0", "~20.1", "20.2", "latest", "lts/*",
        "node", "x", "22.3.0", "20.10.0-rc.1", "*",
    )
    found += [("node", {"node-version": word}, {}) for word in words]
    texts = (
        "20\n", "v20.1.0\n", "# a comment\n20\n", "#comment\n20\n", "18 # c\n", "node 20\n", "nodejs v18.19.0\n",
        "nodejs 20 22\n", "20\r\n", "\ufeff20\n", "\n20\n", "  20\n", "lts/*\n", "", "python 3.11\nnodejs 20.1.0\n",
        "nodejs\t20\n", "20 22\n", "node20\n", "nodejs   20\n", "v20\nv18\n",
    )
    found += [("node", {"node-version-file": "f"}, {"proj/f": text}) for text in texts]
    manifests = (
        '{"engines":{"node":">=18 <21"}}', '{"volta":{"node":"20.1.0"},"engines":{"node":"18"}}',
        '{"devEngines":{"runtime":[{"name":"bun","version":"1"},{"name":"Node","version":"^20.5"}]}}',
        '{"devEngines":{"runtime":{"name":"node"}},"engines":{"node":"18"}}', '{"volta":{"extends":"./b.json"}}',
        '{"name":"x"}', '{"engines":{"node":20}}', "[1]", '"20"', "20", '{"engines":{"node":"18"}', "null",
    )
    extended = {"proj/b.json": '{"volta":{"node":"18.19.0"}}'}
    found += [
        ("node", {"node-version-file": "package.json"}, {"proj/package.json": text, **extended}) for text in manifests
    ]
    tables = (
        '[tools]\nnode = "20"\n', '[tools]\nnode = {version="18"}\n', '[tools]\nnode = ["20"]\n',
        '[tools]\npython="3"\n', '[tools.node]\nversion="20.1.0"\n',
    )
    found += [("node", {"node-version-file": "mise.toml"}, {"proj/mise.toml": text}) for text in tables]
    return [*found, ("node", {"node-version-file": "nope"}, {}), *_python()]


def _python() -> list[Case]:
    words = (
        "3.11", "3.1", "3.x", "3.13", "3.13t", "3.13-dev", ">=3.10 <3.12", "3.11.9\n3.12", "3.13.0rc2", "~3.10",
        "~=3.10", "==3.11", "3.11.*", "pypy3.9", "3", "3.12\n3.9", "3.13.1t", "^3.9", ">=3.10,<3.12",
    )
    found: list[Case] = [("python", {"python-version": word}, {}) for word in words]
    found.append(("python", {"python-version": "3.13", "allow-prereleases": "true"}, {}))
    found.append(("python", {"python-version": "3.13", "freethreaded": "true"}, {}))
    texts = (
        "3.11\n", "3.11 # x\n", "# x\n3.11\n", "3.11\n3.12\n", "\ufeff3.11\n", "3.10/envs/x\n", " 3.11\r\n3.9\r\n", "",
        "#x\n", " # x\n3.11\n", "3.11.9  \n", "system\n",
    )
    found += [("python", {}, {"proj/.python-version": text}) for text in texts]
    projects = (
        '[project]\nrequires-python = "~=3.10"\n', '[project]\nrequires-python = ">=3.10,<3.13"\n',
        '[project]\nrequires-python = ">=3.10,!=3.12.*,<3.13"\n', '[project]\nrequires-python = "==3.11.*"\n',
        '[project]\nname="x"\n[tool.poetry.dependencies]\npython="^3.9"\n', '[project]\nrequires-python = "!=3.9.*"\n',
        '[tool.poetry.dependencies]\npython="^3.9"\n', '[project]\nrequires-python = ">= 3.10, < 3.12"\n',
        '[project]\nrequires-python = ""\n', "x", '[tool.poetry.dependencies]\npython=">=3.10,<3.12 || 3.13.1"\n',
    )
    found += [("python", {"python-version-file": "pyproject.toml"}, {"proj/pyproject.toml": text}) for text in projects]
    lists = (
        "python 3.11\n", "python 3.11 # c\n", "nodejs 20\npython v3.10\n", "python 3.11 3.12\n", "python3.9\n",
        "  python 3.12\n", "# python 3.9\npython 3.10\n", "ruby 3\n",
    )
    found += [("python", {"python-version-file": ".tool-versions"}, {"proj/.tool-versions": text}) for text in lists]
    pipfile = '[requires]\npython_full_version = "3.11.9"\npython_version="3.9"\n'
    found.append(("python", {"python-version-file": "Pipfile"}, {"proj/Pipfile": pipfile}))
    return [*found, ("python", {"python-version-file": "nope"}, {}), ("python", {}, {})]


def lay_out(world: World, case: dict[str, Any]) -> None:
    """The tool cache, the checkout's files, and a workflow with the inputs."""
    world.env["RUNNER_TOOL_CACHE"] = "${ROOT}/toolcache"
    for tool, versions in CACHED.items():
        for version in versions if tool.lower() == case["tool"] else ():
            for arch in ("x64", "x64-freethreaded") if version == "3.13.1" else ("x64",):
                folder = f"toolcache/{tool}/{version}/{arch}"
                says = f"echo v{version}" if tool == "node" else f"echo Python {version}"
                world.program(f"{folder}/bin/{tool.lower()}", says)
                world.file(f"{folder}.complete")
    for path, text in case["files"].items():
        world.file(path, text)
    lines = [f"          {name}: {json.dumps(value)}" for name, value in case["inputs"].items()]
    with_inputs = "\n".join(["        with:", *lines]) if lines else ""
    step = f"      - uses: actions/setup-{case['tool']}@v6\n{with_inputs}"
    world.file("proj/.github/workflows/ci.yml", f"on: push\njobs:\n  test:\n    steps:\n{step}\n")


def ask(world: World, case: dict[str, Any]) -> tuple[list[str], bool]:
    """The versions that the action set up, and whether the step failed."""
    temporary = world.root / "temporary"
    temporary.mkdir()
    names = {"GITHUB_PATH": "p", "GITHUB_ENV": "e", "GITHUB_OUTPUT": "o", "GITHUB_STATE": "s"}
    for file in names.values():
        (temporary / file).touch()
    inputs = {
        "check-latest": "false", "update-environment": "true", "allow-prereleases": "false", "freethreaded": "false",
        **case["inputs"],
    }
    env = {
        "HOME": str(world.home), "PATH": "/usr/bin:/bin", "GITHUB_WORKSPACE": str(world.directory),
        "RUNNER_OS": "Linux",
        "RUNNER_TOOL_CACHE": str(world.root / "toolcache"), "RUNNER_TEMP": str(temporary),
        "HTTPS_PROXY": "http://127.0.0.1:9", **{name: str(temporary / file) for name, file in names.items()},
        **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
    }
    argv = ["node", os.environ[f"SETUP_{case['tool'].upper()}"]]
    try:
        done = subprocess.run(argv, cwd=world.directory, env=env, capture_output=True, text=True, timeout=10)
        said, failed = done.stdout, done.returncode != 0
    except subprocess.TimeoutExpired as late:  # it waits between its attempts to download
        said, failed = (late.stdout or b"").decode(), True
    found = re.findall(r"Found in cache @ \S*/node/([^/]+)/|Successfully set up CPython \((.*?)\)", said)
    return [node or python for node, python in found], failed


def main() -> None:
    """Write `actions.json`."""
    recorded = []
    for tool, inputs, files in cases():
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            world = World(Path(folder))
            case: dict[str, Any] = {"tool": tool, "inputs": inputs, "files": files}
            lay_out(world, case)
            versions, failed = ask(world, case)
            recorded.append({**case, "versions": versions, "failed": failed})
    (HERE / "actions.json").write_text(json.dumps(recorded, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
