"""What answers on PATH, with the project fenced off."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.host.path import Boundary, SearchPath


def program(path: Path, text: str = "#!/bin/sh\necho Python 3.11.7\n", mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def search(tmp_path: Path, *entries: str, **env: str) -> SearchPath:
    (tmp_path / "proj").mkdir(exist_ok=True)
    boundary = Boundary((str((tmp_path / "proj").resolve()),), os.getuid())
    words = {"PATH": ":".join(entries), **env}
    return SearchPath(words, str(tmp_path / "home"), str(tmp_path / "proj"), boundary)


def test_the_first_program_of_path_answers(tmp_path: Path) -> None:
    first, second = program(tmp_path / "a" / "python"), program(tmp_path / "b" / "python")
    found = search(tmp_path, str(first.parent), str(second.parent)).find("python", ("python",))
    assert found is not None
    assert (found.path, found.refused) == (str(first), None)


def test_python3_answers_only_where_there_is_no_python(tmp_path: Path) -> None:
    program(tmp_path / "a" / "python3")
    other = program(tmp_path / "b" / "python")
    path = search(tmp_path, str(tmp_path / "a"), str(tmp_path / "b"))
    assert getattr(path.find("python", ("python", "python3")), "path", None) == str(other)


@pytest.mark.parametrize("entry", ["${proj}/.venv/bin", "", ".", "bin", "${link}"])
def test_a_program_of_the_project_is_seen_and_refused(tmp_path: Path, entry: str) -> None:
    for folder in (".venv/bin", "bin", "."):
        program(tmp_path / "proj" / folder / "python")
    (tmp_path / "link").symlink_to(tmp_path / "proj" / "bin")
    word = entry.replace("${proj}", str(tmp_path / "proj")).replace("${link}", str(tmp_path / "link"))
    found = search(tmp_path, word, str(tmp_path / "nowhere")).find("python", ("python",))
    assert found is not None
    assert found.refused


def test_a_link_from_outside_into_the_project_is_refused(tmp_path: Path) -> None:
    inside = program(tmp_path / "proj" / "tool")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "python").symlink_to(inside)
    found = search(tmp_path, str(tmp_path / "a")).find("python", ("python",))
    assert found is not None
    assert found.refused == "inside the project"


def test_a_shim_is_known_by_its_folder(tmp_path: Path) -> None:
    shim = program(tmp_path / "home" / ".pyenv" / "shims" / "python")
    found = search(tmp_path, str(shim.parent)).find("python", ("python",))
    assert found is not None
    assert found.shim_of == "pyenv"
    moved = program(tmp_path / "elsewhere" / "shims" / "node")
    found = search(tmp_path, str(moved.parent), NODENV_ROOT=str(tmp_path / "elsewhere")).find("node", ("node",))
    assert found is not None
    assert found.shim_of == "nodenv"


def test_a_shim_is_known_by_its_content_and_by_what_it_links_to(tmp_path: Path) -> None:
    program(tmp_path / "a" / "python", '#!/usr/bin/env bash\nexec "/opt/pyenv/libexec/pyenv" exec "$0" "$@"\n')
    found = search(tmp_path, str(tmp_path / "a")).find("python", ("python",))
    assert found is not None
    assert found.shim_of == "pyenv"
    program(tmp_path / "opt" / "mise", "binary")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "node").symlink_to(tmp_path / "opt" / "mise")
    found = search(tmp_path, str(tmp_path / "b")).find("node", ("node",))
    assert found is not None
    assert found.shim_of == "mise"


def test_what_anybody_may_write_is_not_run(tmp_path: Path) -> None:
    program(tmp_path / "a" / "python", mode=0o757)
    found = search(tmp_path, str(tmp_path / "a")).find("python", ("python",))
    assert found is not None
    assert found.refused == "anybody may write it"


def test_folders_and_files_without_the_bit_are_no_programs(tmp_path: Path) -> None:
    (tmp_path / "a" / "python").mkdir(parents=True)
    program(tmp_path / "b" / "python", mode=0o644)
    assert search(tmp_path, str(tmp_path / "a"), str(tmp_path / "b")).find("python", ("python",)) is None


def test_an_asdf_shim_is_known_however_many_versions_it_lists(tmp_path: Path) -> None:
    lines = "".join(f"# asdf-plugin: nodejs 20.{number}.0\n" for number in range(100))
    program(tmp_path / "a" / "node", f'#!/usr/bin/env bash\n{lines}exec asdf exec "node" "$@"')
    found = search(tmp_path, str(tmp_path / "a")).find("node", ("node",))
    assert found is not None
    assert found.shim_of == "asdf"


def test_tfenvs_terraform_is_known_wherever_tfenv_was_put(tmp_path: Path) -> None:
    program(tmp_path / "opt" / "bin" / "terraform")
    program(tmp_path / "opt" / "libexec" / "tfenv-exec")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "terraform").symlink_to(tmp_path / "opt" / "bin" / "terraform")
    found = search(tmp_path, str(tmp_path / "a")).find("terraform", ("terraform",))
    assert found is not None
    assert found.shim_of == "tfenv"


def test_all_programs_come_folder_by_folder(tmp_path: Path) -> None:
    for name in ("a/python", "a/python3", "b/python3"):
        program(tmp_path / name)
    found = search(tmp_path, str(tmp_path / "a"), str(tmp_path / "b")).find_all("python", ("python3", "python"))
    assert [one.path.removeprefix(f"{tmp_path}/") for one in found] == ["a/python3", "a/python", "b/python3"]
