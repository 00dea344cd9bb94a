"""Records lock files and what their tools installed, made by the real tools: uv, Poetry, npm, pnpm, yarn.

    python tests/data/locks/record.py FOLDER

FOLDER holds the tools: `uv/bin/uv`, `poetry/bin/poetry`, `poetry1/bin/poetry` (virtual environments with uv, Poetry 2
and Poetry 1.8), `pnpm9`, `pnpm8`, `yarn1`, `yarn3`, `yarn4` (npm prefixes with pnpm@9, pnpm@8, yarn@1,
@yarnpkg/cli-dist@3 and @4), and npm on PATH. Python packages are tiny wheels made here and served on 127.0.0.1; Node
packages are small ones of the public registry, whose address is replaced by `registry.example`.

The recordings here are of uv 0.13.9, Poetry 2.5.1 and 1.8.5, npm 11.19.1, pnpm 9.15.9 and 8, yarn 1.22.22, 3 and
4.18.1.

Each case becomes a folder: lock file and manifests as written, and `installed.json` with what was installed, reduced to
what readers may look at: {"files": {path: text}, "links": {path: target}}.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
PORT = 18321
WHEELS = {
    ("alpha", "1.0.0"): ["beta>=1", 'winonly; sys_platform == "win32"', 'gamma; extra == "fast"'],
    ("beta", "1.2.0"): [],
    ("beta", "1.3.0"): [],
    ("gamma", "2.0"): [],
    ("delta", "0.3.1"): ['old-backport; python_version < "3.8"'],
    ("old-backport", "1.0"): [],
    ("epsilon-lint", "5.0"): [],
    ("winonly", "0.1"): [],
}
PYPROJECT = """\
[project]
name = "fortune"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["alpha>=1", "beta<1.3"]

[project.optional-dependencies]
fast = ["alpha[fast]"]

[dependency-groups]
dev = ["delta", {include-group = "lint"}]
lint = ["epsilon-lint"]
"""
POETRY = """\
[project]
name = "fortune"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["alpha>=1", "beta<1.3"]

[project.optional-dependencies]
fast = ["gamma"]

[tool.poetry]
package-mode = false

[tool.poetry.group.dev.dependencies]
delta = "*"

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
epsilon-lint = "*"
"""
POETRY1 = """\
[tool.poetry]
name = "fortune"
version = "0.1.0"
description = "told"
authors = []
package-mode = false

[tool.poetry.dependencies]
python = ">=3.11"
alpha = "^1.0"
beta = "<1.3"
gamma = { version = "*", optional = true }

[tool.poetry.extras]
fast = ["gamma"]

[tool.poetry.group.dev.dependencies]
delta = "*"

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
epsilon-lint = "*"
"""
SOURCE = f"""
[[tool.poetry.source]]
name = "recorded"
url = "http://127.0.0.1:{PORT}/simple/"
priority = "primary"
"""
PACKAGE = {
    "name": "fortune-web", "version": "1.0.0", "private": True, "workspaces": ["packages/*"],
    "dependencies": {"debug": "^4.3.4", "left-pad": "~1.3.0", "is-odd": "3.0.1"},
    "devDependencies": {"@types/ms": "^2.1.0"},
    "optionalDependencies": {"fsevents": "^2.3.3"},
}
UI = {"name": "@fortune/ui", "version": "0.1.0", "dependencies": {"is-number": "^7.0.0", "ms": "2.0.0"}}


def main() -> None:
    """Record every case whose tools are in the folder of the command line."""
    tools = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        serve(work / "index")
        record_python(tools, work)
        record_node(tools, work)


def serve(index: Path) -> None:
    """A package index of the wheels above, in a thread of its own."""
    for (name, version), requires in WHEELS.items():
        make_wheel(index / "simple" / name, name, version, requires)
    for folder in (index / "simple").iterdir():
        rows = [
            f'<a href="{wheel.name}#sha256={hashlib.sha256(wheel.read_bytes()).hexdigest()}">{wheel.name}</a>'
            for wheel in sorted(folder.glob("*.whl"))
        ]
        (folder / "index.html").write_text("<!DOCTYPE html><html><body>" + "\n".join(rows) + "</body></html>")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object, **words: object) -> None:
            super().__init__(*arguments, directory=str(index), **words)  # type: ignore[arg-type]

        def log_message(self, *arguments: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def make_wheel(folder: Path, name: str, version: str, requires: list[str]) -> None:
    """The smallest wheel that installs."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    rows = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", *(f"Requires-Dist: {r}\n" for r in requires)]
    if any("extra ==" in row for row in requires):
        rows.append("Provides-Extra: fast\n")
    files = {
        f"{stem.partition('-')[0]}.py": "", f"{info}/METADATA": "".join(rows),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: recorded\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0)), text)


def run(cwd: Path, *argv: str | Path, **env: str) -> None:
    """Run a tool, with nothing of this shell's package settings."""
    ours = ("PIP_", "UV_", "POETRY_", "NPM_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    subprocess.run([str(word) for word in argv], cwd=cwd, check=True, env={**kept, **env}, stdin=subprocess.DEVNULL)


def record_python(tools: Path, work: Path) -> None:
    """uv with its exports, Poetry of both generations."""
    index = f"http://127.0.0.1:{PORT}/simple"
    project = work / "uv"
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    uv = tools / "uv/bin/uv"
    settings = {"UV_DEFAULT_INDEX": index, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
    run(project, uv, "sync", "-q", **settings)
    keep("uv", project, "uv.lock")
    run(project, uv, "export", "-q", "--no-emit-project", "--format", "pylock.toml", "-o", "pylock.toml", **settings)
    keep("pylock", project, "pylock.toml", manifests=())
    (project / "requirements.in").write_text("alpha\nbeta<1.3\n")
    run(project, uv, "pip", "compile", "-q", "--generate-hashes", "--universal", "requirements.in", "-o",
        "requirements.txt", **settings)
    keep("requirements", project, "requirements.txt", manifests=("requirements.in",))
    for name, tool, text in (("poetry", "poetry", POETRY), ("poetry1", "poetry1", POETRY1)):
        project = work / name
        project.mkdir()
        (project / "pyproject.toml").write_text(text + SOURCE)
        env = {"POETRY_VIRTUALENVS_IN_PROJECT": "true", "POETRY_CACHE_DIR": str(work / f"{name}-cache")}
        run(project, tools / tool / "bin/poetry", "install", "-q", "--no-interaction", **env)
        keep(name, project, "poetry.lock")


def record_node(tools: Path, work: Path) -> None:
    """npm's three versions of its lock, pnpm's two, yarn's two generations."""
    for version in ("1", "2", "3"):
        project = node_project(work / f"npm{version}")
        run(project, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--lockfile-version", version)
        keep(f"npm{version}", project, "package-lock.json", manifests=("package.json", "packages/ui/package.json"))
    for name, major in (("pnpm9", 9), ("pnpm6", 8)):
        project = node_project(work / name, workspaces=False)
        (project / "pnpm-workspace.yaml").write_text("packages:\n  - packages/*\n")
        run(project, "node", tools / f"pnpm{major}/node_modules/pnpm/bin/pnpm.cjs", "install", "--ignore-scripts",
            "--store-dir", str(work / f"{name}-store"))
        keep(name, project, "pnpm-lock.yaml", manifests=("package.json", "packages/ui/package.json"))
    project = node_project(work / "yarn1")
    run(project, "node", tools / "yarn1/node_modules/yarn/bin/yarn.js", "install", "--ignore-scripts")
    keep("yarn1", project, "yarn.lock", manifests=("package.json", "packages/ui/package.json"))
    for name in ("yarn3", "yarn4"):
        project = node_project(work / name)
        (project / ".yarnrc.yml").write_text("nodeLinker: node-modules\nenableTelemetry: false\n")
        run(project, "node", tools / f"{name}/node_modules/@yarnpkg/cli-dist/bin/yarn.js", "install",
            "--mode=skip-build", YARN_ENABLE_IMMUTABLE_INSTALLS="false")
        keep(name, project, "yarn.lock", manifests=("package.json", "packages/ui/package.json"))


def node_project(folder: Path, *, workspaces: bool = True) -> Path:
    """A project with one workspace."""
    (folder / "packages/ui").mkdir(parents=True)
    content = {key: value for key, value in PACKAGE.items() if workspaces or key != "workspaces"}
    (folder / "package.json").write_text(json.dumps(content, indent=2) + "\n")
    (folder / "packages/ui/package.json").write_text(json.dumps(UI, indent=2) + "\n")
    return folder


def keep(case: str, project: Path, lock: str, manifests: tuple[str, ...] = ("pyproject.toml",)) -> None:
    """Store a case."""
    target = HERE / case
    shutil.rmtree(target, ignore_errors=True)
    for name in (lock, *manifests):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(neutral((project / name).read_text()))
    (target / "installed.json").write_text(json.dumps(installed(project), indent=1, sort_keys=True) + "\n")


def neutral(text: str) -> str:
    """Without the addresses of registries."""
    return re.sub(r"https://registry\.(?:npmjs\.org|yarnpkg\.com)", "https://registry.example", text)


def installed(project: Path) -> dict[str, dict[str, str]]:
    """What is installed, reduced to names and versions; links stay links."""
    files: dict[str, str] = {}
    links: dict[str, str] = {}
    for folder, names, entries in os.walk(project):
        place = Path(folder).relative_to(project)
        if not {"node_modules", ".venv"} & set(place.parts) and str(place) != ".":
            names[:] = [name for name in names if name != ".git"]
        for name in (*names, *entries):
            path = Path(folder) / name
            shown = str(path.relative_to(project))
            if path.is_symlink():
                if "/.bin/" not in shown and "/bin/" not in shown and not os.path.isabs(os.readlink(path)):
                    links[shown] = os.readlink(path)
            elif wanted(shown):
                files[shown] = reduced(path)
    return {"files": files, "links": links}


def wanted(path: str) -> bool:
    if "node_modules/" in path:
        return path.endswith(("/package.json", "/.pnpm/lock.yaml", "/.modules.yaml", "/.yarn-integrity",
                              "/.yarn-state.yml"))
    return path.startswith(".venv/") and path.endswith(("/METADATA", "/pyvenv.cfg"))


def reduced(path: Path) -> str:
    """A package.json's name and version, a METADATA's head, pyvenv.cfg without the folders of this machine."""
    text = neutral(path.read_text(errors="replace"))
    if path.name == "package.json":
        content = json.loads(text)
        return json.dumps({key: content[key] for key in ("name", "version") if key in content})
    if path.name == "METADATA":
        return "".join(row + "\n" for row in text.splitlines() if row.startswith(("Name:", "Version:")))
    if path.name == "pyvenv.cfg":
        return "".join(row + "\n" for row in text.splitlines() if row.startswith(("version", "impl", "include-system")))
    if path.name in (".modules.yaml", ".yarn-integrity"):
        return "{}\n"
    return text


if __name__ == "__main__":
    main()
