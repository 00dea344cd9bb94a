"""devbox runs the Go and the Rust that the real `go` and rustup ran in the same worlds (`record_real.py`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.toolchains.record_real import lay_out
from tests.flows.toolchain_world import World

DATA = Path(__file__).resolve().parents[2] / "data" / "toolchains"


def recorded(manager: str) -> list[Any]:
    cases = json.loads((DATA / f"{manager}.json").read_text(encoding="utf-8"))
    assert len(cases) == 90, "the recording is there"
    return [pytest.param(case, id=f"{manager}-{number}") for number, case in enumerate(cases)]


@pytest.mark.parametrize("case", recorded("rustup"))
def test_rustup_runs_the_same(case: dict[str, Any], tmp_path: Path) -> None:
    world = World(tmp_path)
    lay_out(world, case, "rustup")
    row = world.rows("rustup")["rust"]
    assert row.host_runs == case["runs"], row
    assert (row.satisfied is False or row.declared == ()) or row.host_runs is not None


@pytest.mark.parametrize("case", recorded("go"))
def test_go_runs_the_same(case: dict[str, Any], tmp_path: Path) -> None:
    world = World(tmp_path)
    world.system("go", "1.27.3")
    lay_out(world, case, "go")
    row = world.rows("go").get("go")
    assert (row.host_runs if row else "1.27.3") == case["runs"], row
