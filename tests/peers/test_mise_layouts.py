"""Machines and projects that mise itself made with its own commands, step by step."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.findings import ToolchainRow
from tests.peers import ask, compare, machines
from tests.peers.machines import Installed


class Project:
    """A project on a machine that has some node versions of mise's."""

    def __init__(self, root: Path, mise: Installed, mirror: str, *versions: str) -> None:
        self.mise, self.mirror = mise, mirror
        self.case = {
            "manager": "mise", "cwd": "proj", "env": {"MISE_SYSTEM_CONFIG_DIR": "${ROOT}/etc/mise"}, "files": {},
            "installed": {"node": versions}, "commands": [["reshim"]], "system": {"node": "14.0.0"},
        }
        self.world = ask.mise_world(root, self.case, mise)
        self.world.env["MISE_OFFLINE"] = "1"

    def does(self, *words: str, online: bool = False) -> None:
        """One command of mise's, which must succeed."""
        env = self.world.environment()
        if online:
            env |= {"MISE_OFFLINE": "0", "MISE_NODE_MIRROR_URL": f"{self.mirror}/node/"}
        machines.run([str(self.mise.program), *words], env, self.world.directory)

    def node(self) -> ToolchainRow:
        """devbox's row of node, after both were found to say the same of everything."""
        assert not compare.mise(self.world, self.case, ask.mise(self.world, self.mise.program))
        return self.world.rows("mise")["node"]

    def asked(self, *, path: str) -> str:
        """What `node --version` prints with this folder first on PATH."""
        env = self.world.environment()
        env["PATH"] = f"{path}:{self.mise.program.parent}:{env['PATH']}"
        return machines.run(["node", "--version"], env, self.world.directory).strip().removeprefix("v")


@pytest.fixture
def project(tmp_path: Path, mise: Installed, toolchain_mirror: str) -> Project:
    """With three versions of node."""
    return Project(tmp_path, mise, toolchain_mirror, "18.19.0", "20.1.0", "20.10.0")


def test_what_mise_use_wrote_is_selected_and_runs(project: Project) -> None:
    project.does("use", "node@20")
    row = project.node()
    assert (row.resolved, row.host_runs, row.satisfied) == ("20.10.0", "20.10.0", True)
    assert [(pin.path, pin.raw) for pin in row.declared] == [("mise.toml", "20")]


def test_a_global_choice_yields_to_the_projects(project: Project) -> None:
    project.does("use", "--global", "node@18")
    assert project.node().resolved == "18.19.0"
    project.does("use", "node@20.1")
    assert project.node().resolved == "20.1.0"


def test_a_shim_that_mise_made_is_mises_and_no_shadow(project: Project) -> None:
    project.does("use", "node@20")
    project.does("reshim")
    shims = project.world.home / ".local/share/mise/shims"
    assert project.asked(path=str(shims)) == "20.10.0"
    project.world.path.append(str(shims))
    row = project.world.rows("mise")["node"]
    assert (row.host_runs, row.shadowed_by, row.satisfied) == ("20.10.0", None, True)


def test_another_program_before_the_shims_is_seen(project: Project) -> None:
    project.does("use", "node@20")
    project.world.toolchain("before", "node", "12.0.0")
    project.world.path += ["${ROOT}/before", "${ROOT}/home/.local/share/mise/shims"]
    assert project.asked(path=str(project.world.root / "before")) == "12.0.0"
    assert project.world.rows("mise")["node"].shadowed_by == str(project.world.root / "before/node")


def test_a_version_that_mise_uninstalled_is_missing(project: Project) -> None:
    project.does("use", "--pin", "node@20.10.0")
    project.does("uninstall", "node@20.10.0")
    row = project.node()
    assert (row.error, row.host_runs, row.satisfied) == ("missing", "14.0.0", False)


def test_a_lock_file_that_mise_wrote_holds_a_version_back(
    tmp_path: Path, mise: Installed, toolchain_mirror: str
) -> None:
    project = Project(tmp_path, mise, toolchain_mirror, "20.1.0")
    project.does("use", "node@20")
    project.does("lock", "--platform", "linux-x64", online=True)
    machines.lay_out(
        mise.home / ".local/share/mise/installs/node", project.world.home / ".local/share/mise/installs/node",
        ["20.10.0"],
    )
    project.world.env["MISE_NODE_MIRROR_URL"] = f"{toolchain_mirror}/node/"
    assert project.node().resolved == "20.1.0"
    del project.world.env["MISE_NODE_MIRROR_URL"]
    assert project.node().resolved == "20.10.0", "locked for who installs from that mirror"
    project.world.env["MISE_LOCKFILE"] = "0"
    assert project.node().resolved == "20.10.0"


def test_trust_that_mise_recorded_counts_until_it_is_taken_back(project: Project) -> None:
    project.world.file("proj/mise.toml", '[tools]\nnode = "20"\n[env]\nA = "b"\n')
    assert project.node().error == "untrusted"
    project.does("trust", "mise.toml")
    assert project.node().resolved == "20.10.0"
    project.does("trust", "--untrust", "mise.toml")
    assert project.node().error == "untrusted"
    project.does("trust", "--ignore", "mise.toml")
    assert "node" not in project.world.rows("mise")


def test_paranoid_trust_ends_when_the_file_changes(project: Project) -> None:
    project.world.env["MISE_PARANOID"] = "1"
    project.world.file("proj/mise.toml", '[tools]\nnode = "20"\n')
    assert project.node().error == "untrusted"
    project.does("trust", "mise.toml")
    assert project.node().resolved == "20.10.0"
    project.world.file("proj/mise.toml", '[tools]\nnode = "18"\n')
    assert project.node().error == "untrusted"


def test_settings_and_aliases_that_mise_wrote_count(project: Project) -> None:
    project.does("settings", "idiomatic_version_file_enable_tools=node")
    project.does("tool-alias", "set", "node", "work", "20.1")
    project.world.file("proj/.nvmrc", "work\n")
    row = project.node()
    assert (row.resolved, [(pin.path, pin.raw) for pin in row.declared]) == ("20.1.0", [(".nvmrc", "work")])
