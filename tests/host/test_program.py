"""The version of a program: from its installation, else from itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.toolchain.selection import Program
from devbox.host.program import learn


def program(path: Path, says: str, stream: int = 1) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}' >&{stream}\ntouch {path}.ran\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("tool", "says", "stream", "version"),
    [
        ("python", "Python 3.11.7", 1, "3.11.7"),
        ("python", "Python 2.7.18", 2, "2.7.18"),
        ("node", "v20.1.0", 1, "20.1.0"),
        ("ruby", "ruby 3.2.2 (2023-03-30 revision e51014f9c0) [x86_64-linux]", 1, "3.2.2"),
        ("ruby", "ruby 1.9.3p551 (2014-11-13) [x86_64-linux]", 1, "1.9.3"),
        ("java", 'Picked up JAVA_TOOL_OPTIONS: -X\nopenjdk version "1.8.0_392"', 2, "1.8.0_392"),
        ("go", "go version go1.22.1 linux/amd64", 1, "1.22.1"),
        ("rust", "rustc 1.75.0 (82e1608df 2023-12-21)", 1, "1.75.0"),
        ("terraform", "Terraform v1.6.0", 1, "1.6.0"),
    ],
)
def test_each_tool_is_asked_in_its_own_words(tmp_path: Path, tool: str, says: str, stream: int, version: str) -> None:
    answer = learn(Program(tool, program(tmp_path / "a" / tool, says, stream)))
    assert answer.version == version
    assert str(tmp_path) in answer.evidence


@pytest.mark.parametrize(
    ("tool", "file", "content", "version"),
    [
        ("python", "include/python3.11/patchlevel.h", '#define PY_VERSION      \t"3.11.7"\n', "3.11.7"),
        (
            "node",
            "include/node/node_version.h",
            "#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 9\n#define NODE_PATCH_VERSION 0\n",
            "20.9.0",
        ),
        ("java", "release", 'IMPLEMENTOR="x"\nJAVA_VERSION="17.0.9"\n', "17.0.9"),
        ("go", "VERSION", "go1.22.1\ntime 2024-02-29\n", "1.22.1"),
    ],
)
def test_where_the_installation_tells_nothing_is_run(
    tmp_path: Path, tool: str, file: str, content: str, version: str
) -> None:
    path = program(tmp_path / "bin" / tool, "Python 9.9.9")
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(content)
    assert learn(Program(tool, path)).version == version
    assert not Path(f"{path}.ran").exists()


def test_a_folder_named_by_a_full_version_tells_it(tmp_path: Path) -> None:
    path = program(tmp_path / "3.11.7" / "bin" / "python", "Python 9.9.9")
    assert learn(Program("python", path, named="3.11.7")).version == "3.11.7"
    assert not Path(f"{path}.ran").exists()


def test_a_refused_program_is_never_run(tmp_path: Path) -> None:
    path = program(tmp_path / "a" / "python", "Python 3.11.7")
    answer = learn(Program("python", path, refused="inside the project"))
    assert (answer.version, answer.reason) == (None, "inside the project")
    assert not Path(f"{path}.ran").exists()


def test_a_program_that_says_something_else_is_unknown(tmp_path: Path) -> None:
    answer = learn(Program("python", program(tmp_path / "a" / "python", "hello")))
    assert answer.version is None
    assert "did not say a version" in (answer.reason or "")


def test_a_tool_nobody_knows_how_to_ask_is_not_run(tmp_path: Path) -> None:
    path = program(tmp_path / "a" / "frobnicate", "1.0")
    assert learn(Program("frobnicate", path)).version is None
    assert not Path(f"{path}.ran").exists()
