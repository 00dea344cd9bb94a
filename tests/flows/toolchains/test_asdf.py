"""asdf beyond the recordings of its bash line: the Go line, plugins that are not there, scripts that are not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.findings import ToolchainRow
from tests.flows.toolchain_world import World


def go_line(tmp_path: Path, *nodes: str) -> World:
    """asdf 0.16 or later: one program, shims of its own shape."""
    made = World(tmp_path)
    made.system("node", "16.1.0")
    made.asdf("nodejs", *nodes)
    (made.home / ".asdf/asdf.sh").unlink()
    return made


def bash_line(tmp_path: Path, *nodes: str) -> World:
    made = World(tmp_path)
    made.system("node", "16.1.0")
    made.asdf("nodejs", *nodes)
    return made


def node(made: World) -> ToolchainRow:
    return made.rows("asdf")["node"]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("nodejs 20.9.0\r\n", "20.9.0"),
        (" nodejs   20.9.0\n", "20.9.0"),
        ("nodejs 14.0.0 system\n", "16.1.0"),
        ("nodejs 14.0.0 20.9.0\n", "20.9.0"),
        ("nodejs system 20.9.0\n", "20.9.0"),
        ("nodejs 14.0.0\n", None),
        ("nodejs\t20.9.0\n", None),
        ("node 20.9.0\n", None),
    ],
)
def test_the_go_line_runs_an_installed_version_first(tmp_path: Path, text: str, runs: str | None) -> None:
    made = go_line(tmp_path, "18.17.1", "20.9.0")
    made.file("proj/.tool-versions", text)
    assert node(made).host_runs == runs


def test_the_program_on_path_tells_which_line_it_is(tmp_path: Path) -> None:
    made = bash_line(tmp_path, "20.9.0")
    made.file("proj/.tool-versions", "nodejs 20.9.0\r\n")
    assert node(made).error == "missing"
    made.file("opt/asdf", b"\x7fELF")
    (tmp_path / "opt/asdf").chmod(0o755)
    made.path.append("${ROOT}/opt")
    assert node(made).error is None


def test_every_version_of_a_list_must_be_there(tmp_path: Path) -> None:
    made = bash_line(tmp_path, "18.17.1", "20.9.0")
    made.file("proj/.tool-versions", "nodejs 20.9.0 18.17.1\n")
    row = node(made)
    assert (row.resolved_all, row.satisfied, row.error) == (("20.9.0", "18.17.1"), True, None)
    made.file("proj/.tool-versions", "nodejs 14.0.0 20.9.0\n")
    row = node(made)
    assert (row.resolved, row.host_runs, row.satisfied, row.error) == ("20.9.0", "20.9.0", False, "missing")


def test_a_tool_that_no_file_mentions_has_no_version_and_that_is_no_fault(tmp_path: Path) -> None:
    made = bash_line(tmp_path, "20.9.0")
    row = node(made)
    assert (row.error, row.satisfied, row.declared, row.host_runs) == ("no-version", None, (), None)


def test_a_file_in_home_counts_from_outside_home(tmp_path: Path) -> None:
    made = bash_line(tmp_path, "20.9.0")
    made.file("home/.tool-versions", "nodejs 20.9.0\n")
    assert node(made).satisfied is True


def test_a_plugin_that_is_not_there_is_missing(tmp_path: Path) -> None:
    made = bash_line(tmp_path, "20.9.0")
    made.system("python", "3.11.7")
    made.file("proj/.tool-versions", "python 3.11.7\n")
    row = made.rows("asdf")["python"]
    assert (row.error, row.satisfied, row.host_runs) == ("missing", False, "3.11.7")


def test_a_path_into_the_project_is_named_and_not_run(tmp_path: Path) -> None:
    made = bash_line(tmp_path, "20.9.0")
    canary = tmp_path / "ran"
    made.program("proj/node/bin/node", f"touch {canary}")
    made.file("proj/.tool-versions", "nodejs path:${ROOT}/proj/node\n")
    row = node(made)
    assert (row.via, row.host_runs, row.satisfied) == ("path", None, None)
    assert not canary.exists()


def test_no_script_of_a_plugin_is_run(tmp_path: Path) -> None:
    made = bash_line(tmp_path, "20.9.0")
    canary = tmp_path / "ran"
    script = f"touch {canary}; echo .nvmrc"
    for name in ("list-legacy-filenames", "parse-legacy-file", "list-bin-paths", "exec-env", "exec-path"):
        made.program(f"home/.asdf/plugins/nodejs/bin/{name}", script)
    made.file("home/.asdfrc", f"legacy_version_file = yes\npre_nodejs_node = touch {canary}\n")
    made.file("proj/.asdfrc", f"legacy_version_file = yes\npre_nodejs_node = touch {canary}\n")
    made.file("proj/.nvmrc", "20.9.0\n")
    row = node(made)
    assert (row.satisfied, row.error) == (None, None)
    made.file("proj/.tool-versions", "nodejs 20.9.0\n")
    assert node(made).host_runs == "20.9.0"
    assert not canary.exists()


def test_a_nearer_legacy_file_beats_a_farther_tool_versions(tmp_path: Path) -> None:
    made = bash_line(tmp_path, "18.17.1", "20.9.0")
    made.cwd = "proj/deep"
    made.program("home/.asdf/plugins/nodejs/bin/list-legacy-filenames", "echo '.nvmrc .node-version'")
    made.file("home/.asdfrc", "legacy_version_file = yes\n")
    made.file("proj/.tool-versions", "nodejs 18.17.1\n")
    made.file("proj/deep/.node-version", "20.9.0\n")
    assert (node(made).resolved, node(made).declared[0].path) == ("20.9.0", ".node-version")


def test_a_variable_beats_every_file(tmp_path: Path) -> None:
    made = bash_line(tmp_path, "18.17.1", "20.9.0")
    made.file("proj/.tool-versions", "nodejs 18.17.1\n")
    made.env["ASDF_NODEJS_VERSION"] = "20.9.0"
    assert [(pin.path, pin.raw) for pin in node(made).declared] == [("env:ASDF_NODEJS_VERSION", "20.9.0")]


def test_without_asdf_and_mise_its_file_is_still_a_pin(tmp_path: Path) -> None:
    made = World(tmp_path)
    made.system("node", "20.9.0")
    made.file("proj/.tool-versions", "nodejs 20.9.0\n")
    assert node(made).satisfied is True
    (made.home / ".local/share/mise").mkdir(parents=True)
    assert made.rows("asdf") == {}
