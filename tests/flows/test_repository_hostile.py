"""Hostile files where the checks of repository, settings and system look: each costs at most findings of its own, and
git runs nothing of the repository's."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from devbox.core.findings import DoctorReport
from devbox.flows.doctor import run
from tests.flows.doctor_subject import AnsweringEngine, subject_of
from tests.flows.test_doctor_hostile import HOSTILE
from tests.flows.test_seeded_drift import git
from tests.flows.toolchain_world import World

FILES = (
    ".env", ".env.example", "compose.yaml", "compose.override.yaml", ".gitattributes", "entrypoint.sh", "Makefile",
    "pyproject.toml", "setup.py", "random.py", ".git/index", ".git/config", ".git/shallow", ".gitmodules",
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.system("python", "3.12.4")
    made.link("ordinary/git", shutil.which("git") or "")
    made.file("proj/.python-version", "3.12\n")
    return made


def check(report: DoctorReport, id: str) -> str:
    return next(one.status for one in report.checks if one.id == id)


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_leave_the_rest_of_the_report_standing(kind: str, world: World) -> None:
    world.file("proj/.git/HEAD", "ref: refs/heads/main\n")
    for name in FILES:
        HOSTILE[kind](world.directory / name)
    report = run(subject_of(world, AnsweringEngine))
    assert report.layers["hardware"] == "ok"
    assert check(report, "files.case") == "ok"
    assert check(report, "platform.memory") == "ok"


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_git_file_is_no_checkout(kind: str, world: World) -> None:
    HOSTILE[kind](world.directory / ".git")
    report = run(subject_of(world, AnsweringEngine))
    assert check(report, "git.version-files") == "ok"
    assert check(report, "files.collisions") == "ok"


@pytest.mark.parametrize("kind", ["binary", "nul", "not-utf8", "long-line", "huge", "fifo", "folder"])
def test_an_index_that_nobody_can_read_is_unknown_not_ok(kind: str, world: World) -> None:
    world.file("proj/.git/HEAD", "ref: refs/heads/main\n")
    HOSTILE[kind](world.directory / ".git/index")
    report = run(subject_of(world, AnsweringEngine))
    assert {check(report, id) for id in ("git.version-files", "git.submodules", "git.lfs", "files.names")} == {
        "unknown"
    }
    reason = next(one.reason for one in report.checks if one.id == "git.lfs")
    assert "index" in (reason or "")


def loaded(world: World, *index: str) -> Path:
    """A checkout in which everything that git could run leaves a canary."""
    folder = world.directory
    git(folder, "init", "-q", "-b", "main", "--template=", ".")
    world.file("proj/README", "x")
    git(folder, "add", "README")
    git(folder, "update-index", *index)
    canary = world.program("proj/canary.sh", f"touch {world.root}/canary")
    for name, value in (
        ("core.fsmonitor", str(canary)), ("core.hooksPath", str(folder)), ("core.pager", str(canary)),
        ("core.sshCommand", str(canary)), ("credential.helper", str(canary)), ("diff.external", str(canary)),
        ("filter.lfs.smudge", str(canary)), ("filter.lfs.clean", str(canary)), ("filter.lfs.process", str(canary)),
        ("alias.ls-files", f"!{canary}"), ("gpg.program", str(canary)), ("core.editor", str(canary)),
    ):  # fmt: skip
        git(folder, "config", name, value)
    world.file("proj/.gitattributes", "* filter=lfs\n")
    for hook in ("post-index-change", "fsmonitor-watchman", "query-watchman"):
        shutil.copy(canary, folder / hook)
    return folder


def test_nothing_that_git_could_run_for_a_repository_is_run(world: World) -> None:
    loaded(world)  # `.python-version` is not tracked, so git is asked whether it is ignored
    report = run(subject_of(world, AnsweringEngine))
    assert "git.version-files.python-version" in [one.id for one in report.findings]
    assert not (world.root / "canary").exists()


def test_git_is_asked_where_only_it_can_read_the_index_and_runs_nothing_either(world: World) -> None:
    loaded(world, "--split-index")
    report = run(subject_of(world, AnsweringEngine))
    assert check(report, "git.lfs") == "ok"
    assert not (world.root / "canary").exists()


def test_git_of_the_repository_is_not_run(world: World) -> None:
    loaded(world)
    world.program("proj/bin/git", f"touch {world.root}/canary")
    world.path = ["${ROOT}/proj/bin"]
    run(subject_of(world, AnsweringEngine))
    assert not (world.root / "canary").exists()


def test_a_git_that_hangs_costs_its_deadline(world: World) -> None:
    folder = loaded(world)
    os.mkfifo(world.root / "pipe")
    git(folder, "config", "core.excludesFile", str(world.root / "pipe"))
    started = time.monotonic()
    report = run(subject_of(world, AnsweringEngine))
    assert time.monotonic() - started < 10
    assert "git.version-files.python-version" in [one.id for one in report.findings]


def test_a_checkout_of_another_owner_is_read_and_named(world: World) -> None:
    folder = loaded(world)
    if os.getuid() != 0:
        pytest.skip("only root can give folders away")
    os.chown(folder, 12345, 12345)
    try:
        report = run(subject_of(world, AnsweringEngine))
        assert "git.owner" in [one.id for one in report.findings]
        world.file("home/.gitconfig", f"[safe]\n\tdirectory = {folder}\n")
        assert "git.owner" not in [one.id for one in run(subject_of(world, AnsweringEngine)).findings]
    finally:
        os.chown(folder, 0, 0)


def test_a_name_that_would_run_something_is_quoted_in_the_hint(world: World) -> None:
    folder = world.directory
    git(folder, "init", "-q", "-b", "main", "--template=", ".")
    evil = "$(touch canary) `id`.sh"
    world.file(f"proj/{evil}", b"#!/bin/sh\r\n")
    git(folder, "add", ".")
    (finding,) = [one for one in run(subject_of(world, AnsweringEngine)).findings if one.check == "files.line-endings"]
    command = (finding.hint or "").partition("`")[2].rpartition("`, and")[0]
    subprocess.run(["sh", "-c", command], cwd=folder, timeout=20, check=True)
    assert (folder / evil).read_bytes() == b"#!/bin/sh\n"
    assert not (folder / "canary").exists()
