"""An engine that does not answer holds up none of the groups that ask it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from devbox.flows.doctor import run
from tests.flows.doctor_subject import subject_of
from tests.flows.toolchain_world import World


def test_a_hung_engine_costs_a_second_and_what_it_would_tell_is_unknown(tmp_path: Path) -> None:
    def hang() -> Any:
        time.sleep(30)

    world = World(tmp_path)
    world.file("proj/devbox.toml", '[toolchains]\npython = "3"\n[box]\nimage = "debian"\nports = ["61234:80"]\n')
    world.system("python", "3.12.4")
    started = time.monotonic()
    report = run(subject_of(world, hang))
    assert time.monotonic() - started < 3.5
    assert {check.id: check.reason for check in report.checks}["container"] == "no answer in 1 s"
    assert {row.container_reason for row in report.toolchains} == {"no answer in 1 s"}
