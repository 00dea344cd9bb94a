"""Another machine's report is read with suspicion, and compared in a few lines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devbox.core.doctor_diff import FACTS, Difference, differ, differences, seen_here, seen_there
from devbox.core.errors import ConfigError
from devbox.core.findings import LAYERS
from devbox.core.redaction import Redaction
from devbox.flows import doctor_against
from devbox.flows.doctor_against import compare, read_other
from devbox.report.doctor_json import doctor_fields
from tests.report.doctor_sample import EVIL, ORDINARY, report

NOBODY = Redaction()


def theirs(**changes: Any) -> dict[str, Any]:
    """The sample's report as the other machine printed it, with changes at dotted paths (`facts__platform__arch`)."""
    fields = json.loads(json.dumps({"schema": "devbox.doctor/1", **doctor_fields(report(*ORDINARY))}))
    for path, value in changes.items():
        *way, last = path.split("__")
        place = fields
        for name in way:
            place = place[int(name) if name.isdecimal() else name]
        place[last] = value
    return fields  # type: ignore[no-any-return]


def against(**changes: Any) -> tuple[Difference, ...]:
    return compare(report(*ORDINARY), theirs(**changes), NOBODY)


def test_the_same_machine_differs_in_nothing() -> None:
    assert against() == ()


def test_what_json_carries_is_what_is_compared() -> None:
    here = report(*ORDINARY)
    assert seen_here(here) == seen_there(json.loads(json.dumps(doctor_fields(here))))


@pytest.mark.parametrize(
    ("changes", "subject", "severity"),
    [
        ({"toolchains__0__host_runs": "3.11.9"}, "python (pyenv) runs", "error"),
        ({"toolchains__0__resolved": "3.11.9"}, "python (pyenv) selects", "error"),
        ({"toolchains__0__container_runs": None}, "python (pyenv) runs in the box", "error"),
        ({"toolchains__0__satisfied": True}, "python (pyenv) pin is met", "warn"),
        ({"facts__platform__arch": "aarch64"}, "architecture", "error"),
        ({"facts__platform__libc": "musl"}, "libc", "error"),
        ({"facts__platform__release": "13"}, "os release", "error"),
        ({"facts__platform__kernel": "6.9"}, "kernel", "info"),
        ({"facts__engine__version": "28.0"}, "engine", "warn"),
        ({"facts__gpu__devices": []}, "gpu 0", "error"),
        ({"layers__code": "drift"}, "layer code", "info"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_difference_is_one_line(changes: dict[str, Any], subject: str, severity: str) -> None:
    (found,) = against(**changes)
    assert (found.subject, found.severity) == (subject, severity)


def test_free_bytes_paths_and_times_are_no_difference() -> None:
    assert against(facts__platform__disk_free=1, toolchains__0__host_path="/elsewhere/python", checks=[]) == ()


def test_what_cannot_be_known_there_is_unknown_and_no_error() -> None:
    (found,) = against(facts__platform__libc=None, facts__platform__libc_reason="no libc tells")
    assert (found.there, found.severity) == ("unknown", "info")


def test_a_fact_that_the_other_devbox_does_not_tell_is_not_compared() -> None:
    there = theirs()
    del there["facts"]["platform"]["libc"]
    assert compare(report(*ORDINARY), there, NOBODY) == ()


def test_a_finding_of_this_machine_alone_matters_one_of_the_other_alone_does_not() -> None:
    other = theirs()
    mine = other["findings"].pop(0)
    other["findings"].append({**mine, "id": "toolchain.ruby.missing", "subject": "ruby"})
    found = {one.subject: one for one in compare(report(*ORDINARY), other, NOBODY)}
    assert found[f"finding {mine['id']}"].severity == "error"
    assert (found["finding toolchain.ruby.missing"].here, found["finding toolchain.ruby.missing"].severity) == (
        "-", "info",
    )  # fmt: skip


def test_worst_first_and_otherwise_in_the_reports_order() -> None:
    found = against(facts__platform__kernel="6.9", facts__engine__version="28", toolchains__0__host_runs="9",
                    facts__platform__arch="arm")  # fmt: skip
    assert [one.subject for one in found] == ["python (pyenv) runs", "architecture", "engine", "kernel"]
    assert differ(found, strict=False)
    assert not differ(found[2:], strict=False)
    assert differ(found[2:], strict=True)


def test_names_of_people_are_left_out_on_both_sides() -> None:
    found = compare(
        report(*ORDINARY), theirs(facts__platform__libc="/home/eve/libc on ada-laptop"),
        Redaction("/home/ada", "ada", "ada-laptop"),
    )  # fmt: skip
    assert found[0].there == "~/libc on HOST"


def test_hostile_values_are_clean_and_short() -> None:
    found = against(toolchains__0__host_runs=EVIL * 50, facts__platform__libc="x" * 100_000)
    for one in found:
        assert one.there.isprintable()
        assert len(one.there) <= 120


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.fixed_dictionaries({}, optional={
    "toolchains": st.lists(st.dictionaries(
        st.sampled_from(["tool", "manager", "project", "declared", "resolved", "host_runs"]), any_json)) | any_json,
    "facts": st.dictionaries(st.sampled_from(["platform", "gpu", "engine"]), st.dictionaries(
        st.sampled_from([*(fact.name for fact in FACTS), "devices"]), any_json) | any_json) | any_json,
    "findings": st.lists(st.dictionaries(st.sampled_from(["id", "severity", "subject", "path", "line"]), any_json)),
    "layers": st.dictionaries(st.sampled_from(LAYERS), any_json) | any_json,
}))  # fmt: skip
def test_a_report_of_any_shape_is_compared(fields: dict[str, Any]) -> None:
    found = differences(seen_here(report(*ORDINARY)), seen_there(fields), NOBODY)
    assert all(one.here != one.there or len(one.here) >= 100 for one in found)


# Reading


def refuse(limit: int) -> bytes:
    raise AssertionError("stdin is for `-`")


def problem(folder: Path, content: bytes) -> ConfigError:
    (folder / "other.json").write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        read_other("other.json", folder, refuse)
    assert raised.value.exit_code == 3
    return raised.value


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "other.json:1:1"),
        (b'{\n "schema": nonsense}', "other.json:2:12"),
        (b'{\n\n "schema": "devbox.status/1"}', "other.json:3"),
        (b'{"schema": "devbox.doctor/2"}', "other.json:1"),
        (b'{"a": 1}', "other.json:1"),
        (b"[]", "other.json:1"),
        (b'{"schema": "devbox.doctor/1",\n"outcome": "error"}', "other.json:2"),
        (b"{}\n\xff", "other.json:2"),
        (b"[" * 5000 + b"]" * 5000, "other.json:1"),
        (b'{"a": ' + b"9" * 5000 + b"}", "other.json:1"),
    ],
    ids=["empty", "no JSON", "another command's", "newer", "no schema", "no object", "failed", "not UTF-8", "deep",
         "huge number"],
)  # fmt: skip
def test_what_is_no_report_is_refused_with_its_place(content: bytes, where: str, tmp_path: Path) -> None:
    assert problem(tmp_path, content).where == where


def test_a_newer_report_says_so(tmp_path: Path) -> None:
    assert "newer devbox" in problem(tmp_path, b'{"schema": "devbox.doctor/2"}').summary


def test_a_report_without_its_parts_names_them(tmp_path: Path) -> None:
    found = problem(tmp_path, b'{"schema": "devbox.doctor/1", "layers": {}, "toolchains": []}')
    assert found.summary.startswith("the report has no facts, no findings;")


def test_content_that_failed_to_parse_is_never_quoted(tmp_path: Path) -> None:
    assert "s3cret" not in str(problem(tmp_path, b'{"token": s3cret}'))


def test_nothing_there_a_folder_and_a_fifo_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name in ("gone", ".", "fifo", "", "a\0b"):
        with pytest.raises(ConfigError):
            read_other(name, tmp_path, refuse)


def test_reading_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_against, "LIMIT", 100)
    assert "too large" in problem(tmp_path, b" " * 101).summary
    with pytest.raises(ConfigError, match="too large"):
        read_other("-", tmp_path, lambda limit: b" " * limit)


def test_stdin_is_a_report_too(tmp_path: Path) -> None:
    data = json.dumps(theirs()).encode()
    assert read_other("-", tmp_path, lambda limit: data[:limit])["schema"] == "devbox.doctor/1"
