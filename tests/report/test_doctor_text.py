"""The report as text: readable without colour, every problem with its next step, one line of sums."""

from __future__ import annotations

import pytest

from devbox.core.check_list import CHECKS
from devbox.core.checks import checked, wanted
from devbox.core.doctor import Judged, assemble
from devbox.core.doctor_diff import Difference
from devbox.core.facts import Origin
from devbox.core.findings import (
    LAYERS,
    CheckResult,
    CheckStatus,
    Declared,
    DoctorReport,
    Finding,
    Layer,
    ToolchainRow,
)
from devbox.core.present import ASCII, UNICODE, Tone
from devbox.core.project import Policy
from devbox.core.text import cell_width
from devbox.report.doctor_json import doctor_fields
from devbox.report.doctor_text import against_text, check_list, doctor_text
from devbox.report.doctor_words import summary_words


def report() -> DoctorReport:
    finding = Finding(
        "toolchain.python.mismatch",
        "toolchain",
        "runtime",
        "error",
        "python",
        "python is 3.12.4 (/usr/bin/python3), `.python-version:1` pins 3.11",
        "3.11",
        "3.12.4",
        Origin(".python-version", 1),
        "`pyenv install 3.11`",
    )
    row = ToolchainRow(
        "python",
        "pyenv",
        (Declared(".python-version", 1, "3.11"),),
        host_runs="3.12.4",
        host_path="/usr/bin/python3",
        satisfied=False,
        evidence="$ /usr/bin/python3 --version\nPython 3.12.4",
        seconds=0.012,
    )
    checks = (checked("toolchain"), checked("platform.memory", subject="memory", actual="16.0 GiB", origin="psutil"))
    return assemble("/p", [Judged(checks, (finding,))], wanted((), ()), Policy(), toolchains=(row,))


def test_a_problem_says_value_expectation_origin_and_what_to_do() -> None:
    lines = doctor_text(report(), UNICODE).split("\n")
    assert lines[2].split() == ["✗", "python", "3.11", "3.12.4", "drift", "/usr/bin/python3"]
    assert lines[3].strip() == "python is 3.12.4 (/usr/bin/python3), `.python-version:1` pins 3.11"
    assert lines[4].strip() == "hint: `pyenv install 3.11`"
    assert lines[-1] == "✗ 1 error, 0 warnings, 1 ok"


def test_evidence_is_for_those_who_ask() -> None:
    assert "Python 3.12.4" not in doctor_text(report(), UNICODE)
    assert "    | Python 3.12.4 (12 ms)" in doctor_text(report(), UNICODE, verbose=True).split("\n")


def test_ascii_has_no_glyph_beyond_ascii() -> None:
    assert doctor_text(report(), ASCII, verbose=True).isascii()
    assert summary_words(report(), ASCII).startswith("x ")


def test_the_list_of_checks_has_every_id_once() -> None:
    listed = [line.split()[0] for line in check_list().split("\n") if line.startswith("  ")]
    assert sorted(listed) == sorted(check.id for check in CHECKS)
    assert [name for check in CHECKS for name in check.aliases if name not in check_list()] == []


def test_the_list_of_checks_is_grouped_by_layer_in_the_order_of_the_strip() -> None:
    heads = [line for line in check_list().split("\n") if line and not line.startswith(" ")]
    assert heads == [layer.replace("_", " ") for layer in LAYERS if any(check.layer == layer for check in CHECKS)]


def test_json_has_the_same_findings_and_the_contracts_fields() -> None:
    fields = doctor_fields(report())
    assert set(fields) == {"layers", "toolchains", "images", "conflicts", "facts", "findings", "checks", "summary"}
    assert fields["findings"][0] == {
        "id": "toolchain.python.mismatch",
        "check": "toolchain",
        "layer": "runtime",
        "severity": "error",
        "subject": "python",
        "expected": "3.11",
        "actual": "3.12.4",
        "path": ".python-version",
        "line": 1,
        "message": "python is 3.12.4 (/usr/bin/python3), `.python-version:1` pins 3.11",
        "hint": "`pyenv install 3.11`",
    }
    assert fields["summary"] == {"error": 1, "warn": 0, "info": 0, "unknown": 0, "ok": 1}
    assert set(fields["toolchains"][0]) == {
        "tool",
        "manager",
        "declared",
        "resolved",
        "resolved_all",
        "via",
        "host_runs",
        "host_path",
        "container_runs",
        "container_reason",
        "satisfied",
        "error",
        "shadowed_by",
    }


def test_a_pin_with_a_line_break_cannot_write_a_line_of_its_own() -> None:
    row = ToolchainRow(
        "python",
        "mise",
        (Declared("mise.toml", 2, "3.11\n✓ everything is fine"),),
        host_runs="3.12.4",
        satisfied=False,
    )
    found = assemble("/p", [Judged((checked("toolchain"),))], wanted((), ()), Policy(), toolchains=(row,))
    assert not any(line.startswith("✓ everything") for line in doctor_text(found, UNICODE).split("\n"))


def many() -> DoctorReport:
    """Everything at once: what a team of a large repository sees."""
    others = (check for check in CHECKS if check.id != "toolchain")
    checks = tuple(checked(check.id, subject=check.id.replace(".", " "), actual="fine " * 9) for check in others)
    wide = Finding("toolchain.python.mismatch", "toolchain", "runtime", "error", "python", "python is " + "x " * 80,
                   hint="`pyenv install 3.11 && a very long command that must never be broken in the middle`")
    rows = tuple(
        ToolchainRow(tool, "mise", (Declared("mise.toml", 2, "3.11.2 and more"),), host_runs="3.12.4" * 4,
                     host_path="/opt/a/long/path/to/some/folder/bin/" + tool, container_runs=box, satisfied=True)
        for tool, box in (("python", "3.11.9"), ("node", None))
    )  # fmt: skip
    return assemble("/p", [Judged(checks, (wide,))], wanted((), ()), Policy(), toolchains=rows)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("verbose", [False, True])
def test_lines_fit_the_terminal_but_commands_are_never_broken(width: int, verbose: bool) -> None:
    lines = doctor_text(many(), UNICODE, verbose=verbose, width=width).split("\n")
    assert [line for line in lines if cell_width(line) > width and "`" not in line] == []
    assert sum("never be broken in the middle`" in line and "`pyenv install" in line for line in lines) == 1


def test_a_place_that_has_no_column_stands_in_the_sentence() -> None:
    fault = Finding("images.x", "images", "configuration", "warn", "Dockerfile", "sudo in a build", expected="y" * 30,
                    origin=Origin("docker/Dockerfile", 12), actual="x" * 40)  # fmt: skip
    note = Finding("images.y", "images", "configuration", "info", "Dockerfile", "moves", origin=Origin("Dockerfile", 3))
    found = assemble("/p", [Judged((checked("images"),), (fault, note))], wanted((), ()), Policy())
    assert "docker/Dockerfile:12: sudo in a build" in doctor_text(found, UNICODE, width=80)
    assert "docker/Dockerfile:12: sudo" not in doctor_text(found, UNICODE)
    assert "· Dockerfile:3: moves" in doctor_text(found, UNICODE).split("\n")


def test_what_is_ok_and_not_asked_for_is_one_line_a_layer() -> None:
    lines = doctor_text(many(), UNICODE).split("\n")
    assert len([line for line in lines if line.startswith("✓ code ")]) == 1
    assert len(lines) < 25
    assert len(doctor_text(many(), UNICODE, verbose=True).split("\n")) > len(CHECKS)


def test_an_unknown_check_without_a_line_gets_one() -> None:
    found = assemble("/p", [Judged((checked("images", unknown="no Docker Hub"),))], wanted((), ()), Policy())
    assert "? images" in doctor_text(found, UNICODE)
    assert "no Docker Hub" in doctor_text(found, UNICODE)


def test_the_column_of_the_box_is_there_when_it_was_asked() -> None:
    line = next(line for line in doctor_text(many(), UNICODE).split("\n") if line.startswith("✗ python"))
    assert "3.11.9" in line


def test_sub_projects_have_a_column() -> None:
    row = ToolchainRow("node", "nvm", (Declared("web/.nvmrc", 1, "20"),), host_runs="20.1.0", satisfied=True,
                       project="web")  # fmt: skip
    found = assemble("/p", [Judged((checked("toolchain"),))], wanted((), ()), Policy(), toolchains=(row,))
    assert "✓ node  web  20  20.1.0  ok" in doctor_text(found, UNICODE)
    assert doctor_fields(found)["toolchains"][0]["project"] == "web"


def test_differences_are_a_line_each_and_a_line_of_sums() -> None:
    found = (Difference("python (pyenv) runs", "3.12.4", "3.11.7", "error", ".python-version:1"),)
    assert against_text(found, UNICODE).split("\n")[1:] == [
        "✗ python (pyenv) runs  3.12.4  3.11.7  .python-version:1", "✗ 1 difference, 1 that matters"
    ]  # fmt: skip
    assert against_text((), UNICODE) == "✓ no difference"
    assert against_text(found, ASCII, 40).isascii()


def test_wide_letters_do_not_shift_the_columns() -> None:
    checks = (
        checked("platform.memory", subject="記憶", actual="1", origin="here"),
        checked("platform.disk", subject="disk", actual="2", origin="here"),
    )
    found = assemble("/p", [Judged(checks)], wanted((), ()), Policy())
    lines = [line for line in doctor_text(found, UNICODE, verbose=True).split("\n") if line.endswith("here")]
    assert len({cell_width(line) for line in lines}) == 1


def test_a_layer_that_was_not_asked_for_is_not_unknown() -> None:
    check = CheckResult("engine.disk", "system_packages", "unknown", reason="no answer")
    layers: dict[Layer, CheckStatus] = dict.fromkeys(LAYERS, "unknown")
    first = doctor_text(DoctorReport("/p", layers, checks=(check,)), UNICODE).splitlines()[0]
    assert first.count(UNICODE.of(Tone.UNKNOWN)) == 1


def test_quiet_keeps_the_errors_and_the_line_of_sums() -> None:
    done = report()
    lines = doctor_text(done, UNICODE, quiet=True).splitlines()
    assert lines[-1] == summary_words(done, UNICODE)
    glyphs = {line[0] for line in lines[:-1] if not line.startswith(" ")}
    assert glyphs == {UNICODE.of(Tone.ERROR)}
    assert doctor_text(DoctorReport("/p", {}), UNICODE, quiet=True).count("\n") == 0


def test_the_line_of_sums_counts_notes() -> None:
    note = Finding("images.x", "images", "configuration", "info", "Dockerfile", "no digest")
    assert summary_words(DoctorReport("/p", {}, findings=(note,)), ASCII).endswith("0 warnings, 1 note, 0 ok")
