"""Who speaks for a file: the managers of this machine that read it, else its usual owner."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.flows.toolchains import select_all
from tests.flows.toolchain_world import World

FILES = {
    ".ruby-version": ("3.2.2\n", "rbenv", "ruby"),
    ".java-version": ("17\n", "jenv", "java"),
    ".sdkmanrc": ("java=17.0.9-tem\n", "sdkman", "java"),
    ".terraform-version": ("1.5.7\n", "tfenv", "terraform"),
    ".node-version": ("20.9.0\n", "nodenv", "node"),
    "package.json": ('{"volta": {"node": "20.9.0"}}', "volta", "node"),
    ".tool-versions": ("nodejs 20.9.0\n", "asdf", "node"),
    ".python-versions": ("3.11\n", "uv", "python"),
}


def speakers(made: World) -> set[tuple[str, str]]:
    return {(one.manager, one.tool) for one in select_all(made.machine())}


@pytest.mark.parametrize("name", FILES)
def test_without_any_manager_the_usual_owner_speaks(tmp_path: Path, name: str) -> None:
    text, owner, tool = FILES[name]
    made = World(tmp_path)
    assert speakers(made) == set()
    made.file(f"proj/{name}", text)
    assert speakers(made) == {(owner, tool)}


def test_a_manager_that_is_here_speaks_in_the_owners_place(tmp_path: Path) -> None:
    made = World(tmp_path)
    (made.home / ".local/share/fnm").mkdir(parents=True)
    made.file("proj/.node-version", "20.9.0\n")
    assert speakers(made) == {("fnm", "node")}
    made.nodenv("20.9.0")
    assert speakers(made) == {("fnm", "node"), ("nodenv", "node")}


def test_two_managers_that_read_one_file_each_speak(tmp_path: Path) -> None:
    made = World(tmp_path)
    made.file("proj/.tool-versions", "nodejs 20.9.0\n")
    made.mise("node", "20.9.0")
    assert speakers(made) == {("mise", "node")}
    made.asdf("nodejs", "20.9.0")
    assert speakers(made) == {("mise", "node"), ("asdf", "node")}


NAMES = [*FILES, ".python-version", ".nvmrc", ".jenv-version", ".asdfrc", "main.tf"]


def hostile(kind: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    contents = {
        "dots": b"../../../etc/passwd\n",
        "nul": b"\0" * 4096,
        "binary": bytes(range(256)) * 40,
        "huge": b"1" * (2 << 20),
        "long line": b"9." * 200_000,
        "many lines": b"nodejs 1 2 3\n" * 20_000,
        "deep": b'{"volta":' * 5000,
        "extends": b'{"volta":{"extends":"/dev/zero"},"engines":{"node":"' + b"(a+)+" * 300 + b'"}}',
        "latest": b"latest:" + b"\\(a*\\)*" * 50,
        "words": b"min-required latest lts/* system path: ref: -rf $(x) `x`\n",
    }
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "loop":
        path.symlink_to(path.name)
    else:
        path.write_bytes(contents[kind])


KINDS = [
    "fifo", "folder", "link", "loop", "dots", "nul", "binary", "huge", "long line", "many lines", "deep", "extends",
    "latest", "words",
]


@pytest.mark.parametrize("present", [True, False], ids=["managers", "no-managers"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_file_makes_a_reader_fail_or_look_outside(tmp_path: Path, kind: str, present: bool) -> None:
    made = World(tmp_path)
    if present:
        made.asdf("nodejs", "20.9.0")
        made.program("home/.asdf/plugins/nodejs/bin/list-legacy-filenames", "echo .nvmrc")
        for manager in ("rbenv", "nodenv", "jenv", "tfenv", "pyenv", "nvm"):
            getattr(made, manager)("1.2.3" if manager != "nvm" else "v1.2.3")
        for folder in (".volta", ".sdkman", ".local/share/fnm", ".local/share/uv"):
            (made.home / folder).mkdir(parents=True)
        made.env["TFENV_AUTO_INSTALL"] = "false"
    for name in NAMES:
        hostile(kind, tmp_path / "proj" / name)
    selections = select_all(made.machine())
    for one in selections:
        for program in one.programs():
            assert program.refused or program.path.startswith(str(tmp_path))
        assert all(not pin.raw.startswith("root:") for pin in one.declared)
