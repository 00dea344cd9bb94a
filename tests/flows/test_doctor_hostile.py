"""Hostile repositories: each bad file costs at most a finding, and nothing of the repository is ever run."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from devbox.core.findings import DoctorReport
from devbox.flows.doctor import run
from tests.flows.doctor_subject import AnsweringEngine, subject_of
from tests.flows.toolchain_world import World

VERSION_FILES = (
    ".python-version",
    ".nvmrc",
    "mise.toml",
    ".tool-versions",
    "devbox.toml",
    "Dockerfile",
    ".miserc.toml",
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.system("python", "3.12.4")
    made.system("node", "20.1.0")
    made.pyenv("3.12.4")
    made.nvm("v20.1.0")
    made.mise("node", "20.1.0")
    return made


def bind_socket(path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(path.parent)  # the address of a socket may not be long
    try:
        listener.bind(path.name)
    finally:
        os.chdir(here)
        listener.close()


HOSTILE: dict[str, Callable[[Path], object]] = {
    "fifo": os.mkfifo,
    "socket": bind_socket,
    "folder": lambda path: path.mkdir(),
    "link-loop": lambda path: path.symlink_to(path.name),
    "link-outside": lambda path: path.symlink_to("/etc/hostname"),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "huge": lambda path: path.write_bytes(b"x" * (2 << 20)),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 40),
    "nul": lambda path: path.write_bytes(b"\0" * 1000),
    "not-utf8": lambda path: path.write_bytes(b"\xff\xfe3.11\n"),
    "deep": lambda path: path.write_bytes(b"a = " + b"[" * 100_000),
    "empty": lambda path: path.write_bytes(b""),
    "escape": lambda path: path.write_bytes(b"\x1b]0;pwned\x07\x1b[2J3.11\n"),
    "long-line": lambda path: path.write_bytes(b"9" * 500_000),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_one_hostile_file_of_each_name_leaves_the_rest_of_the_report_standing(kind: str, world: World) -> None:
    for name in VERSION_FILES:
        HOSTILE[kind](world.directory / name)
    report = run(subject_of(world, AnsweringEngine))
    assert next(check.status for check in report.checks if check.id == "platform.memory") == "ok"
    assert len(report.findings) <= 2 * len(VERSION_FILES)
    assert report.layers["hardware"] == "ok"


@pytest.mark.parametrize("kind", ["fifo", "link-loop", "link-outside", "device", "huge"])
def test_a_refused_version_file_is_named_and_its_content_unused(kind: str, world: World) -> None:
    HOSTILE[kind](world.directory / ".python-version")
    report = run(subject_of(world, AnsweringEngine))
    assert [(one.id, str(one.origin)) for one in report.findings if one.check == "project.files"] == [
        ("project.files", ".python-version")
    ]
    assert all("hostname" not in pin.raw for row in report.toolchains for pin in row.declared)


def test_an_unreadable_file_is_a_finding(world: World) -> None:
    if os.getuid() == 0:
        pytest.skip("root reads everything")
    world.file("proj/.python-version", "3.11\n").chmod(0)
    report = run(subject_of(world, AnsweringEngine))
    assert "project.files" in [one.id for one in report.findings]


def canary(world: World) -> str:
    return f"touch {world.root}/canary; echo 'Python 6.6.6'; echo v6.6.6"


def assert_nothing_ran(world: World, report: DoctorReport) -> None:
    assert not (world.root / "canary").exists()
    assert all("6.6.6" not in str(row.host_runs) for row in report.toolchains)


@pytest.mark.parametrize("folder", [".venv/bin", "node_modules/.bin", "bin", "."])
@pytest.mark.parametrize("entry", ["absolute", "relative"])
def test_programs_of_the_repository_on_path_are_not_run(folder: str, entry: str, world: World) -> None:
    for name in ("python", "python3", "node", "docker", "git", "uname"):
        world.program(f"proj/{folder}/{name}", canary(world))
    world.path.append(f"${{ROOT}}/proj/{folder}" if entry == "absolute" else folder)
    world.file("proj/.python-version", "system\n")
    world.file("proj/.nvmrc", "system\n")
    report = run(subject_of(world, AnsweringEngine))
    assert_nothing_ran(world, report)
    assert "toolchain.path" in [one.id for one in report.findings]
    (python,) = [row for row in report.toolchains if row.manager == "pyenv"]
    assert python.host_runs is None, "it comes first, so nothing else is claimed to run"


def test_an_empty_entry_of_path_is_the_working_directory_and_is_not_run(world: World) -> None:
    world.program("proj/python", canary(world))
    world.path.append("")
    world.file("proj/.python-version", "system\n")
    assert_nothing_ran(world, run(subject_of(world, AnsweringEngine)))


def test_shims_are_not_run(world: World) -> None:
    for place in (".pyenv/shims/python", ".local/share/mise/shims/node", ".asdf/shims/node", ".nodenv/shims/node"):
        world.program(f"home/{place}", canary(world))
        world.path.append(f"${{ROOT}}/home/{os.path.dirname(place)}")
    world.file("proj/.python-version", "system\n")
    world.file("proj/.nvmrc", "system\n")
    world.file("proj/.tool-versions", "nodejs 20.1.0\n")
    assert_nothing_ran(world, run(subject_of(world, AnsweringEngine)))


@pytest.mark.parametrize("trust", ["", "1"])
@pytest.mark.parametrize(
    "text",
    [
        "[tools]\nnode = \"{{ exec(command='touch ${ROOT}/canary') }}\"\n",
        "[tools]\nnode = \"\\u007b\\u007b exec(command='touch ${ROOT}/canary') }}\"\n",
        '[env]\nA = "{{ exec(command=\'touch ${ROOT}/canary\') }}"\n[tools]\nnode = "20"\n',
        "[env]\n_.source = './canary.sh'\n[tools]\nnode = \"20\"\n",
        (
            "[hooks]\nenter = 'touch ${ROOT}/canary'\n"
            "[tools]\nnode = { version = \"20\", postinstall = 'touch ${ROOT}/canary' }\n"
        ),
        '[tools]\nnode = "path:./evil"\n',
    ],
)
def test_templates_and_hooks_of_mise_are_not_evaluated(text: str, trust: str, world: World) -> None:
    world.env.update({"CI": trust} if trust else {})  # its mere presence makes mise trust everything
    world.file("proj/mise.toml", text)
    world.program("proj/canary.sh", canary(world))
    world.program("proj/evil/bin/node", canary(world))
    report = run(subject_of(world, AnsweringEngine))
    assert_nothing_ran(world, report)
    row = next(row for row in report.toolchains if row.manager == "mise")
    if not trust and "path:" not in text:
        assert row.error == "untrusted"
    if trust and 'node = "{{' in text:
        assert (row.satisfied, row.resolved) == (None, None)
        assert "{{" in row.declared[0].raw


def test_a_template_in_tool_versions_is_not_rendered(world: World) -> None:
    world.file("proj/.tool-versions", "node {{exec(command='touch${ROOT}/canary')}}\n")
    report = run(subject_of(world, AnsweringEngine))
    assert_nothing_ran(world, report)
    assert [row.error for row in report.toolchains if row.manager == "mise"] == ["untrusted"]


@pytest.mark.parametrize("word", ["../../../proj/evil", "..", "/etc", "a/../../../proj/evil", "lts/../../../proj/x"])
def test_a_version_is_never_a_path_out_of_the_managers_folder(word: str, world: World) -> None:
    world.program("proj/evil/bin/python", canary(world))
    world.program("proj/evil/bin/node", canary(world))
    world.file("proj/x", "v20.1.0\n")
    for name in (".python-version", ".nvmrc"):
        world.file(f"proj/{name}", f"{word}\n")
    world.file("proj/.tool-versions", f"node {word}\n")
    report = run(subject_of(world, AnsweringEngine))
    assert_nothing_ran(world, report)
    assert all(row.satisfied is not True for row in report.toolchains if row.declared)


def test_nothing_is_written_in_the_project(world: World) -> None:
    world.file("proj/.python-version", "3.11\n")
    world.file("proj/mise.toml", '[tools]\nnode = "20"\n')
    before = {path: path.stat().st_mtime_ns for path in world.root.rglob("*")}
    run(subject_of(world, AnsweringEngine))
    assert {path: path.stat().st_mtime_ns for path in world.root.rglob("*")} == before
