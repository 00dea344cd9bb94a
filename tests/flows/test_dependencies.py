"""Seeded drift: one fault a check, and exactly that one is found; clean projects yield neither error nor warning."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from devbox.core.checks import wanted
from devbox.core.findings import DoctorReport, Finding
from devbox.flows.doctor import run
from tests.flows.doctor_subject import Subject
from tests.project.locks.recorded import CASES, NODE, PYTHON, lay_out

SITE = ".venv/lib/python3.11/site-packages"


def doctor(project: Path, **env: str) -> DoctorReport:
    """The dependency checks of a project, in an environment with nothing in it."""
    subject = Subject(project, project, {"PATH": "/nowhere", **env}, project.parent)
    return run(subject, wanted(["dependencies", "policy.lock"], []))


def bad(report: DoctorReport) -> list[Finding]:
    return [finding for finding in report.findings if finding.severity != "info"]


def status(report: DoctorReport, id: str) -> str:
    return next(check.status for check in report.checks if check.id == id)


@pytest.mark.parametrize("case", CASES)
def test_a_clean_project_yields_neither_error_nor_warning(case: str, tmp_path: Path) -> None:
    report = doctor(lay_out(case, tmp_path / "project"))
    assert bad(report) == []
    assert {check.status for check in report.checks} == {"ok"}
    assert report.layers["dependencies"] == "ok"


def test_a_folder_without_dependencies_is_ok_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("nothing here\n")
    report = doctor(tmp_path)
    assert report.findings == ()
    assert {check.status for check in report.checks} == {"ok"}
    assert all(check.evidence for check in report.checks)


def another_version(project: Path) -> None:
    (project / SITE / "alpha-1.0.0.dist-info").rename(project / SITE / "alpha-1.1.dist-info")


def missing_module(project: Path) -> None:
    shutil.rmtree(project / "node_modules/left-pad")


def more_in_pyproject(project: Path) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace('"beta<1.3"', '"beta<1.4"'))


def more_in_package(project: Path) -> None:
    path = project / "package.json"
    content = json.loads(path.read_text())
    content["devDependencies"]["left-pad"] = "1.0.0"
    del content["dependencies"]["left-pad"]
    path.write_text(json.dumps(content))


def second_lock(project: Path) -> None:
    (project / "yarn.lock").write_text("# yarn lockfile v1\n")


def no_lock_in_image(project: Path) -> None:
    (project / "devbox.toml").write_text('[box]\ndockerfile = "Dockerfile"\n[policy]\nlock = "require"\n')
    (project / "Dockerfile").write_text("FROM node:20\nCOPY package.json ./\nRUN npm install\n")


def lock_in_image(project: Path) -> None:
    (project / "devbox.toml").write_text('[box]\ndockerfile = "Dockerfile"\n[policy]\nlock = "forbid"\n')
    (project / "Dockerfile").write_text("FROM node:20\nCOPY package*.json ./\nRUN npm install\n")


@pytest.mark.parametrize(
    ("case", "plant", "id", "check", "origin"),
    [
        ("uv", another_version, "dependencies.python.installed.drift", "dependencies.python.installed", "uv.lock:6"),
        ("poetry", another_version, "dependencies.python.installed.drift", "dependencies.python.installed",
         "poetry.lock:4"),
        ("requirements", another_version, "dependencies.python.installed.drift", "dependencies.python.installed",
         "requirements.txt:3"),
        ("npm3", missing_module, "dependencies.node.installed.drift", "dependencies.node.installed",
         "package-lock.json:90"),
        ("yarn1", missing_module, "dependencies.node.installed.drift", "dependencies.node.installed", "yarn.lock:39"),
        ("uv", more_in_pyproject, "dependencies.python.lock.stale", "dependencies.python.lock", "uv.lock"),
        ("npm3", more_in_package, "dependencies.node.lock.stale", "dependencies.node.lock", "package-lock.json"),
        ("pnpm9", more_in_package, "dependencies.node.lock.stale", "dependencies.node.lock", "pnpm-lock.yaml"),
        ("npm3", second_lock, "dependencies.lock.competing", "dependencies.lock.competing", "package-lock.json"),
        ("npm3", no_lock_in_image, "policy.lock.unused", "policy.lock", "Dockerfile:3"),
        ("npm3", lock_in_image, "policy.lock.forbidden", "policy.lock", "Dockerfile:2"),
    ],
)
def test_one_fault_is_exactly_one_finding(
    case: str, plant: Callable[[Path], None], id: str, check: str, origin: str, tmp_path: Path
) -> None:
    project = lay_out(case, tmp_path / "project")
    plant(project)
    report = doctor(project)
    (finding,) = bad(report)
    assert (finding.id, finding.check) == (id, check)
    assert str(finding.origin) == origin
    assert finding.hint is not None
    assert "`" in finding.hint
    assert finding.expected
    assert finding.actual
    assert status(report, check) == "drift"
    assert [one.id for one in report.checks if one.status != "ok"] == [check]


@pytest.mark.parametrize("case", CASES)
def test_after_a_fresh_clone_it_is_unknown_with_the_command_that_installs(case: str, tmp_path: Path) -> None:
    report = doctor(lay_out(case, tmp_path / "project", installed=False))
    assert bad(report) == []
    ecosystem = "python" if case in PYTHON else "node"
    (finding,) = [one for one in report.findings if one.check == f"dependencies.{ecosystem}.installed"]
    expected = {"uv": "`uv sync`", "poetry": "`poetry install`", "npm3": "`npm ci`",
                "pnpm9": "`pnpm install --frozen-lockfile`", "yarn1": "`yarn install --frozen-lockfile`",
                "yarn4": "`yarn install --immutable`",
                "requirements": "`python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt`"}
    assert finding.hint == expected.get(case, finding.hint)
    assert status(report, finding.check) == "unknown"
    assert report.layers["dependencies"] == "unknown"


@pytest.mark.parametrize("case", NODE)
def test_nothing_of_the_project_is_run(case: str, tmp_path: Path) -> None:
    project = lay_out(case, tmp_path / "project")
    canary = tmp_path / "ran"
    for name in ("npm", "node", "pnpm", "yarn", "uv", "poetry", "python"):
        for folder in ("node_modules/.bin", ".venv/bin"):
            program = project / folder / name
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(f"#!/bin/sh\ntouch {canary}\n")
            program.chmod(0o755)
    doctor(project, PATH=f"{project}/node_modules/.bin:{project}/.venv/bin:{os.environ['PATH']}")
    assert not canary.exists()


@pytest.mark.parametrize(
    ("manifest", "text", "hint"),
    [
        ("package.json", '{"dependencies": {"a": "1"}}', "`npm install --package-lock-only`"),
        ("package.json", '{"packageManager": "pnpm@9.1.0", "dependencies": {"a": "1"}}',
         "`pnpm install --lockfile-only`"),
        ("pyproject.toml", '[project]\nname = "a"\ndependencies = ["b"]\n', "`uv lock`"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\nb = "*"\n', "`poetry lock`"),
        ("requirements.in", "b\n", "`pip-compile --generate-hashes requirements.in`"),
    ],
)
def test_a_manifest_without_a_lock_file_is_said_and_no_drift(
    manifest: str, text: str, hint: str, tmp_path: Path
) -> None:
    (tmp_path / manifest).write_text(text)
    report = doctor(tmp_path)
    (finding,) = report.findings
    assert (finding.severity, finding.hint) == ("info", hint)
    assert finding.id.endswith(".lock.missing")


def test_a_manifest_without_dependencies_needs_no_lock_file(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "a", "scripts": {"x": "y"}}')
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\n[tool.ruff]\nline-length = 100\n')
    assert doctor(tmp_path).findings == ()


@pytest.mark.parametrize("name", ["Pipfile.lock", "pdm.lock", "bun.lock", "deno.lock"])
def test_a_lock_file_of_another_tool_is_unknown_and_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("{}")
    report = doctor(tmp_path)
    assert bad(report) == []
    unknown = [check for check in report.checks if check.status == "unknown"]
    assert len(unknown) == 2
    assert all(name in (check.reason or "") for check in unknown)


def test_the_policy_requires_a_lock_file_beside_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "devbox.toml").write_text('[box]\nimage = "debian"\n[policy]\nlock = "require"\n')
    (tmp_path / "package.json").write_text('{"dependencies": {"a": "1"}}')
    (finding,) = bad(doctor(tmp_path))
    assert finding.id == "policy.lock.missing"
    assert str(finding.origin) == "package.json"
