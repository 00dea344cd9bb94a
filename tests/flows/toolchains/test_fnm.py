"""Node under fnm: the first file that yields a version, aliases as links, what the shell keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.findings import ToolchainRow
from tests.flows.toolchain_world import World


def world(tmp_path: Path, *nodes: str) -> World:
    made = World(tmp_path)
    made.system("node", "14.0.0")
    for version in nodes:
        made.toolchain(f"home/.local/share/fnm/node-versions/v{version}/installation/bin", "node", version)
    (made.home / ".local/share/fnm").mkdir(parents=True, exist_ok=True)
    return made


def alias(made: World, name: str, version: str) -> None:
    made.link(f"home/.local/share/fnm/aliases/{name}", f"../node-versions/v{version}/installation")


def node(made: World) -> ToolchainRow:
    return made.rows("fnm")["node"]


def test_nvmrc_comes_before_node_version_before_package_json(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1", "20.9.0", "22.3.0")
    made.file("proj/package.json", '{"engines": {"node": ">=18 <21"}}')
    assert (node(made).resolved, node(made).declared[0].raw) == ("20.9.0", ">=18 <21")
    made.file("proj/.node-version", "18\n")
    assert node(made).resolved == "18.17.1"
    made.file("proj/.nvmrc", "  22\r\n")
    row = node(made)
    assert (row.resolved, row.host_runs, row.satisfied, row.declared[0].raw) == ("22.3.0", "22.3.0", True, "22")


def test_a_file_that_fnm_cannot_parse_is_passed_over(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1")
    made.file("proj/.nvmrc", b"20\n18\n")
    made.file("proj/.node-version", "18.17.1".encode("utf-16"))
    assert node(made).resolved == "18.17.1"


def test_engines_can_be_switched_off(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1")
    made.file("proj/package.json", '{"engines": {"node": "18"}}')
    made.env["FNM_RESOLVE_ENGINES"] = "false"
    assert node(made).declared == ()


def test_only_the_working_directory_counts_unless_told_otherwise(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1")
    made.cwd = "proj/deep"
    made.file("proj/.nvmrc", "18\n")
    assert node(made).declared == ()
    made.env["FNM_VERSION_FILE_STRATEGY"] = "recursive"
    assert node(made).resolved == "18.17.1"


@pytest.mark.parametrize(("text", "name"), [("lts/*", "lts-latest"), ("lts/Iron", "lts-iron"), ("work", "work")])
def test_an_alias_is_a_link(tmp_path: Path, text: str, name: str) -> None:
    made = world(tmp_path, "20.9.0")
    made.file("proj/.nvmrc", text)
    assert node(made).error == "missing"
    alias(made, name, "20.9.0")
    assert (node(made).resolved, node(made).error) == ("20.9.0", None)


def test_an_alias_that_leads_elsewhere_is_none(tmp_path: Path) -> None:
    made = world(tmp_path, "20.9.0")
    made.toolchain("proj/v9.9.9/installation/bin", "node", "9.9.9")
    made.link("home/.local/share/fnm/aliases/work", "${ROOT}/proj/v9.9.9/installation")
    made.file("proj/.nvmrc", "work\n")
    assert (node(made).resolved, node(made).error) == (None, "missing")
    made.file("proj/.nvmrc", "../../../proj/v9.9.9\n")
    assert (node(made).resolved, node(made).error) == (None, "missing")


def test_where_nothing_fits_the_shell_keeps_its_default(tmp_path: Path) -> None:
    made = world(tmp_path, "20.9.0")
    made.file("proj/.nvmrc", "18\n")
    assert (node(made).host_runs, node(made).satisfied) == ("14.0.0", False)
    alias(made, "default", "20.9.0")
    assert (node(made).host_runs, node(made).error) == ("20.9.0", "missing")


def test_system_is_the_node_outside(tmp_path: Path) -> None:
    made = world(tmp_path, "20.9.0")
    made.file("proj/.nvmrc", "SYSTEM\n")
    row = node(made)
    assert (row.resolved, row.via, row.satisfied) == ("14.0.0", "system", True)


def test_a_shell_with_another_version_runs_that_one(tmp_path: Path) -> None:
    made = world(tmp_path, "18.17.1", "20.9.0")
    made.link("run/multishell", "${ROOT}/home/.local/share/fnm/node-versions/v18.17.1/installation")
    made.path.append("${ROOT}/run/multishell/bin")
    made.file("proj/.nvmrc", "20\n")
    row = node(made)
    assert (row.resolved, row.host_runs, row.satisfied) == ("20.9.0", "18.17.1", False)
