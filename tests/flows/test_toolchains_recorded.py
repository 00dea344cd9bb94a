"""devbox agrees with what the real pyenv, nvm and mise did in the same worlds (`tests/data/toolchains/record.py`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devbox.core.findings import ToolchainRow
from tests.flows.toolchain_agreement import CHECKS
from tests.flows.toolchain_world import World, build

DATA = Path(__file__).resolve().parents[1] / "data" / "toolchains"


def recorded(manager: str) -> list[Any]:
    cases = json.loads((DATA / f"{manager}.json").read_text())
    assert len(cases) >= 40, "the recording is there"
    return [pytest.param(case, id=f"{manager}-{number}") for number, case in enumerate(cases)]


@pytest.mark.parametrize("case", recorded("pyenv"))
def test_pyenv_selects_and_runs_the_same(case: dict[str, Any], tmp_path: Path) -> None:
    row = build(tmp_path, case).rows("pyenv")["python"]
    answer, system = case["answer"], case["system"].get("python")
    selected = [system if name == "system" else name for name in answer["selected"]]
    assert list(row.resolved_all) == [name for name in selected if name]
    assert row.host_runs == answer["runs"]
    if system:
        assert (row.error == "missing") == answer["missing"]
    if answer["missing"]:
        assert row.satisfied is False


@pytest.mark.parametrize("case", recorded("nvm"))
def test_nvm_uses_and_runs_the_same(case: dict[str, Any], tmp_path: Path) -> None:
    row = build(tmp_path, case).rows("nvm")["node"]
    answer, system = case["answer"], case["system"].get("node")
    assert row.host_runs == answer["runs"]
    if any(path.endswith(".nvmrc") and _on_the_way(path, case["cwd"]) for path in case["files"]):
        assert row.error == answer["error"]
        assert (row.satisfied is False) == (answer["error"] is not None)
    if answer["used"]:
        assert row.resolved == (system if answer["used"] == "system" else answer["used"].removeprefix("v"))


@pytest.mark.parametrize("case", recorded("mise"))
def test_mise_selects_and_runs_the_same(case: dict[str, Any], tmp_path: Path) -> None:
    world = build(tmp_path, case)
    rows, answer = world.rows("mise"), case["answer"]
    if answer["error"] is not None:
        assert {row.error for row in rows.values()} == {answer["error"]}
        assert all(row.satisfied is False and not row.resolved_all for row in rows.values())
        return
    for tool, expected in answer["tools"].items():
        _agrees(world, rows[tool], expected, case["system"].get(tool))
    left = [row for tool, row in rows.items() if tool not in answer["tools"]]
    assert all(row.error == "missing" for row in left), "mise leaves out only what it cannot resolve offline"


@pytest.mark.parametrize("case", [case for manager in CHECKS for case in recorded(manager)])
def test_it_selects_and_runs_the_same(case: dict[str, Any], tmp_path: Path) -> None:
    CHECKS[case["manager"]](build(tmp_path, case), case)


def _agrees(world: World, row: ToolchainRow, expected: dict[str, Any], system: str | None) -> None:
    declared = {(_full(world, pin.path), pin.raw) for pin in row.declared}
    said = {(path.replace("${ROOT}", str(world.root)), raw) for path, raw in expected["declared"]}
    assert said <= declared, "`mise ls` lists a version once, however often it is asked for"
    selected = {system if name == "system" else name for name in expected["selected"]}
    assert set(row.resolved_all) == {name for name in selected if name}
    assert (row.error == "missing") == bool(expected["missing"])
    assert row.host_runs == expected["runs"]


def _full(world: World, path: str) -> str:
    return path if path.startswith(("/", "env:")) else str(world.directory / path)


def _on_the_way(path: str, cwd: str) -> bool:
    return f"{cwd}/".startswith(path.removesuffix(".nvmrc"))
