"""`--recursive`: every sub-project's toolchains and faults in one report, what they share looked at once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from devbox.core.checks import checked, wanted
from devbox.core.doctor import Judged
from devbox.core.facts import Origin
from devbox.core.findings import DoctorReport, Finding
from devbox.flows import doctor as flow
from devbox.flows import doctor_recursive
from devbox.flows.checks.group import Group
from devbox.flows.doctor_project import ProjectView
from devbox.flows.doctor_recursive import examine_all
from devbox.host import program
from tests.flows.doctor_subject import subject_of
from tests.flows.toolchain_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.system("python", "3.12.4")
    made.system("node", "20.1.0")
    return made


def rows(report: DoctorReport) -> dict[tuple[str, str], str | None]:
    return {(row.project, row.tool): row.declared[0].raw for row in report.toolchains if row.declared}


def faults(report: DoctorReport) -> list[tuple[str, str]]:
    return [(one.id, str(one.origin)) for one in report.findings if one.severity != "info"]


def test_each_folder_reports_its_own_pins_with_paths_from_the_root(world: World) -> None:
    world.file("proj/.python-version", "3.12\n")
    world.file("proj/services/api/.python-version", "3.11\n")
    world.file("proj/web/.nvmrc", "20\n")
    report = examine_all(subject_of(world))
    assert rows(report) == {(".", "python"): "3.12", ("services/api", "python"): "3.11", ("web", "node"): "20"}
    assert faults(report) == [("toolchain.python.mismatch", "services/api/.python-version:1")]


def test_what_a_folder_inherits_is_reported_once_where_it_is_written(world: World) -> None:
    world.file("proj/.python-version", "3.12\n")
    for name in ("a", "b"):
        world.file(f"proj/{name}/.nvmrc", "20\n")
    assert set(rows(examine_all(subject_of(world)))) == {(".", "python"), ("a", "node"), ("b", "node")}


def test_a_sub_projects_devbox_toml_counts_and_a_broken_one_is_its_own_finding(world: World) -> None:
    world.file("proj/a/devbox.toml", '[toolchains]\npython = "3.9"\n')
    world.file("proj/b/devbox.toml", "[toolchains]\npython = [\n")
    world.file("proj/c/Dockerfile", "NONSENSE\n")
    report = examine_all(subject_of(world))
    assert ("toolchain.python.mismatch", "a/devbox.toml:2") in faults(report)
    assert [where.partition(":")[0] for id, where in faults(report) if id == "project.config"] == ["b/devbox.toml"]
    assert any(where.startswith("c/Dockerfile") for _, where in faults(report))


def test_a_contradiction_inside_a_sub_project_is_found(world: World) -> None:
    world.file("proj/api/.python-version", "3.12\n")
    world.file("proj/api/Dockerfile", "FROM python:3.9-slim\n")
    conflicts = examine_all(subject_of(world)).conflicts
    assert [[source.path for source in one.sources] for one in conflicts] == [["api/.python-version", "api/Dockerfile"]]


def test_a_program_is_asked_once_however_many_projects_select_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        world.file(f"proj/p{number}/.python-version", "3.12\n")
    asked: list[str] = []
    ask = program.ask
    monkeypatch.setattr(program, "ask", lambda one: (asked.append(one.path), ask(one))[1])
    report = examine_all(subject_of(world), wanted(["toolchain"], []))
    assert len(asked) == len(set(asked)) == 1
    assert len(report.toolchains) == 8


def test_a_hostile_file_below_costs_one_finding(world: World) -> None:
    world.file("proj/a/.python-version", "3.12\n")
    (world.directory / "b").mkdir()
    os.mkfifo(world.directory / "b" / ".python-version")
    world.file("proj/c/.nvmrc", b"\xff\xfe\x00" * 4000)
    report = examine_all(subject_of(world))
    assert ("project.files", "b/.python-version") in faults(report)
    assert ("a", "python") in rows(report)


def test_without_git_the_folders_are_walked_and_nothing_is_said_outside_a_repository(world: World) -> None:
    world.file("proj/a/.nvmrc", "20\n")
    world.file("proj/node_modules/x/.nvmrc", "18\n")
    report = examine_all(subject_of(world))
    assert set(rows(report)) == {("a", "node")}
    assert not [one for one in report.findings if one.id == "project.files.walk"]


def test_a_repository_whose_git_does_not_answer_is_walked_and_that_is_said(world: World) -> None:
    world.file("proj/.git", "gitdir: /nowhere\n")
    world.file("proj/a/.nvmrc", "20\n")
    report = examine_all(subject_of(world))
    assert set(rows(report)) == {("a", "node")}
    (note,) = [one for one in report.findings if one.id == "project.files.walk"]
    assert note.severity == "info"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_what_git_ignores_is_no_project_and_what_is_untracked_is(world: World) -> None:
    git = shutil.which("git")
    assert git
    world.link("system/git", git)
    subprocess.run([git, "init", "-q", str(world.directory)], check=True, timeout=30)
    world.file("proj/.gitignore", "build/\n")
    world.file("proj/build/.nvmrc", "18\n")
    world.file("proj/new/.nvmrc", "20\n")
    subprocess.run([git, "init", "-q", str(world.directory / "other")], check=True, timeout=30)
    world.file("proj/other/.nvmrc", "18\n")
    world.file("home/.config/git/ignore", "scratch/\n")
    world.file("proj/scratch/.nvmrc", "18\n")
    assert set(rows(examine_all(subject_of(world)))) == {("new", "node")}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_a_repositorys_git_configuration_runs_nothing(world: World) -> None:
    git = shutil.which("git")
    assert git
    world.link("system/git", git)
    subprocess.run([git, "init", "-q", str(world.directory)], check=True, timeout=30)
    canary = world.root / "canary"
    script = str(world.program("proj/evil", f"touch {canary}"))
    for name in ("core.fsmonitor", "core.pager", "core.editor", "diff.external", "alias.ls-files", "core.sshCommand"):
        value = f"!{script}" if name.startswith("alias") else script
        subprocess.run([git, "-C", str(world.directory), "config", name, value], check=True, timeout=30)
    world.file("proj/.gitattributes", "* filter=evil\n")
    subprocess.run([git, "-C", str(world.directory), "config", "filter.evil.clean", script], check=True, timeout=30)
    for hook in ("post-index-change", "pre-auto-gc"):
        world.program(f"proj/.git/hooks/{hook}", f"touch {canary}")
    world.file("proj/a/.nvmrc", "20\n")
    assert set(rows(examine_all(subject_of(world), wanted(["toolchain"], [])))) == {("a", "node")}
    assert not canary.exists()


def test_groups_about_project_files_run_in_every_sub_project(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.file("proj/.nvmrc", "20\n")
    for name in ("a", "b"):
        world.file(f"proj/{name}/Dockerfile", "FROM node:20\n")

    def judge(found: object, view: ProjectView, others: object) -> Judged:
        origin = Origin("Dockerfile", 1)
        fault = Finding("images.x", "images", "configuration", "warn", "x", f"has {found}", origin=origin)
        return Judged((checked("images"),), (fault,) if found else ())

    def probe(subject: object, view: ProjectView) -> list[str]:
        return sorted(path.name for path in view.root.glob("Dockerfile"))

    group = Group("dockerfiles", {"images": ""}, probe, judge, in_subprojects=True)
    monkeypatch.setattr(flow, "GROUPS", (group,))
    report = examine_all(subject_of(world))
    assert faults(report) == [("images.x", "a/Dockerfile:1"), ("images.x", "b/Dockerfile:1")]
    assert report.findings[-1].message == "b: has ['Dockerfile']"


def test_more_projects_than_a_report_holds_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        world.file(f"proj/p{number}/.nvmrc", "20\n")
    monkeypatch.setattr(doctor_recursive, "LIMIT", 3)
    report = examine_all(subject_of(world))
    assert len(report.toolchains) == 3
    assert any("5 sub-projects" in one.message for one in report.findings)


def test_standing_in_a_sub_folder_the_whole_project_is_looked_at(world: World) -> None:
    world.file("proj/devbox.toml", '[box]\nimage = "debian"\n')
    world.file("proj/.git", "gitdir: /nowhere\n")
    world.file("proj/a/.nvmrc", "20\n")
    world.file("proj/b/.nvmrc", "20\n")
    world.cwd = "proj/a"
    assert set(rows(examine_all(subject_of(world)))) == {("a", "node"), ("b", "node")}
