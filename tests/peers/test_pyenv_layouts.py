"""Machines and projects that pyenv itself made with its own commands, step by step."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.findings import ToolchainRow
from tests.flows.toolchain_world import World
from tests.peers import ask, compare, machines
from tests.peers.machines import Installed


class Project:
    """A project on a machine that has some versions of pyenv's."""

    def __init__(self, root: Path, pyenv: Installed) -> None:
        self.pyenv = pyenv
        self.case = {
            "manager": "pyenv", "cwd": "proj/deep", "env": {}, "files": {}, "root": "home/.pyenv", "commands": [],
            "installed": ("3.9.18", "3.11.4", "3.11.7", "3.12.1"), "system": {"python": "3.8.10"},
        }
        self.world: World = ask.pyenv_world(root, self.case, pyenv)

    def does(self, *words: str, where: str = "proj") -> None:
        """One command of pyenv's, which must succeed."""
        machines.run([str(self.pyenv.program), *words], self.world.environment(), self.world.root / where)

    def python(self) -> ToolchainRow:
        """devbox's row of python, after both were found to say the same."""
        answer = ask.pyenv(self.world, self.pyenv.program, self.world.home / ".pyenv/shims")
        assert "shim" in answer, "pyenv made shims"
        row = self.world.rows("pyenv")["python"]
        assert not compare.pyenv(self.world, self.case, answer)
        return row


@pytest.fixture
def project(tmp_path: Path, pyenv: Installed) -> Project:
    """With four versions of python."""
    return Project(tmp_path, pyenv)


def test_what_pyenv_local_wrote_counts_below_its_folder(project: Project) -> None:
    project.does("local", "3.11")
    row = project.python()
    assert (row.resolved, row.host_runs, row.satisfied) == ("3.11.7", "3.11.7", True)
    assert [pin.path for pin in row.declared] == [str(project.world.root / "proj/.python-version")]


def test_the_nearest_file_wins_and_the_global_one_is_last(project: Project) -> None:
    project.does("global", "3.9.18")
    assert project.python().resolved == "3.9.18"
    project.does("local", "3.12")
    assert project.python().resolved == "3.12.1"
    project.does("local", "3.11.4", where="proj/deep")
    assert project.python().resolved == "3.11.4"


def test_several_local_versions_are_all_selected_and_the_first_runs(project: Project) -> None:
    project.does("local", "3.12.1", "3.9.18")
    row = project.python()
    assert (row.resolved_all, row.host_runs) == (("3.12.1", "3.9.18"), "3.12.1")


def test_a_version_that_pyenv_uninstalled_is_missing_and_the_system_runs(project: Project) -> None:
    project.does("local", "3.12.1")
    project.does("uninstall", "--force", "3.12.1")
    row = project.python()
    assert (row.error, row.host_runs, row.satisfied) == ("missing", "3.8.10", False)


def test_pyenv_local_unset_leaves_the_choice_to_the_global_file(project: Project) -> None:
    project.does("global", "3.9.18")
    project.does("local", "3.12.1")
    project.does("local", "--unset")
    assert project.python().resolved == "3.9.18"
