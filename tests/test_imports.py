"""What a command imports is a tested property: in a fresh interpreter, read from `sys.modules` (style.md, Imports)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"textual", "rich", "docker", "requests", "urllib3", "asyncio", "tomlkit", "importlib.metadata", "pytest"}

PROBE = """
import json, os, sys
sys.argv = ["devbox", *json.loads(sys.argv[1])]
from devbox.__main__ import main
stdout = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
code = main()
sys.stdout.flush()
os.write(stdout, json.dumps([code, sorted(sys.modules)]).encode())
"""


def modules_after(arguments: list[str], cwd: Path, env: dict[str, str]) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=True,
        env={**env, "PYTHONPATH": str(Path(__file__).parent.parent), "DOCKER_HOST": "unix:///nonexistent/docker.sock"},
    )
    code, names = json.loads(done.stdout)
    return code, set(names)


@pytest.fixture
def clean_env(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["doctor", "--json"], ["doctor", "--help"], ["doctor", "--list-checks"]]
)
def test_fast_commands_load_nothing_heavy(arguments: list[str], tmp_path: Path, clean_env: dict[str, str]) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".python-version").write_text("3.11\n")
    code, names = modules_after(arguments, project, clean_env)
    assert code in (0, 1)
    assert names & HEAVY == set()


def test_version_loads_only_devbox_itself(tmp_path: Path, clean_env: dict[str, str]) -> None:
    _, names = modules_after(["--version"], tmp_path, clean_env)
    assert {name for name in names if name.startswith("devbox")} == {"devbox", "devbox.__main__"}
    assert "argparse" not in names


ABSENT = (
    "devbox.core.build", "devbox.core.dependencies.model", "devbox.core.gpu_checks", "devbox.core.npm_range",
    "devbox.core.labels", "devbox.engine.builder", "devbox.engine.builders", "devbox.project.context_tar",
    "devbox.project.devbox_toml", "devbox.project.dockerfile", "devbox.project.jsonc_source", "devbox.project.locks",
    "devbox.project.rules.compose", "devbox.project.rules.examine", "devbox.project.rules.privileges",
    "devbox.project.toml_source", "devbox.project.yaml_source", "devbox.report.doctor_json",
    "devbox.report.doctor_markdown", "devbox.flows.box", "devbox.flows.build", "devbox.flows.trust", "devbox.tui",
    "yaml", "packaging", "nodesemver", "pynvml", "tomllib", "ssl", "hashlib", "difflib", "shutil", "tarfile", "sqlite3",
)  # fmt: skip
"""What `doctor` has no use for where no file and no folder asks for it: a third of a second when it loaded all."""
READERS = "devbox.flows.toolchains."
LIGHT = {"machine", "traces"}
"""Beside the readers of managers."""


def doctors_modules(project: Path, home: Path) -> tuple[set[str], set[str]]:
    """(everything, the readers of managers) that `doctor` loads on a machine that has nothing else."""
    nothing = home / "nothing"
    nothing.mkdir()
    code, names = modules_after(["doctor"], project, {"PATH": str(nothing), "HOME": str(home), "LANG": "C.UTF-8"})
    assert code in (0, 1), "a pin without its program is an error"
    return names, {name.removeprefix(READERS) for name in names if name.startswith(READERS)} - LIGHT


def test_doctor_in_an_empty_directory_loads_what_it_needs(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    names, readers = doctors_modules(project, tmp_path)
    assert names & set(ABSENT) == set()
    assert readers <= {"mise", "mise_locks", "activation"}, "mise may have a file of the system"
    assert sum(name.startswith("devbox.") for name in names) <= 125


def test_what_doctor_loads_defines_its_values_cheaply(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    (project / ".python-version").write_text("3.11\n")
    names, _ = doctors_modules(project, tmp_path)
    places = (Path(__file__).parent.parent / f"{name.replace('.', '/')}.py" for name in names)
    dear = [
        place.name for place in places
        if place.name != "frozen.py" and place.exists() and (text := place.read_text(encoding="utf-8"))
        and "@dataclass(frozen=True, slots=True)" in text and "devbox.core.frozen import" not in text
    ]  # fmt: skip
    assert dear == [], "`from devbox.core.frozen import dataclass` costs a tenth"


def test_doctor_of_one_version_file_loads_one_reader(tmp_path: Path) -> None:
    (project := tmp_path / "project").mkdir()
    (project / ".python-version").write_text("3.11\n")
    names, readers = doctors_modules(project, tmp_path)
    assert names & set(ABSENT) == set()
    assert readers - {"mise", "mise_locks"} == {"pyenv", "activation"}
    assert sum(name.startswith("devbox.") for name in names) <= 130


def test_status_without_changes_spares_the_docker_sdk(tmp_path: Path, clean_env: dict[str, str]) -> None:
    (tmp_path / "devbox.toml").write_text('[box]\nimage = "debian"\n')
    code, names = modules_after(["status", "--json"], tmp_path, clean_env)
    assert code == 4, "no engine answers there"
    assert names & (HEAVY - {"importlib.metadata"}) == set()


def test_a_repository_cannot_supply_our_modules(tmp_path: Path, clean_env: dict[str, str]) -> None:
    canary = tmp_path / "canary"
    for name in ("tomllib", "json", "argparse", "psutil", "pynvml", "docker"):
        (tmp_path / f"{name}.py").write_text(f"open({str(canary)!r}, 'w').write('ran')\nraise SystemExit(77)\n")
    # The package is found through PYTHONPATH, as an installed one is found through site-packages.
    done = subprocess.run(
        [sys.executable, "-P", "-m", "devbox", "doctor", "--json"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**clean_env, "PYTHONPATH": str(Path(__file__).parent.parent)},
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    assert not canary.exists()
