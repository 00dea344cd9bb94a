"""GitHub workflows: what the setup steps set up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devbox.core.findings import ToolchainRow
from tests.data.toolchains.record_actions import lay_out
from tests.flows.toolchain_world import World

DATA = Path(__file__).resolve().parents[2] / "data" / "toolchains" / "actions.json"
WORKFLOW = "proj/.github/workflows/ci.yml"


def recorded() -> list[Any]:
    cases = json.loads(DATA.read_text(encoding="utf-8"))
    assert len(cases) > 100, "the recording is there"
    return [pytest.param(case, id=f"{case['tool']}-{number}") for number, case in enumerate(cases)]


@pytest.mark.parametrize("case", recorded())
def test_the_actions_set_up_the_same(case: dict[str, Any], tmp_path: Path) -> None:
    world = World(tmp_path)
    lay_out(world, case)
    row = world.rows("github-actions").get(case["tool"])
    assert list(row.resolved_all if row else ()) == case["versions"], row
    assert (row is not None and row.error is not None) == case["failed"], row


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def rows(world: World, text: str) -> dict[str, ToolchainRow]:
    world.file(WORKFLOW, text)
    return world.rows("github-actions")


def job(step: str, more: str = "") -> str:
    return f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n{more}    steps:\n      - {step}\n"


def test_a_bare_number_is_what_the_action_gets(world: World) -> None:
    row = rows(world, job("uses: actions/setup-python@v5\n        with:\n          python-version: 3.10"))["python"]
    assert [(pin.path, pin.line, pin.raw) for pin in row.declared] == [(".github/workflows/ci.yml", 8, "3.1")]


def test_a_matrix_stands_for_its_list(world: World) -> None:
    matrix = "    strategy:\n      matrix:\n        python: ['3.10', \"3.11\", 3.12]\n"
    matrix += "        include:\n          - python: 3.9\n"
    step = "uses: actions/setup-python@v5\n        with:\n          python-version: ${{ matrix.python }}"
    world.system("python", "3.11.4")
    row = rows(world, job(step, matrix))["python"]
    assert [pin.raw for pin in row.declared] == ["3.10", "3.11", "3.12", "3.9"]
    assert row.satisfied is True, "one of the jobs runs what runs here"
    (selection,) = world.selections("github-actions")
    (pin,) = selection.pins
    assert pin.range is not None
    assert pin.range.contains("3.9.1")
    assert not pin.range.contains("3.8.1")


def test_an_object_in_a_matrix_is_followed(world: World) -> None:
    matrix = "    strategy:\n      matrix:\n        node:\n          - version: 18\n          - version: 20\n"
    step = "uses: actions/setup-node@v4\n        with:\n          node-version: ${{matrix.node.version}}.x"
    assert [pin.raw for pin in rows(world, job(step, matrix))["node"].declared] == ["18.x", "20.x"]


def test_a_variable_that_the_workflow_writes_is_known(world: World) -> None:
    step = "uses: actions/setup-go@v5\n        with:\n          go-version: ${{ env.GO }}"
    assert rows(world, "env:\n  GO: 1.22\n" + job(step))["go"].declared[0].raw == "1.22"


@pytest.mark.parametrize("expression", ["inputs.node", "fromJSON(needs.x.outputs.y)[0]", "matrix.gone", "secrets.X"])
def test_other_expressions_stay_as_they_are_and_decide_nothing(world: World, expression: str) -> None:
    world.system("node", "20.1.0")
    step = f"uses: actions/setup-node@v4\n        with:\n          node-version: ${{{{ {expression} }}}}"
    row = rows(world, job(step))["node"]
    assert (row.declared[0].raw, row.satisfied) == (f"${{{{ {expression} }}}}", None)


def test_without_a_tool_cache_this_machine_is_compared_and_never_blamed(world: World) -> None:
    world.system("node", "18.1.0")
    row = rows(world, job("uses: actions/setup-node@v4\n        with:\n          node-version: '20'"))["node"]
    assert (row.satisfied, row.error, row.host_runs) == (False, None, "18.1.0")
    (selection,) = world.selections("github-actions")
    assert selection.elsewhere


def test_each_workflow_has_its_own_row(world: World) -> None:
    world.file("proj/.github/workflows/a.yaml", job("uses: Actions/Setup-Node@v4\n        with: {node-version: 18}"))
    world.file(WORKFLOW, job("uses: actions/setup-node@v4\n        with: {node-version: 20}"))
    found = [[pin.raw for pin in one.declared] for one in world.selections("github-actions")]
    assert found == [["18"], ["20"]]


@pytest.mark.parametrize(
    ("version", "raw"), [("v5", "1.22"), ("v6", "1.23.4"), ("v5.0.1", "1.22"), ("main", "1.23.4")]
)
def test_setup_go_prefers_the_toolchain_line_from_version_six_on(world: World, version: str, raw: str) -> None:
    world.file("proj/go.mod", "module x\n\ngo 1.22\n\ntoolchain go1.23.4\n")
    step = f"uses: actions/setup-go@{version}\n        with:\n          go-version-file: go.mod"
    assert rows(world, job(step))["go"].declared[0].raw == raw


@pytest.mark.parametrize(
    ("name", "text", "raw"),
    [
        (".java-version", "17\n", "17"),
        (".java-version", "temurin-17.0.9+9\n", "17.0.9+9"),
        (".tool-versions", "nodejs 20\njava temurin-21.0.1+12\n", "21.0.1+12"),
        (".sdkmanrc", "# x\njava=17.0.9-tem\n", "17.0.9"),
    ],
)
def test_setup_java_reads_version_files(world: World, name: str, text: str, raw: str) -> None:
    world.file(f"proj/{name}", text)
    step = f"uses: actions/setup-java@v4\n        with:\n          java-version-file: {name}"
    assert rows(world, job(step))["java"].declared[0].raw == raw


@pytest.mark.parametrize(
    ("files", "inputs", "raw"),
    [
        ({".ruby-version": "3.2.2\n", ".tool-versions": "ruby 3.1\n"}, "", "3.2.2"),
        ({".tool-versions": "nodejs 20\nruby 3.1.4\n", "mise.toml": "[tools]\nruby = '3'\n"}, "", "3.1.4"),
        ({"mise.toml": "[tools]\nruby = '3.3'\n"}, "", "3.3"),
        ({}, "\n        with:\n          ruby-version: '3.4'", "3.4"),
        ({".ruby-version": "3.2.2\n"}, "\n        with:\n          ruby-version: .ruby-version", "3.2.2"),
    ],
)
def test_setup_ruby_looks_for_its_own_files(world: World, files: dict[str, str], inputs: str, raw: str) -> None:
    for name, text in files.items():
        world.file(f"proj/{name}", text)
    assert rows(world, job(f"uses: ruby/setup-ruby@v1{inputs}"))["ruby"].declared[0].raw == raw


def test_a_file_outside_the_checkout_is_not_read(world: World) -> None:
    world.file("secret", "20\n")
    for path in ("../secret", "/etc/hostname", "a/../../secret"):
        step = f"uses: actions/setup-node@v4\n        with:\n          node-version-file: {path}"
        row = rows(world, job(step))["node"]
        assert (row.error, row.declared) == ("missing-file", ())


def test_a_link_out_of_the_checkout_is_not_read(world: World) -> None:
    world.file("secret", "20\n")
    world.link("proj/v", "${ROOT}/secret")
    row = rows(world, job("uses: actions/setup-node@v4\n        with:\n          node-version-file: v"))["node"]
    assert row.error == "missing-file"


@pytest.mark.parametrize(
    "text", ["setup-node: [", "# setup-node\na: 1\na: 2\n", "# setup-\n" + "[" * 200, "setup-: !x 1\n"]
)
def test_a_broken_workflow_costs_one_row(world: World, text: str) -> None:
    world.file("proj/.github/workflows/b.yml", job("uses: actions/setup-node@v4\n        with: {node-version: 20}"))
    found = rows(world, text)
    assert found["workflow"].error == "malformed"
    assert found["node"].declared[0].raw == "20"


@pytest.mark.parametrize(
    "text",
    [
        "", "x-setup-: 1\njobs: 3\n", "jobs: {a: {steps: x}} # setup-", "jobs: [a] # setup-",
        "jobs: {a: {steps: [{uses: [1]}, {uses: actions/setup-node@v4, with: 3}, {uses: setup-node}]}}",
        "jobs: {a: {steps: [{uses: actions/setup-node@v4, with: {node-version: [1, 2]}}]}}",
        "jobs: {a: {strategy: 3, steps: [{uses: actions/setup-node@v4, with: {node-version: '${{ matrix.x }}'}}]}}",
    ],
)
def test_odd_shapes_are_no_error(world: World, text: str) -> None:
    assert all(row.error is None for row in rows(world, text).values())
