"""Machines and projects that nvm itself made with its own commands, step by step."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.findings import ToolchainRow
from tests.flows.toolchain_world import World
from tests.peers import ask, compare, machines
from tests.peers.machines import Installed


class Project:
    """A project on a machine that has some versions of nvm's, and its aliases for LTS lines."""

    def __init__(self, root: Path, nvm: Installed) -> None:
        self.nvm = nvm
        self.case = {
            "manager": "nvm", "cwd": "proj/deep", "env": {}, "files": {}, "root": "home/.nvm", "lts": True,
            "installed": ("v0.10.48", "v18.17.1", "v18.20.4", "v20.15.1", "iojs-v3.3.1"), "system": {"node": "19.0.0"},
        }
        self.world: World = ask.nvm_world(root, self.case, nvm)

    def does(self, command: str) -> None:
        """One command of nvm's, which must succeed."""
        script = f'export NVM_DIR="$HOME/.nvm"; . "$0" --no-use; {command}'
        machines.run(["bash", "-c", script, str(self.nvm.program)], self.world.environment(), self.world.directory)

    def node(self) -> ToolchainRow:
        """devbox's row of node, after both were found to say the same."""
        answer = ask.nvm(self.world, self.nvm.program, self.world.home / ".nvm")
        row = self.world.rows("nvm")["node"]
        assert not compare.nvm(self.world, self.case, answer)
        return row


@pytest.fixture
def project(tmp_path: Path, nvm: Installed) -> Project:
    """With five versions of node."""
    return Project(tmp_path, nvm)


@pytest.mark.parametrize(
    ("text", "version"),
    [("18", "18.20.4"), ("lts/iron", "20.15.1"), ("lts/hydrogen", "18.20.4"), ("0.10", "0.10.48"), ("node", "20.15.1")],
)
def test_a_file_above_the_folder_decides(project: Project, text: str, version: str) -> None:
    project.world.file("proj/.nvmrc", f"{text}\n")
    row = project.node()
    assert (row.resolved, row.host_runs, row.satisfied) == (version, version, True)


def test_an_lts_line_whose_version_is_not_installed_is_missing(project: Project) -> None:
    project.world.file("proj/.nvmrc", "lts/*\n")
    assert project.node().error == "missing", "the newest line of the mirror is 22.3.0, and it is not here"


def test_the_default_alias_that_nvm_wrote_runs_in_a_new_shell(project: Project) -> None:
    project.does("nvm alias default 18.17")
    assert project.node().host_runs == "18.17.1"


def test_an_alias_that_nvm_wrote_can_be_named_in_the_file(project: Project) -> None:
    project.does("nvm alias work lts/iron")
    project.world.file("proj/deep/.nvmrc", "work # ours\n")
    assert project.node().resolved == "20.15.1"


def test_a_version_that_nvm_uninstalled_is_missing(project: Project) -> None:
    project.world.file("proj/.nvmrc", "20\n")
    project.does("nvm uninstall 20.15.1")
    row = project.node()
    assert (row.error, row.satisfied) == ("missing", False)
