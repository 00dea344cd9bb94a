"""The neutral sample cases: a world laid out as its manager does it, and what the real tool answered there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.flows.toolchain_world import World

CASES = sorted((Path(__file__).resolve().parents[2] / "data" / "toolchains" / "cases").glob("*.json"))
HOMES = {"rbenv": ".rbenv", "nodenv": ".nodenv", "jenv": ".jenv"}


def lay_out(root: Path, case: dict[str, Any]) -> World:
    world = World(root, cwd=case["cwd"], env=dict(case["env"]))
    manager = case["manager"]
    for tool, version in case["system"].items():
        world.system(tool, version)
    for tool, versions in case["installed"].items():
        if manager == "asdf":
            world.asdf(tool, *versions)
        elif manager == "sdkman":
            for version in versions:
                world.toolchain(f"home/.sdkman/candidates/{tool}/{version}/bin", tool, version)
        else:
            getattr(world, manager)(*versions)
    for path, content in case["files"].items():
        world.file(path, content)
    return world


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_row_is_what_the_real_tool_answered(path: Path, tmp_path: Path) -> None:
    case = json.loads(path.read_text())
    world = lay_out(tmp_path, case)
    row, expect = world.rows(case["manager"])[case["tool"]], dict(case["expect"])
    declared = [(pin["source_path"], pin["raw"]) for pin in expect.pop("declared", [])]
    full = [(os.path.join(world.directory, pin.path), pin.raw) for pin in row.declared]
    assert [(os.path.relpath(place, world.root), raw) for place, raw in full] == declared
    assert expect.pop("tool") == row.tool
    if "satisfied_by_host" in expect:
        assert row.satisfied == expect.pop("satisfied_by_host")
    assert {name: getattr(row, name) for name in expect} == expect
