"""One clean project; one fault planted at a time; exactly that fault found, and nothing in the clean project.

A row is a fault and the id of the one finding that it must make. What is said of this machine's own hardware and system
is taken out by looking at an empty folder first.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devbox.core.findings import DoctorReport
from devbox.flows.doctor import run
from tests.flows.doctor_subject import AnsweringEngine, subject_of
from tests.flows.toolchain_world import World

GIT = shutil.which("git")
FILES = {
    ".gitattributes": "* text=auto\n*.bin filter=lfs diff=lfs merge=lfs -text\n",
    ".gitignore": ".env\n",
    ".python-version": "3.12\n",
    ".env.example": "DATABASE_URL=postgres://db/app\nDEBUG=\n",
    "compose.yaml": (
        'services:\n  app:\n    image: "debian:bookworm@${DIGEST:-none}"\n    environment: [URL=$DATABASE_URL]\n'
    ),
    "devbox.toml": '[box]\nimage = "debian:bookworm"\nmounts = [".:/app"]\n',
    "src/app.py": "import random\nprint(random.random())\n",
    "data.bin": "real content\n" * 20,
}


def git(folder: Path, *words: str) -> str:
    """git as a developer runs it, without the developer's own settings."""
    assert GIT, "git is needed for these tests"
    env = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
    }  # fmt: skip
    done = subprocess.run([GIT, "-C", str(folder), "-c", "core.attributesFile=/dev/null", "-c", "filter.lfs.clean=cat",
                           "-c", "protocol.file.allow=always", *words],
                          env=env, capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clean project, committed once."""
    world = World(tmp_path_factory.mktemp("seeded"))
    for name, content in FILES.items():
        world.file(f"proj/{name}", content)
    world.program("proj/entrypoint.sh", "exec sleep infinity")
    folder = world.root / "proj"
    git(folder, "init", "-q", "-b", "main", "--template=", ".")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "all of it")
    return folder


@pytest.fixture
def world(template: Path, tmp_path: Path) -> World:
    """A machine of its own with a copy of the clean project."""
    made = World(tmp_path)
    made.system("python", "3.12.4")
    made.link("ordinary/git", GIT or "")
    made.env["TZ"] = "UTC"
    shutil.copytree(template, made.root / "proj", symlinks=True, dirs_exist_ok=True)
    made.file("proj/.env", "DATABASE_URL=postgres://db/app\nDEBUG=1\n").chmod(0o600)
    return made


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What is found in an empty folder: this machine's own."""
    world = World(tmp_path_factory.mktemp("empty"))
    return set(serious(run(subject_of(world, AnsweringEngine)), set()))


def serious(report: DoctorReport, machine: set[str]) -> list[str]:
    return [one.id for one in report.findings if one.severity != "info" and one.id not in machine]


def every(report: DoctorReport, machine: set[str]) -> list[str]:
    return [one.id for one in report.findings if one.id not in machine]


def proj(world: World) -> Path:
    return world.root / "proj"


def write(path: str, content: str | bytes) -> Callable[[World], object]:
    """A file that nobody has added to git."""
    return lambda world: world.file(f"proj/{path}", content)


def add(path: str, content: str | bytes, mode: int = 0o644) -> Callable[[World], object]:
    """A file that git tracks."""

    def plant(world: World) -> None:
        world.file(f"proj/{path}", content).chmod(mode)
        git(proj(world), "add", "-f", path)

    return plant


def setting(name: str, value: str) -> Callable[[World], object]:
    """A variable of the caller's."""
    return lambda world: world.env.__setitem__(name, value)


def config(name: str, value: str) -> Callable[[World], object]:
    """A setting of the checkout's git."""
    return lambda world: git(proj(world), "config", name, value)


def ignored_version_file(world: World) -> None:
    git(proj(world), "rm", "-q", "--cached", ".python-version")
    world.file("proj/.gitignore", ".env\n.python-version\n")


def empty_submodule(world: World) -> None:
    head = git(proj(world), "rev-parse", "HEAD").strip()
    git(proj(world), "update-index", "--add", "--cacheinfo", f"160000,{head},vendored")


def lost_worktree(world: World) -> None:
    shutil.rmtree(proj(world) / ".git")
    world.file("proj/.git", "gitdir: /nowhere/main/.git/worktrees/proj\n")


def foreign_tool_folder(world: World) -> None:
    (world.root / "open").mkdir()
    (world.root / "open").chmod(0o777)
    world.path.append("${ROOT}/open")


def shared_packages(world: World) -> None:
    world.file("proj/devbox.toml", '[box]\ndockerfile = "Dockerfile"\nmounts = [".:/app"]\n')
    world.file("proj/Dockerfile", "FROM node:22-alpine\nUSER node\n")
    (proj(world) / "node_modules/x").mkdir(parents=True)


FAULTS: dict[str, tuple[Callable[[World], object], str]] = {
    "a version file that .gitignore hides": (ignored_version_file, "git.version-files.python-version"),
    "a version file that was never added": (
        lambda world: git(proj(world), "rm", "-q", "--cached", ".python-version"), "git.version-files.python-version",
    ),
    "a submodule that is not checked out": (empty_submodule, "git.submodules"),
    "an LFS pointer instead of the file": (
        add("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"),
        "git.lfs",
    ),
    "a worktree without its repository": (lost_worktree, "git.worktree"),
    "core.autocrlf in the checkout": (config("core.autocrlf", "true"), "git.autocrlf"),
    "core.autocrlf of the user": (
        lambda world: world.file("home/.gitconfig", "[core]\n\tautocrlf = true\n"), "git.autocrlf",
    ),
    "CRLF in a script": (add("run.sh", b"#!/bin/sh\r\necho hi\r\n", 0o755), "files.line-endings"),
    "CRLF in a Dockerfile": (add("Dockerfile.dev", b"FROM debian:bookworm\r\nUSER nobody\r\n"), "files.line-endings"),
    "a byte order mark in a script": (add("run.sh", b"\xef\xbb\xbf#!/bin/sh\n", 0o755), "files.bom"),
    "an entrypoint that lost its bit": (
        lambda world: (proj(world) / "entrypoint.sh").chmod(0o644), "files.executable",
    ),
    "two names that differ in case": (add("src/App.py", "x = 1\n"), "files.collisions"),
    "a module named like the standard library's": (add("random.py", "x = 1\n"), "env.shadowing.random"),
    "a package named like the standard library's": (add("queue/__init__.py", ""), "env.shadowing.queue"),
    "no .env": (lambda world: (proj(world) / ".env").unlink(), "env.example"),
    "a name that .env lacks": (write(".env", "DATABASE_URL=x\n"), "env.example.DEBUG"),
    "a line of .env that is none": (write(".env", "DATABASE_URL=x\nDEBUG=1\nwhat is this\n"), "env.example.syntax"),
    ".env in git": (lambda world: git(proj(world), "add", "-f", ".env"), "env.exposed.tracked"),
    "a compose variable that nobody sets": (
        add("compose.yaml", FILES["compose.yaml"] + "    user: ${RUN_AS}\n"), "env.interpolation.RUN_AS",
    ),
    "a compose variable that compose insists on": (
        add("compose.yaml", FILES["compose.yaml"] + '    user: "${RUN_AS:?say who}"\n'), "env.interpolation.RUN_AS",
    ),
    "a folder of PATH that anybody may write": (foreign_tool_folder, "env.path.writable"),
    "a library in every program": (setting("LD_PRELOAD", "/usr/lib/x.so"), "env.variables.LD_PRELOAD"),
    "another standard library for Python": (setting("PYTHONHOME", "/opt/python"), "env.variables.PYTHONHOME"),
    "a time zone that does not exist": (setting("TZ", "Europe/Berln"), "platform.timezone"),
    "a C project without a compiler": (
        lambda world: (write("CMakeLists.txt", "project(x)\n")(world), without_box(world)), "system.compiler.c",
    ),
    "packages shared with another C library": (shared_packages, "system.native"),
    "two settings that name an engine": (
        lambda world: world.env.update(DOCKER_HOST="unix:///x", DOCKER_CONTEXT="there"), "engine.context",
    ),
}  # fmt: skip
"""What is wrong → how it is planted, and the finding."""


def without_box(world: World) -> None:
    for name in ("devbox.toml", "compose.yaml"):
        git(proj(world), "rm", "-q", "-f", name)
    world.program("ordinary/cmake", "echo cmake version 3.25.1")


def test_a_clean_project_has_no_errors_and_no_warnings(world: World, machine: set[str]) -> None:
    report = run(subject_of(world, AnsweringEngine))
    assert every(report, machine) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_finding(fault: str, world: World, machine: set[str]) -> None:
    plant, id = FAULTS[fault]
    plant(world)
    assert serious(run(subject_of(world, AnsweringEngine)), machine) == [id]


def test_a_folder_below_somebody_elses_checkout_is_no_part_of_it(world: World, machine: set[str]) -> None:
    shutil.rmtree(proj(world) / ".git")
    world.file("dotfiles", "x")
    git(world.root, "init", "-q", "--template=", ".")
    git(world.root, "add", "dotfiles")
    assert serious(run(subject_of(world, AnsweringEngine)), machine) == []


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_one_finding_that_names_its_holder(world: World, machine: set[str], taken_port: int) -> None:
    world.file("proj/devbox.toml", f'{FILES["devbox.toml"]}ports = ["{taken_port}:8000"]\n')
    report = run(subject_of(world, AnsweringEngine))
    assert serious(report, machine) == [f"ports.{taken_port}"]
    (finding,) = [one for one in report.findings if one.check == "ports"]
    assert f"pid {os.getpid()}" in finding.message
    assert str(finding.origin) == "devbox.toml:4"


@pytest.mark.parametrize("fault", [".env in git", "a name that .env lacks", "a line of .env that is none"])
def test_values_of_settings_are_never_told(fault: str, world: World) -> None:
    FAULTS[fault][0](world)
    world.file("proj/.env.example", "DATABASE_URL=sesame\nDEBUG=sesame\nMORE=sesame\n")
    with (proj(world) / ".env").open("a") as file:
        file.write("API_TOKEN=sesame\nsesame is no line\n")
    assert "sesame" not in str(run(subject_of(world, AnsweringEngine)))
