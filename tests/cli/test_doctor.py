"""`devbox doctor` as a program: streams, JSON, exit codes, selection."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devbox import __version__
from devbox.cli.doctor_formats import SUMMARY_LIMIT, append_summary
from devbox.core.check_list import CHECKS
from devbox.core.findings import LAYERS
from devbox.engine.port import Endpoint
from tests.flows.toolchain_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.system("python", "3.12.4")
    made.env["XDG_STATE_HOME"] = str(tmp_path / "state")
    return made


def doctor(world: World, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "devbox", "doctor", *arguments],
        cwd=world.directory,
        capture_output=True,
        text=True,
        env={**world.environment(), "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        timeout=60,
        check=False,
        input=input,
    )


def as_json(world: World, *arguments: str) -> tuple[int, Any]:
    run = doctor(world, "--json", *arguments)
    return run.returncode, json.loads(run.stdout)


def test_the_json_object_is_the_contracts(world: World) -> None:
    world.file("proj/.python-version", "3.11\n")
    code, report = as_json(world)
    assert code == 1
    assert (report["schema"], report["devbox"], report["outcome"]) == ("devbox.doctor/1", __version__, "findings")
    assert report["project_dir"] == str(world.directory)
    assert list(report["layers"]) == list(LAYERS)
    assert set(report["facts"]) == {"platform", "gpu", "engine"}
    assert {check["status"] for check in report["checks"]} <= {"ok", "drift", "unknown"}
    assert all(check["reason"] for check in report["checks"] if check["status"] == "unknown")


def test_json_is_ascii_whatever_a_file_holds(world: World) -> None:
    world.file("proj/.python-version", "3.11-ünïcode\u202e\x1b[31m\n")
    run = doctor(world, "--json")
    assert run.stdout.isascii()
    assert json.loads(run.stdout)["toolchains"][0]["declared"][0]["raw"].startswith("3.11-ünïcode")


def test_text_never_lets_an_escape_sequence_through(world: World) -> None:
    world.file("proj/.python-version", "3.11\x1b]0;pwned\x07\x1b[2J\n")
    assert "\x1b" not in doctor(world, "-v").stdout


def test_text_and_json_say_the_same(world: World) -> None:
    world.file("proj/.python-version", "3.11\n")
    _, report = as_json(world)
    text = doctor(world).stdout
    assert [one["message"] for one in report["findings"] if one["message"] not in text] == []
    hints = [(one["hint"], doctor(world, "-v").stdout if one["severity"] == "info" else text)
             for one in report["findings"] if one["hint"]]  # fmt: skip
    assert [hint for hint, shown in hints if hint not in shown] == [], "notes have theirs with -v"


def test_a_clean_directory_ends_with_zero(world: World) -> None:
    run = doctor(world)
    assert (run.returncode, run.stderr) == (0, "")
    assert "0 errors, 0 warnings" in run.stdout


def test_strict_makes_a_warning_fail(world: World) -> None:
    world.file("proj/Dockerfile", "FROM debian:bookworm\nUSER nobody\n")
    world.env["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    assert doctor(world).returncode == 0
    assert doctor(world, "--strict").returncode == 1
    assert doctor(world, "--strict", "--skip", "engine").returncode == 0


def test_only_and_skip_take_ids_and_prefixes(world: World) -> None:
    _, report = as_json(world, "--only", "platform.memory,platform.disk", "--skip", "platform.disk")
    assert [check["id"] for check in report["checks"]] == ["platform.memory"]


def test_the_list_of_checks_needs_no_project(world: World) -> None:
    world.file("proj/devbox.toml", "[broken")
    shown = doctor(world, "--list-checks").stdout
    assert [check.id for check in CHECKS if f"  {check.id} " not in shown] == []
    code, listed = as_json(world, "--list-checks")
    assert (code, len(listed["checks"])) == (0, len(CHECKS))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--only", "nonsense"], ["--format", "odd"], ["--json", "--format", "sarif"], ["--against"],
        ["--against", "x", "--format", "sarif"], ["--against", "x", "--format", "github"],
    ],
)
def test_what_does_not_exist_or_fit_together_is_wrong_usage(arguments: list[str], world: World) -> None:
    run = doctor(world, *arguments)
    assert run.returncode == 2
    assert run.stderr.startswith("devbox: error: ")


def test_format_json_is_the_same_as_json(world: World) -> None:
    assert json.loads(doctor(world, "--format", "json").stdout)["schema"] == "devbox.doctor/1"


def places(world: World, format: str) -> list[tuple[str, str | None]]:
    """Ids and lines of the findings that the program prints in a format."""
    out = doctor(world, "--format", format).stdout
    if format == "json":
        return [(one["id"], one["line"] and str(one["line"])) for one in json.loads(out)["findings"]]
    if format == "sarif":
        results = json.loads(out)["runs"][0]["results"]
        regions = [one["locations"][0]["physicalLocation"].get("region") for one in results]
        return [(one["properties"]["id"], region and str(region["startLine"]))
                for one, region in zip(results, regions, strict=True)]  # fmt: skip
    if format == "github":
        return re.findall(r"^::\w+ (?:file=[^,]*,(?:line=(\d+),)?)?(?:col=\d+,)?title=([^:]*)::", out, re.MULTILINE)
    return re.findall(r"^- . \*\*\w+\*\* `([^`]+)`(?: at `[^`]*?(?::(\d+))?`)?: ", out, re.MULTILINE)


def test_every_format_prints_the_same_findings(world: World) -> None:
    world.file("proj/.python-version", "# team\n3.11\n")
    world.file("proj/Dockerfile", "FROM python:3.9-slim\n")
    wanted = sorted((id, line or "") for id, line in places(world, "json"))
    assert len(wanted) >= 3
    for format in ("markdown", "sarif"):
        assert sorted((id, line or "") for id, line in places(world, format)) == wanted
    assert sorted((id, line or "") for line, id in places(world, "github")) == wanted


def test_annotations_are_below_the_workspace_and_the_summary_is_appended(world: World, tmp_path: Path) -> None:
    world.file("proj/.python-version", "3.11\n::error::pwned\n")
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    world.env |= {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path), "GITHUB_STEP_SUMMARY": str(summary)}
    run = doctor(world, "--format", "github")
    assert run.returncode == 1
    assert "::error file=proj/.python-version,line=1,title=toolchain.python." in run.stdout
    assert not re.search(r"^::error::pwned", run.stdout, re.MULTILINE)
    assert summary.read_text().startswith("before\n### devbox doctor: ")


@pytest.mark.parametrize("kind", ["missing", "link", "folder"])
def test_a_summary_that_is_no_file_of_the_ci_is_not_written(kind: str, world: World, tmp_path: Path) -> None:
    place, other = tmp_path / "summary.md", tmp_path / "other.md"
    other.write_text("mine\n")
    if kind == "link":
        place.symlink_to(other)
    elif kind == "folder":
        place.mkdir()
    world.env |= {"GITHUB_STEP_SUMMARY": str(place)}
    run = doctor(world, "--format", "github")
    assert (run.returncode, other.read_text()) == (0, "mine\n")
    assert "the job summary was not written" in run.stderr
    assert place.exists() == (kind != "missing")


def test_a_report_stays_below_the_size_of_a_summary(tmp_path: Path) -> None:
    place = tmp_path / "summary.md"
    place.write_text("x" * 999_000)
    assert append_summary(str(place), "line\n" * 1000) is None
    assert place.stat().st_size <= SUMMARY_LIMIT
    assert place.read_text().endswith("1 MiB)\n")


def test_against_its_own_report_nothing_differs_and_another_versions_is_an_error(world: World, tmp_path: Path) -> None:
    world.file("proj/.python-version", "3.12\n")
    mine = tmp_path / "mine.json"
    mine.write_text(doctor(world, "--json").stdout)
    same = doctor(world, "--against", str(mine))
    assert (same.returncode, same.stdout) == (0, "✓ no difference\n")
    world.system("python", "3.12.9")
    other = doctor(world, "--against", str(mine))
    assert other.returncode == 1
    assert re.search(r"✗ python \(pyenv\) runs +3\.12\.9 +3\.12\.4 +\.python-version:1", other.stdout)
    code, fields = as_json(world, "--against", str(mine))
    assert (code, fields["outcome"]) == (1, "findings")
    assert fields["against"][0] == {
        "subject": "python (pyenv) runs", "here": "3.12.9", "there": "3.12.4", "path": ".python-version:1",
        "severity": "error",
    }  # fmt: skip
    piped = doctor(world, "--against", "-", "--format", "markdown", input=mine.read_text())
    assert piped.returncode == 1
    assert "| error | `python (pyenv) runs` | `3.12.9` | `3.12.4` | `.python-version:1` |" in piped.stdout


def test_against_what_is_no_report_is_invalid_input_with_its_line(world: World) -> None:
    world.file("proj/other.json", "{\n oops")
    run = doctor(world, "--against", "other.json")
    assert run.returncode == 3
    assert run.stderr.startswith("devbox: error: not JSON; ")
    assert "(other.json:2:2)" in run.stderr.splitlines()[0]
    code, fields = as_json(world, "--against", "other.json")
    assert (code, fields["error"]["path"], fields["error"]["line"]) == (3, "other.json", 2)


def test_recursive_reports_sub_projects_in_the_same_json(world: World) -> None:
    world.file("proj/.python-version", "3.12\n")
    world.file("proj/api/.python-version", "3.11\n")
    code, report = as_json(world, "--recursive")
    rows = {row["project"]: row["declared"][0]["path"] for row in report["toolchains"]}
    assert (code, rows) == (1, {".": ".python-version", "api": "api/.python-version"})
    assert doctor(world, "--recursive", "--only", "engine").returncode == 0


def test_help_teaches_with_examples_that_work(world: World) -> None:
    shown = doctor(world, "--help").stdout
    examples = [re.split(r"  +| > ", line.strip())[0].split()[2:] for line in shown.splitlines()
                if line.startswith("  devbox doctor")]  # fmt: skip
    assert len(examples) >= 6
    assert [example for example in examples if doctor(world, *example).returncode != 0] == []
    assert max(len(line) for line in shown.splitlines()) <= 120


def test_a_broken_devbox_toml_is_a_finding_and_not_the_end(world: World) -> None:
    world.file("proj/devbox.toml", "[broken")
    code, report = as_json(world)
    assert code == 1
    assert [one["id"] for one in report["findings"] if one["severity"] == "error"] == ["project.config"]
    assert report["facts"]["platform"]["arch"]


def test_a_package_of_the_project_cannot_shadow_devboxs_own(world: World) -> None:
    for name in ("json.py", "psutil.py", "devbox.py", "packaging.py"):
        world.file(f"proj/{name}", f"open({str(world.root / 'canary')!r}, 'w')\nraise SystemExit(99)\n")
    assert doctor(world).returncode == 0
    assert not (world.root / "canary").exists()


@pytest.mark.engine
def test_a_real_engine_is_reported_with_its_version_and_builder(
    docker_endpoint: Endpoint, cli_env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:bookworm-slim\n")
    env = {**cli_env, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "devbox", "doctor", "--json", "--only", "engine"],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    engine = json.loads(done.stdout)["facts"]["engine"]
    assert (done.returncode, engine["reachable"], engine["endpoint"]) == (0, True, docker_endpoint.url)
    assert engine["version"]
    assert engine["builder"].startswith("buildx ")
