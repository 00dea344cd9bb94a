"""A user's own default is no source of the team's: it selects what runs, and contradicts nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.checks import Wanted
from devbox.core.findings import DoctorReport
from devbox.flows.doctor import run
from devbox.project.pins.files import is_personal
from tests.flows.doctor_subject import subject_of
from tests.flows.toolchain_world import World

ONLY = Wanted(only=("toolchain",))


def node_world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.system("node", "18.1.0")
    made.file("proj/package.json", '{"engines": {"node": ">=22"}}')
    return made


def examined(made: World) -> DoctorReport:
    return run(subject_of(made), ONLY)


def test_a_global_version_is_no_conflict_and_what_runs_is_still_compared(tmp_path: Path) -> None:
    made = World(tmp_path)
    made.pyenv("3.10.1")
    made.path.append("${ROOT}/home/.pyenv/versions/3.10.1/bin")
    made.file("home/.pyenv/version", "3.10.1\n")
    made.file("proj/pyproject.toml", '[project]\nname = "x"\nrequires-python = ">=3.12"\n')
    report = examined(made)
    assert report.conflicts == ()
    errors = [(one.id, one.origin.path if one.origin else "") for one in report.findings if one.severity == "error"]
    assert errors == [("toolchain.python.mismatch", "pyproject.toml")]
    assert {row.manager: row.satisfied for row in report.toolchains} == {"pyenv": True, "pyproject": False}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("home/.nvm/alias/default", "18.1.0\n"),
        ("home/.nodenv/version", "18.1.0\n"),
        ("home/.config/mise/config.toml", '[tools]\nnode = "18.1.0"\n'),
        ("home/.tool-versions", "nodejs 18.1.0\n"),
        ("home/.volta/tools/user/platform.json", '{"node": {"runtime": "18.1.0", "npm": null}}'),
    ],
)
def test_no_managers_default_contradicts_a_project_file(tmp_path: Path, path: str, text: str) -> None:
    made = node_world(tmp_path)
    made.nvm("v18.1.0")
    made.nodenv("18.1.0")
    made.mise("node", "18.1.0")
    made.asdf("nodejs", "18.1.0")
    made.file(path, text)
    assert examined(made).conflicts == ()


def test_a_file_on_the_way_up_and_a_variable_do_contradict(tmp_path: Path) -> None:
    made = node_world(tmp_path)
    made.file(".tool-versions", "nodejs 18.1.0\n")
    assert len(examined(made).conflicts) == 1
    (made.root / ".tool-versions").unlink()
    made.nodenv("18.1.0")
    made.env["NODENV_VERSION"] = "18.1.0"
    assert [one.sources[0].path for one in examined(made).conflicts] == ["env:NODENV_VERSION"]


@pytest.mark.parametrize(
    ("path", "personal"),
    [
        (".nvmrc", False), ("env:PYENV_VERSION", False), ("/home/u/.tool-versions", False),
        ("/home/u/.pyenv/version", True), ("/home/u/.config/mise/config.toml", True), ("/etc/mise/config.toml", True),
        ("/home/u/team/.config/mise/config.toml", False), ("/home/u/team/.mise/config.toml", False),
        ("/home/u/other/.nvmrc", True),
    ],
)  # fmt: skip
def test_whose_file_it_is(path: str, personal: bool) -> None:
    assert is_personal(path, "/home/u/team/app", "/home/u") is personal
