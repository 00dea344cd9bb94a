"""Python under uv: its own first, then PATH folder by folder; where the search for a file ends."""

from __future__ import annotations

from pathlib import Path

from devbox.core.findings import ToolchainRow
from tests.flows.toolchain_world import World


def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.program("ordinary/uv", "echo uv")
    return made


def on_path(made: World, folder: str, name: str, version: str) -> None:
    made.program(f"{folder}/{name}", f"echo 'Python {version}'")
    if f"${{ROOT}}/{folder}" not in made.path:
        made.path.append(f"${{ROOT}}/{folder}")


def python(made: World) -> ToolchainRow:
    return made.rows("uv")["python"]


def test_nothing_is_said_where_no_file_is(tmp_path: Path) -> None:
    assert world(tmp_path).rows("uv") == {}


def test_the_first_on_path_that_fits_runs_not_the_newest(tmp_path: Path) -> None:
    made = world(tmp_path)
    on_path(made, "a", "python3", "3.9.18")
    on_path(made, "b", "python3", "3.10.13")
    on_path(made, "c", "python3.12", "3.12.1")
    made.file("proj/.python-version", ">=3.10\n")
    row = python(made)
    assert (row.resolved, row.via, row.host_runs, row.satisfied) == ("3.10.13", "system", "3.10.13", True)


def test_a_request_that_is_not_met_is_an_error_without_a_fallback(tmp_path: Path) -> None:
    made = world(tmp_path)
    on_path(made, "a", "python3", "3.9.18")
    made.file("proj/.python-version", "3.11\n")
    row = python(made)
    assert (row.resolved, row.host_runs, row.satisfied, row.error) == (None, None, False, "missing")


def test_what_uv_does_not_support_is_ignored_and_noted(tmp_path: Path) -> None:
    made = world(tmp_path)
    on_path(made, "a", "python3", "3.9.18")
    made.file("proj/.python-version", "system\n")
    row = python(made)
    assert (row.declared, row.resolved, row.error, row.satisfied) == ((), "3.9.18", None, None)


def test_a_path_of_the_project_is_not_run(tmp_path: Path) -> None:
    made = world(tmp_path)
    canary = tmp_path / "ran"
    made.program("proj/tools/python", f"touch {canary}")
    made.file("proj/.python-version", "./tools/python\n")
    row = python(made)
    assert (row.via, row.host_runs) == ("path", None)
    assert not canary.exists()


def test_the_search_ends_at_the_project_root_and_then_asks_the_user(tmp_path: Path) -> None:
    made = world(tmp_path)
    on_path(made, "a", "python3", "3.11.7")
    made.cwd = "proj/deep"
    made.file("proj/.python-version", "3.9\n")
    made.file("proj/deep/pyproject.toml", "")
    assert made.rows("uv") == {}
    made.file("home/.config/uv/.python-version", "3.11\n")
    assert python(made).satisfied is True


def test_the_plural_file_counts_where_the_other_is_not(tmp_path: Path) -> None:
    made = world(tmp_path)
    on_path(made, "a", "python3", "3.11.7")
    made.file("proj/.python-versions", "3.11\n3.12\n")
    assert [pin.raw for pin in python(made).declared] == ["3.11"]
    made.file("proj/.python-version", "3.10\n")
    assert [pin.raw for pin in python(made).declared] == ["3.10"]


def test_an_interpreter_of_unknown_version_leaves_the_answer_open(tmp_path: Path) -> None:
    made = world(tmp_path)
    on_path(made, "a", "python3", "3.11.7")
    made.program("a/python3", "exit 1")
    made.file("proj/.python-version", "3.11\n")
    row = python(made)
    assert (row.satisfied, row.error, row.host_runs) == (None, None, None)
