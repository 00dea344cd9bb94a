"""Files of every source, as hostile as a repository can make them: each costs its own row at most, and nothing runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devbox.flows.toolchains import MANAGERS
from tests.flows.toolchain_world import World

SOURCES = {
    "go.mod": "go", "go.work": "go", "rust-toolchain": "rustup", "rust-toolchain.toml": "rustup",
    "global.json": "dotnet", "package.json": "package.json", "pyproject.toml": "pyproject",
    ".devcontainer/devcontainer.json": "devcontainer", ".devcontainer.json": "devcontainer",
    ".github/workflows/ci.yml": "github-actions",
}


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def huge(path: Path) -> None:
    path.write_bytes(b"setup-node " * 200_000)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def outside(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def not_utf8(path: Path) -> None:
    path.write_bytes(b"\xff\xfe setup- \x00\xd8")


def nul(path: Path) -> None:
    path.write_bytes(b"\x00" * 1000 + b"setup-")


def deep(path: Path) -> None:
    path.write_bytes(b"setup-: " + b"[{" * 100_000)


def open_comments(path: Path) -> None:
    path.write_bytes(b"{" + b"/*" * 300_000)


def digits(path: Path) -> None:
    path.write_bytes(b'{"sdk": ' + b"9" * 900_000 + b"} # setup-")


def nested_quotes(path: Path) -> None:
    path.write_bytes(b'setup- "' + b'\\"' * 300_000)


KINDS = (fifo, folder, huge, loop, outside, device, not_utf8, nul, deep, open_comments, digits, nested_quotes)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", SOURCES)
def test_a_hostile_file_costs_little_and_breaks_nothing(
    name: str, kind: Callable[[Path], None], tmp_path: Path
) -> None:
    world = World(tmp_path)
    (world.home / ".rustup").mkdir()
    path = world.directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    kind(path)
    started = time.monotonic()
    rows = world.rows(SOURCES[name])
    assert time.monotonic() - started < 5
    assert {row.error for row in rows.values()} <= {None, "malformed", "missing", "missing-file", "refused"}


@pytest.mark.parametrize("name", ["go.mod", "global.json", "package.json", "pyproject.toml"])
def test_a_refused_file_becomes_a_finding_of_its_own(name: str, tmp_path: Path) -> None:
    world = World(tmp_path)
    outside(world.directory / name)
    machine = world.machine()
    MANAGERS[SOURCES[name]](machine)
    assert {path: one.reason for path, one in machine.files.refused.items()} == {name: "outside"}


def test_an_alias_bomb_in_a_workflow_is_one_row(tmp_path: Path) -> None:
    world = World(tmp_path)
    lines = ["x0: &x0 [setup-, a, a, a, a, a, a, a]"]
    lines += [f"x{n + 1}: &x{n + 1} [{', '.join([f'*x{n}'] * 9)}]" for n in range(40)]
    world.file("proj/.github/workflows/ci.yml", "\n".join(lines))
    assert world.rows("github-actions")["workflow"].error == "malformed"


def test_a_wide_matrix_is_bounded(tmp_path: Path) -> None:
    world = World(tmp_path)
    values = ", ".join(str(number) for number in range(5000))
    step = "{uses: actions/setup-node@v4, with: {node-version: '${{ matrix.v }}'}}"
    world.file(
        "proj/.github/workflows/ci.yml", f"jobs: {{a: {{strategy: {{matrix: {{v: [{values}]}}}}, steps: [{step}]}}}}"
    )
    assert len(world.rows("github-actions")["node"].declared) == 256


@pytest.mark.parametrize(
    "word", ["../../../etc", "a/../../x", "\\x00", "-rf", "${HOME}", "$(touch canary)", "`touch canary`"]
)
def test_words_are_never_paths_or_commands(word: str, tmp_path: Path) -> None:
    world = World(tmp_path)
    world.system("go", "1.24.4")
    (world.home / ".rustup/toolchains").mkdir(parents=True)
    (world.home / ".cache/node/corepack/v1").mkdir(parents=True)
    world.file("proj/go.mod", f"module x\n\ngo 1.25\ntoolchain go1.99-{word}\n")
    world.file("proj/rust-toolchain", f"{word}\n")
    plain = word.replace("\\x", "x")
    world.file("proj/package.json", f'{{"packageManager": "pnpm@{plain}", "engines": {{"node": "{plain}"}}}}')
    world.file("proj/global.json", f'{{"sdk": {{"version": "{plain}"}}}}')
    for manager in ("go", "rustup", "corepack", "package.json", "dotnet"):
        assert all(row.satisfied is not True for row in world.rows(manager).values())
    assert not list(world.root.rglob("canary"))
