"""Every kind of lock file, as its tool wrote it, beside what the tool installed; then one thing is changed."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.project.locks.recorded import CASES, LINUX, NODE, PYTHON, examine, lay_out

ONE = {
    **dict.fromkeys(PYTHON, ".venv/lib/python3.11/site-packages/alpha-1.0.0.dist-info"),
    **dict.fromkeys(NODE, "node_modules/left-pad"),
    "pnpm6": "node_modules/.pnpm/left-pad@1.3.0", "pnpm9": "node_modules/.pnpm/left-pad@1.3.0",
}
"""A package that nothing else needs."""


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def project(case: str, tmp_path: Path) -> Path:
    return lay_out(case, tmp_path / "project")


def test_what_the_tool_installed_is_what_its_lock_says(case: str, project: Path) -> None:
    found = examine(case, project)
    assert found.lock == CASES[case]
    assert found.problems == ()
    assert found.difference is not None
    assert found.difference.clean
    assert found.difference.absent_dev == ()
    assert found.difference.undecided == ()
    expected_extra = ("delta", "epsilon-lint") if case == "requirements" else ()
    assert found.difference.extra == expected_extra


def test_a_removed_package_is_missing(case: str, project: Path) -> None:
    shutil.rmtree(project / ONE[case])
    difference = examine(case, project).difference
    assert difference is not None
    assert {package.name for package in difference.missing} == {"alpha" if case in PYTHON else "left-pad"}
    assert difference.other == ()


def test_another_version_is_named_with_the_line_of_its_lock_entry(case: str, project: Path) -> None:
    lock = (project / CASES[case]).read_text().splitlines()
    if case in PYTHON:
        folder = project / ONE[case]
        folder.rename(folder.with_name("alpha-0.9.dist-info"))
        name, old, new = "alpha", "1.0.0", "0.9"
    else:
        (project / "node_modules/left-pad/package.json").write_text('{"name": "left-pad", "version": "1.2.9"}')
        name, old, new = "left-pad", "1.3.0", "1.2.9"
    difference = examine(case, project).difference
    assert difference is not None
    assert difference.missing == ()
    (mismatch,) = difference.other
    assert (mismatch.locked.name, mismatch.actual) == (name, new)
    assert old in mismatch.locked.expected
    assert mismatch.locked.line is not None
    assert name in lock[mismatch.locked.line - 1]


def test_without_an_installation_only_the_lock_is_judged(case: str, tmp_path: Path) -> None:
    found = examine(case, lay_out(case, tmp_path / "project", installed=False))
    assert found.difference is None
    assert found.installed.absent
    assert found.installed.hint is not None
    assert found.problems == ()


def test_a_merge_conflict_is_one_problem_with_its_line(case: str, project: Path) -> None:
    path = project / CASES[case]
    rows = path.read_text().splitlines(keepends=True)
    middle = len(rows) // 2
    rows[middle:middle] = ["<<<<<<< HEAD\n", "=======\n", ">>>>>>> other\n"]
    path.write_text("".join(rows))
    (problem,) = examine(case, project).problems
    assert problem.kind == "syntax"
    assert problem.line == middle + 1
    assert "merge conflict" in problem.message


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\0", b"{" * 5000, b"[[[[[[", b"<html>", b"- a\n- b\n"],
                         ids=["binary", "nul", "braces", "brackets", "html", "list"])
def test_what_is_no_lock_file_is_one_problem(case: str, project: Path, content: bytes) -> None:
    (project / CASES[case]).write_bytes(content)
    found = examine(case, project)
    assert found.difference is None or case == "requirements"
    assert len(found.problems) == 1
    assert found.problems[0].path == CASES[case]


@pytest.mark.parametrize("kind", ["folder", "fifo", "outside"])
def test_a_lock_file_that_is_no_regular_file_is_one_problem(case: str, project: Path, kind: str) -> None:
    path = project / CASES[case]
    text = path.read_text()
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        (project.parent / "elsewhere").write_text(text)
        path.symlink_to("../elsewhere")
    found = examine(case, project)
    assert found.difference is None
    (problem,) = found.problems
    assert problem.kind == "syntax"


def change_manifest(case: str, project: Path) -> None:
    """A dependency more than the lock was made for."""
    if case == "requirements":
        (project / "requirements.in").write_text("alpha\nbeta<1.3\nnewcomer\n")
    elif case in PYTHON:
        path = project / "pyproject.toml"
        path.write_text(path.read_text().replace('"alpha>=1"', '"alpha>=1", "newcomer"').replace(
            'alpha = "^1.0"', 'alpha = "^1.0"\nnewcomer = "*"'))
    else:
        path = project / "package.json"
        content = json.loads(path.read_text())
        content["dependencies"]["newcomer"] = "^1.0.0"
        path.write_text(json.dumps(content))


def test_a_manifest_that_asks_for_more_makes_the_lock_stale(case: str, project: Path) -> None:
    if case == "pylock":
        pytest.skip("a pylock.toml records nothing of what it was made from (PEP 751)")
    change_manifest(case, project)
    (problem,) = examine(case, project).problems
    assert problem.kind == "stale"
    if not case.startswith("poetry"):
        assert "newcomer" in problem.message


@pytest.mark.parametrize("case", ["npm2", "npm3", "pnpm6", "pnpm9", "yarn1", "yarn3", "yarn4"])
def test_a_workspace_that_asks_for_another_range_makes_the_lock_stale(case: str, tmp_path: Path) -> None:
    project = lay_out(case, tmp_path / "project")
    (project / "packages/ui/package.json").write_text(
        json.dumps({"name": "@fortune/ui", "version": "0.1.0", "dependencies": {"is-number": "^7.0.0", "ms": "2.1.1"}})
    )
    (problem,) = examine(case, project).problems
    assert problem.kind == "stale"
    assert "ms" in problem.message


@pytest.mark.parametrize("case", ["uv", "poetry", "poetry1", "pylock", "requirements"])
def test_markers_are_those_of_the_machine(case: str, tmp_path: Path) -> None:
    project = lay_out(case, tmp_path / "project")
    windows = examine(case, project, replace(LINUX, system="win32")).difference
    assert windows is not None
    assert [package.name for package in windows.missing] == ["winonly"]


@pytest.mark.parametrize("case", ["npm2", "npm3", "pnpm6", "pnpm9"])
def test_a_package_for_another_system_may_be_absent_and_an_optional_one_on_its_own(case: str, tmp_path: Path) -> None:
    project = lay_out(case, tmp_path / "project")
    for host in (LINUX, replace(LINUX, platform="darwin", cpu="arm64")):
        difference = examine(case, project, host).difference
        assert difference is not None
        assert difference.clean
        assert difference.absent_optional == 1


@pytest.mark.parametrize("case", ["npm1", "npm2", "npm3", "pnpm6", "pnpm9", "yarn1", "yarn3", "yarn4"])
def test_a_production_install_lacks_development_packages_as_a_whole(case: str, tmp_path: Path) -> None:
    project = lay_out(case, tmp_path / "project")
    link = project / "node_modules/@types/ms"
    if link.is_symlink():
        link.unlink()
        shutil.rmtree(project / "node_modules/.pnpm/@types+ms@2.1.0")
    else:
        shutil.rmtree(link)
    difference = examine(case, project).difference
    assert difference is not None
    assert difference.clean
    assert [package.name for package in difference.absent_dev] == ["@types/ms"]


def test_one_of_several_development_packages_missing_is_drift(tmp_path: Path) -> None:
    project = lay_out("uv", tmp_path / "project")
    site = project / ".venv/lib/python3.11/site-packages"
    shutil.rmtree(site / "delta-0.3.1.dist-info")
    difference = examine("uv", project).difference
    assert difference is not None
    assert [package.name for package in difference.missing] == ["delta"]
    shutil.rmtree(site / "epsilon_lint-5.0.dist-info")
    production = examine("uv", project).difference
    assert production is not None
    assert production.clean
    assert [package.name for package in production.absent_dev] == ["delta", "epsilon-lint"]


@pytest.mark.parametrize("case", ["npm3", "yarn1", "yarn4"])
def test_a_package_deep_in_the_tree_is_compared_too(case: str, tmp_path: Path) -> None:
    project = lay_out(case, tmp_path / "project")
    (path,) = (path for path in project.glob("**/is-number/package.json") if '"6.0.0"' in path.read_text())
    path.write_text('{"name": "is-number", "version": "5.0.0"}')
    difference = examine(case, project).difference
    assert difference is not None
    (mismatch,) = difference.other
    assert (mismatch.locked.name, mismatch.locked.versions, mismatch.actual) == ("is-number", ("6.0.0",), "5.0.0")


def test_a_stored_package_linked_to_an_earlier_version_is_drift(tmp_path: Path) -> None:
    """Though the wanted version lies in the store too, from another install."""
    project = lay_out("pnpm9", tmp_path / "project")
    record = project / "node_modules/.pnpm/lock.yaml"
    record.write_text(record.read_text().replace("      is-number: 6.0.0", "      is-number: 7.0.0"))
    difference = examine("pnpm9", project).difference
    assert difference is not None
    (mismatch,) = difference.other
    assert (mismatch.locked.name, mismatch.locked.versions, mismatch.actual) == ("is-number", ("6.0.0",), "7.0.0")


def test_an_empty_node_modules_is_a_mount_point_and_not_an_installation(tmp_path: Path) -> None:
    project = lay_out("npm3", tmp_path / "project", installed=False)
    (project / "node_modules").mkdir()
    assert examine("npm3", project).installed.absent


def test_plug_n_play_is_unknown_with_its_reason(tmp_path: Path) -> None:
    project = lay_out("yarn4", tmp_path / "project", installed=False)
    (project / ".pnp.cjs").write_text("throw new Error('never run')\n")
    found = examine("yarn4", project)
    assert found.difference is None
    assert ".pnp.cjs" in (found.installed.reason or "")


@pytest.mark.parametrize(
    ("name", "other"), [("npm3", "yarn.lock"), ("pnpm9", "package-lock.json"), ("yarn1", "bun.lock")]
)
def test_two_tools_lock_files_compete(name: str, other: str, tmp_path: Path) -> None:
    project = lay_out(name, tmp_path / "project")
    (project / other).write_text("{}\n")
    found = examine(name, project)
    assert set(found.locks) == {CASES[name], other}
    assert found.lock == CASES[name], "the tool that made node_modules tells which one counts"


def test_the_named_package_manager_decides_between_competing_locks(tmp_path: Path) -> None:
    project = lay_out("npm3", tmp_path / "project")
    (project / "yarn.lock").write_text("# yarn lockfile v1\n")
    content = json.loads((project / "package.json").read_text())
    (project / "package.json").write_text(json.dumps({**content, "packageManager": "yarn@1.22.22"}))
    found = examine("npm3", project)
    assert (found.lock, found.keep) == ("yarn.lock", "yarn.lock")


def test_a_hostile_tree_is_no_traceback(case: str, project: Path) -> None:
    """Loops, links out, package.json files that are none: each package by itself, never an exception."""
    if case in PYTHON:
        site = project / ".venv/lib/python3.11/site-packages"
        (site / "a-b-c-1.0.dist-info").mkdir()
        (site / "a-b-c-1.0.dist-info" / "METADATA").symlink_to("/etc/passwd")
        (site / "loop-1.0.dist-info").symlink_to("loop-1.0.dist-info")
        (site / "\udcff-1.dist-info").mkdir()
    else:
        for name, content in (("debug", b"\xff"), ("ms", b"[" * 100_000), ("is-odd", b'{"version": 3}')):
            target = project / "node_modules" / name
            if target.is_symlink() or not target.exists():
                continue
            (target / "package.json").write_bytes(content)
        (project / "node_modules/@evil").symlink_to("/etc")
        (project / "node_modules/loop").symlink_to("loop")
    assert examine(case, project).difference is not None
