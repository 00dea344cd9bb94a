"""package.json in the report: one finding where it is broken, npm's byte order mark, who really answers for npm."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.checks import Wanted
from devbox.core.findings import DoctorReport
from devbox.core.rows import rows
from devbox.flows.doctor import run
from tests.flows.doctor_subject import subject_of
from tests.flows.toolchain_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.system("node", "20.1.0")
    made.program("lib/npm/bin/npm-cli.js", "exit 1")
    made.file("lib/npm/package.json", '{\n  "name": "npm",\n  "version": "11.19.1"\n}')
    made.link("system/npm", "${ROOT}/lib/npm/bin/npm-cli.js")
    return made


def examined(world: World) -> DoctorReport:
    return run(subject_of(world), Wanted(("toolchain",)))


def test_a_broken_file_is_one_finding_whoever_reads_it(world: World) -> None:
    (world.home / ".cache/node/corepack/v1").mkdir(parents=True)
    world.file("proj/package.json", "{")
    assert [finding.id for finding in examined(world).findings] == ["toolchain.node.malformed"]


def test_an_empty_file_beside_it_is_about_itself(world: World) -> None:
    world.nvm("v20.1.0")
    world.file("proj/package.json", "{")
    world.file("proj/.nvmrc", "")
    lines = {line.key: line for line in rows(examined(world)) if line.subject.startswith("node")}
    assert "`.nvmrc`" in lines["toolchain.node.nvm"].detail
    assert "`package.json`" in lines["toolchain.node.package.json"].detail


def test_npm_reads_past_a_byte_order_mark(world: World) -> None:
    # `npm run` and `npm pkg get` of npm 11.19 take such a file as it is.
    world.file("proj/package.json", '\ufeff{"engines": {"node": ">=99"}}')
    assert [finding.id for finding in examined(world).findings] == ["toolchain.node.mismatch"]


@pytest.mark.parametrize("corepack", [True, False])
@pytest.mark.parametrize(("version", "satisfied"), [("11.19.1", True), ("9.0.0", False)])
def test_npm_outside_corepack_is_compared_as_it_runs(
    world: World, corepack: bool, version: str, satisfied: bool
) -> None:
    if corepack:
        world.program("system/corepack", "exit 1")
    world.file("proj/package.json", f'{{"packageManager": "npm@{version}"}}')
    report = examined(world)
    (row,) = [row for row in report.toolchains if row.tool == "npm"]
    assert (row.host_runs, row.satisfied) == ("11.19.1", satisfied)
    enable = "`corepack enable npm`"
    hint = enable if corepack else f"`npm install --global corepack`, then {enable}"
    assert [finding.hint for finding in report.findings if finding.subject == "npm"] == ([] if satisfied else [hint])


def test_an_escape_in_a_pin_is_shown_and_never_another_word(world: World) -> None:
    world.file("proj/package.json", '{"engines": {"node": "\\u001b[2J99"}}')
    report = examined(world)
    (finding,) = report.findings
    assert "`␛[2J99`" in finding.message
    assert [line.pinned for line in rows(report)] == ["␛[2J99"]
    assert report.toolchains[0].declared[0].raw == "\x1b[2J99"
