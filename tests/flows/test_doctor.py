"""The whole examination: events, findings, conflicts, engine, configuration; in any directory."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from devbox.core.checks import wanted
from devbox.core.errors import EngineError
from devbox.core.findings import DoctorReport, Finished, RowChanged, RowsKnown
from devbox.engine.port import Endpoint
from devbox.flows.doctor import examine, run
from tests.flows.doctor_subject import AnsweringEngine, NamedBuilder, subject_of
from tests.flows.toolchain_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.system("python", "3.12.4")
    return made


def ids(report: DoctorReport, *severities: str) -> list[str]:
    return [finding.id for finding in report.findings if finding.severity in (severities or ("error", "warn"))]


def test_rows_come_at_once_then_change_then_the_report(world: World) -> None:
    world.pyenv("3.11.7")
    world.file("proj/.python-version", "3.11\n")
    events = list(examine(subject_of(world)))
    assert isinstance(events[0], RowsKnown)
    assert isinstance(events[-1], Finished)
    assert {row.status for row in events[0].rows} == {"checking"}
    known = {row.key for row in events[0].rows}
    assert "toolchain.python.pyenv" in known
    changed = {event.row.key for event in events[1:-1] if isinstance(event, RowChanged)}
    assert known - {"engine.reachable"} <= changed, "every line that was checking gets its answer"
    assert [row.key for row in events[-1].rows if row.subject == "python"] == ["toolchain.python.pyenv"]


def test_a_missing_version_is_an_error_with_value_expectation_origin_and_next_step(world: World) -> None:
    world.pyenv("3.9.18")
    world.file("proj/.python-version", "# team\n3.11\n")
    report = run(subject_of(world))
    (finding,) = [one for one in report.findings if one.severity == "error"]
    assert finding.id == "toolchain.python.missing"
    assert (finding.expected, finding.actual) == ("3.11", "3.12.4")
    assert str(finding.origin) == ".python-version:2"
    assert finding.hint == "`pyenv install 3.11`"
    assert report.layers["runtime"] == "drift"


def test_without_the_manager_the_pin_is_compared_with_what_runs(world: World) -> None:
    world.file("proj/.python-version", "3.12\n")
    assert run(subject_of(world)).toolchains[0].satisfied is True
    world.file("proj/.python-version", "3.11\n")
    report = run(subject_of(world))
    assert report.toolchains[0].satisfied is False
    assert ids(report) == ["toolchain.python.mismatch"]


def test_sources_that_contradict_each_other_are_an_error_even_where_one_fits(world: World) -> None:
    world.file("proj/.python-version", "3.12\n")
    world.file("proj/Dockerfile", "ARG V=3.13\nFROM python:${V}-slim\n")
    report = run(subject_of(world, AnsweringEngine))
    assert ids(report, "error") == ["toolchain.conflict.python"]
    assert [(source.path, source.raw) for source in report.conflicts[0].sources] == [
        (".python-version", "3.12"),
        ("Dockerfile", "python:3.13-slim"),
    ]


def test_pins_of_devbox_toml_are_rows_too(world: World) -> None:
    world.file("proj/devbox.toml", '[toolchains]\npython = ">=3.13"\nnode = "20"\n[box]\nimage = "debian"\n')
    report = run(subject_of(world, AnsweringEngine))
    assert [(row.tool, row.manager, row.satisfied) for row in report.toolchains] == [
        ("python", "devbox", False),
        ("node", "devbox", False),
    ]
    assert ids(report) == ["toolchain.python.mismatch", "toolchain.node.missing"]
    assert [row.declared[0].line for row in report.toolchains] == [2, 3]


def test_a_manager_that_is_not_active_in_this_shell_is_a_warning(world: World) -> None:
    world.pyenv("3.11.7")
    world.file("proj/.python-version", "3.11\n")
    report = run(subject_of(world))
    assert ids(report) == ["toolchain.python.shadowed"]
    assert report.toolchains[0].shadowed_by == str(world.root / "system" / "python")
    world.pyenv()
    world.program("home/.pyenv/shims/python", 'exec "/x/pyenv" exec python "$@"')
    world.path.append("${ROOT}/home/.pyenv/shims")
    assert ids(run(subject_of(world))) == []


def test_a_shim_of_another_manager_is_answered_by_that_manager(world: World) -> None:
    world.mise("python", "3.11.7")
    world.pyenv("3.9.18")
    world.file("proj/mise.toml", '[tools]\npython = "3.11"\n')
    world.file("proj/.python-version", "system\n")
    world.program("home/.local/share/mise/shims/python", 'exec mise exec -- python "$@"')
    world.path.append("${ROOT}/home/.local/share/mise/shims")
    rows = {row.manager: row for row in run(subject_of(world)).toolchains}
    assert (rows["pyenv"].via, rows["pyenv"].host_runs) == ("system", "3.11.7")


def test_a_directory_with_nothing_in_it_has_no_findings(world: World) -> None:
    report = run(subject_of(world))
    assert ids(report) == []
    assert report.toolchains == ()
    assert report.layers["dependencies"] == "ok", "nothing declares any"
    assert [check.id for check in report.checks if check.status == "drift"] == []


def test_a_broken_devbox_toml_is_one_finding_and_hides_nothing(world: World) -> None:
    world.file("proj/devbox.toml", '[box]\nimage = "debian"\nimagee = "x"\n')
    world.file("proj/.python-version", "3.11\n")
    report = run(subject_of(world, AnsweringEngine))
    assert ids(report) == ["project.config", "toolchain.python.mismatch"]
    assert str(report.findings[0].origin) == "devbox.toml:3"


def test_host_needs_and_variables_are_checked(world: World) -> None:
    world.file(
        "proj/devbox.toml",
        '[host]\nmin_memory = "900000GiB"\nenv = ["DATABASE_URL", "SET"]\n'
        '[box]\nimage = "debian"\n[box.env]\nSET = "x"\n',
    )
    report = run(subject_of(world, AnsweringEngine))
    assert ids(report, "error") == ["platform.memory", "platform.env.DATABASE_URL"]


def test_a_variable_that_is_set_to_nothing_is_missing_as_it_is_for_up(world: World) -> None:
    world.file("proj/devbox.toml", '[host]\nenv = ["A"]\n[box]\nimage = "debian"\n')
    world.env["A"] = ""
    assert "platform.env.A" in ids(run(subject_of(world, AnsweringEngine)))
    world.env["A"] = "x"
    assert "platform.env.A" not in ids(run(subject_of(world, AnsweringEngine)))


def test_no_engine_is_a_warning_only_with_a_box_to_launch(world: World) -> None:
    assert "engine.reachable" not in ids(run(subject_of(world)))
    world.file("proj/Dockerfile", "FROM debian:bookworm\n")
    report = run(subject_of(world))
    (finding,) = [one for one in report.findings if one.id == "engine.reachable"]
    assert (finding.severity, finding.hint) == ("warn", "`devbox engine start`")
    assert report.facts["engine"]["version"] is None
    assert "no socket" in report.facts["engine"]["version_reason"]


def test_an_engine_that_answers_is_facts(world: World) -> None:
    engine = run(subject_of(world, AnsweringEngine)).facts["engine"]
    assert (engine["version"], engine["storage_driver"], engine["local"]) == ("26.1.5", "overlay2", True)
    assert engine["cgroup_driver"] is None
    assert engine["cgroup_driver_reason"]


def test_the_builder_is_asked_for_only_where_something_is_built(world: World) -> None:
    subject = subject_of(world, AnsweringEngine)
    assert run(subject).facts["engine"]["builder"] is None
    world.file("proj/Dockerfile", "FROM debian:bookworm\n")
    assert run(subject).facts["engine"]["builder"] == "buildx 0.13.1 (docker)"
    subject.choose_builder = lambda engine: NamedBuilder("classic builder", ("no live cache",), mounts=False)
    engine = run(subject).facts["engine"]
    assert (engine["builder_limits"], engine["buildkit"]) == (["no live cache"], False)


def test_an_engine_that_hangs_costs_a_second(world: World) -> None:
    world.file("proj/Dockerfile", "FROM debian:bookworm\n")
    started = time.monotonic()
    report = run(subject_of(world, lambda: AnsweringEngine(delay=30)))
    assert time.monotonic() - started < 4
    assert "no answer in 1 s" in report.facts["engine"]["version_reason"]
    assert "engine.reachable" in ids(report)


def test_an_engine_that_fails_says_its_own_words(world: World) -> None:
    world.file("proj/Dockerfile", "FROM debian:bookworm\n")
    failing = AnsweringEngine(error=EngineError("permission denied", hint="`sudo usermod -aG docker me`"))
    (finding,) = [one for one in run(subject_of(world, lambda: failing)).findings if one.id == "engine.reachable"]
    assert "permission denied" in finding.message
    assert finding.hint == "`sudo usermod -aG docker me`"


def test_only_what_was_asked_for_runs(world: World) -> None:
    def explode() -> None:
        raise AssertionError("the engine was not asked for")

    world.file("proj/.python-version", "3.11\n")
    report = run(subject_of(world, explode), wanted(["toolchain.python"], []))
    assert [check.id for check in report.checks] == ["toolchain"]
    assert ids(report) == ["toolchain.python.mismatch"]


def test_severity_of_the_team_decides(world: World) -> None:
    world.file("proj/.python-version", "3.11\n")
    world.file("proj/devbox.toml", '[box]\nimage = "debian"\n[policy.severity]\ntoolchain = "warn"\n')
    report = run(subject_of(world, AnsweringEngine))
    assert [(one.id, one.severity) for one in report.findings] == [("toolchain.python.mismatch", "warn")]


def test_the_search_starts_where_the_user_stands_and_paths_are_relative_to_the_project(world: World) -> None:
    world.file("proj/devbox.toml", '[box]\nimage = "debian"\n')
    world.file("proj/.git/HEAD", "ref: refs/heads/main\n")
    world.file("proj/deep/.python-version", "3.12\n")
    world.cwd = "proj/deep"
    report = run(subject_of(world, AnsweringEngine))
    assert report.project_dir == str(world.root / "proj")
    assert report.toolchains[0].declared[0].path == "deep/.python-version"


def test_a_password_in_the_engines_url_is_not_reported(world: World) -> None:
    engine = AnsweringEngine(endpoint=Endpoint("tcp://me:hunter2@example:2375", "DOCKER_HOST"))
    facts = run(subject_of(world, lambda: engine)).facts["engine"]
    assert "hunter2" not in str(facts)
    assert facts["endpoint"].endswith("example:2375")
