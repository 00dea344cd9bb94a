"""One report in every format: the same findings at the same places; foreign text stays text (product.md D9)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from devbox.core.check_list import CHECKS
from devbox.core.findings import DoctorReport
from devbox.core.present import UNICODE
from devbox.core.redaction import Redaction
from devbox.report.doctor_github import doctor_github
from devbox.report.doctor_json import doctor_fields
from devbox.report.doctor_markdown import doctor_markdown
from devbox.report.doctor_sarif import doctor_sarif
from devbox.report.doctor_text import doctor_text
from devbox.report.markdown import code, prose, table
from tests.report.doctor_sample import EVIL, HOSTILE, ORDINARY, report

SCHEMA = json.loads((Path(__file__).parents[1] / "data/sarif/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
ADA = Redaction("/home/ada", "ada", "ada-laptop")
Place = tuple[str, str | None, int | None]
"""Id, path and line of a finding."""


def from_json(report: DoctorReport) -> Iterator[Place]:
    for one in json.loads(json.dumps(doctor_fields(report)))["findings"]:
        yield one["id"], one["path"], one["line"]


def from_markdown(report: DoctorReport) -> Iterator[Place]:
    text = doctor_markdown(report, Redaction())
    for id, where in re.findall(r"^- . \*\*\w+\*\* `([^`]+)`(?: at `([^`]+)`)?: ", text, re.MULTILINE):
        path, line = re.fullmatch(r"(.*?)(?::(\d+))?", where).groups()  # type: ignore[union-attr]
        yield id, path or None, int(line) if line else None


def from_github(report: DoctorReport) -> Iterator[Place]:
    def plain(value: str) -> str:
        return value.replace("%2C", ",").replace("%3A", ":").replace("%0A", "\n").replace("%25", "%")

    for line in doctor_github(report).split("\n"):
        match = re.fullmatch(r"::(?:error|warning|notice) ([^:]*)::(.*)", line)
        if match:
            given = {name: plain(value) for name, value in (pair.split("=", 1) for pair in match[1].split(","))}
            outside = re.search(r"\(((?:/|env:)[^()]*?)(?::(\d+))?\)(?:%0A|$)", match[2])
            path = given.get("file") or (plain(outside[1]) if outside else None)
            number = given.get("line") or (outside[2] if outside else None)
            yield given["title"], path, int(number) if number else None


def from_sarif(report: DoctorReport) -> Iterator[Place]:
    for result in doctor_sarif(report, Redaction())["runs"][0]["results"]:
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        if logical := location.get("logicalLocations"):
            path, line = re.fullmatch(r"(.*?)(?::(\d+))?", logical[0]["name"]).groups()  # type: ignore[union-attr]
            inside = path.startswith(("/", "env:"))
            yield result["properties"]["id"], path if inside else None, int(line) if line else None
        else:
            line = physical.get("region", {}).get("startLine")
            yield result["properties"]["id"], unquote(physical["artifactLocation"]["uri"]), line


def from_text(report: DoctorReport) -> Iterator[Place]:
    text = doctor_text(report, UNICODE, verbose=True)
    for id, path, line in re.findall(r"^    id: (\S+)(?: at (.*?)(?::(\d+))?)?$", text, re.MULTILINE):
        yield id, path or None, int(line) if line else None


FORMATS: dict[str, Callable[[DoctorReport], Iterator[Place]]] = {
    "text": from_text, "json": from_json, "markdown": from_markdown, "github": from_github, "sarif": from_sarif,
}  # fmt: skip


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_carries_the_same_findings(format: str) -> None:
    wanted = Counter((one.id, one.origin.path if one.origin else None, one.origin.line if one.origin else None)
                     for one in ORDINARY)  # fmt: skip
    assert Counter(FORMATS[format](report(*ORDINARY))) == wanted


def test_text_says_every_findings_message() -> None:
    text = doctor_text(report(*ORDINARY), UNICODE)
    assert [one.message for one in ORDINARY if one.message not in text] == []


@pytest.mark.parametrize("findings", [(), ORDINARY, HOSTILE], ids=["none", "ordinary", "hostile"])
def test_sarif_is_valid(findings: tuple[Any, ...]) -> None:
    document = json.loads(json.dumps(doctor_sarif(report(*findings), ADA, base="api/"), allow_nan=False))
    jsonschema.Draft4Validator(SCHEMA).validate(document)


def test_sarif_has_a_rule_for_every_check_and_notifies_of_the_unknown() -> None:
    run = doctor_sarif(report(*ORDINARY), ADA)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [check.id for check in CHECKS]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    (unknown,) = run["invocations"][0]["toolExecutionNotifications"]
    assert unknown["associatedRule"]["id"] == "platform.release"
    assert "HOST tells" in unknown["message"]["text"]


def test_sarif_fingerprints_survive_a_moved_line_and_another_version_but_not_another_file() -> None:
    def prints(path: str, line: int, message: str) -> str:
        from tests.report.doctor_sample import finding

        found = report(finding("toolchain.python.mismatch", "toolchain", "error", path, line, message))
        (result,) = doctor_sarif(found, ADA)["runs"][0]["results"]
        return str(result["partialFingerprints"])

    assert prints("a/.tool-versions", 1, "is 3.12") == prints("a/.tool-versions", 9, "is 3.13")
    assert prints("a/.tool-versions", 1, "is 3.12") != prints("b/.tool-versions", 1, "is 3.12")


def test_the_same_finding_twice_has_two_fingerprints() -> None:
    results = doctor_sarif(report(ORDINARY[0], ORDINARY[0]), ADA)["runs"][0]["results"]
    assert len({str(one["partialFingerprints"]) for one in results}) == 2


def test_sarif_paths_are_below_the_checkout_and_encoded() -> None:
    results = doctor_sarif(report(*ORDINARY), ADA, base="services/api/")["runs"][0]["results"]
    assert results[1]["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "services/api/docker/Dockerfile%20dev", "uriBaseId": "%SRCROOT%",
    }  # fmt: skip


def test_sarif_text_makes_no_link() -> None:
    text = doctor_sarif(report(*HOSTILE), ADA)["runs"][0]["results"][0]["message"]["text"]
    assert "](" not in text.replace("\\](", "")


def test_annotations_are_escaped_as_the_toolkit_does() -> None:
    lines = doctor_github(report(*HOSTILE), "api/").split("\n")
    assert len(lines) == len(HOSTILE) + 1, "no foreign line break begins a line"
    assert lines[0].startswith("::error file=api/x|y`")
    assert "file=api/%252e%2C%3Ab,line=3," in lines[1]
    assert not any(line.startswith("##[") for line in lines)
    assert "%25" in lines[0], "a percent sign of the message stays one"


def test_errors_come_first_because_github_shows_ten_of_a_kind() -> None:
    kinds = re.findall(r"^::(\w+)", doctor_github(report(*ORDINARY)), re.MULTILINE)
    assert kinds == ["error", "error", "warning", "warning", "notice"]


@pytest.mark.parametrize("rendered", [doctor_markdown(report(*ORDINARY), ADA), json.dumps(doctor_sarif(
    report(*ORDINARY), ADA))], ids=["markdown", "sarif"])  # fmt: skip
def test_what_leaves_the_machine_names_nobody(rendered: str) -> None:
    assert re.findall(r"\bada\b|/home/", rendered, re.IGNORECASE) == []
    assert "~/bin/python3" in rendered


def test_other_peoples_homes_are_left_out_too_and_common_words_stay() -> None:
    redaction = Redaction("/home/node", "node", "python")
    assert redaction.text("node 20 at /home/node/.nvm, /home/eve/x, /Users/eve: python") == (
        "node 20 at ~/.nvm, ~/x, ~: python"
    )
    assert Redaction("/", "", "").text("/usr/bin/python3 and /rooted") == "/usr/bin/python3 and /rooted"


def test_the_engines_address_is_not_in_markdown() -> None:
    assert "ssh://" not in doctor_markdown(report(), Redaction())


ALLOWED = {
    "heading_open", "heading_close", "inline", "bullet_list_open", "bullet_list_close", "list_item_open",
    "list_item_close", "paragraph_open", "paragraph_close", "table_open", "table_close", "thead_open", "thead_close",
    "tbody_open", "tbody_close", "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close",
    "text", "code_inline", "strong_open", "strong_close",
}  # fmt: skip


def tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


def is_harmless(text: str) -> bool:
    """Nothing but what the report itself writes; outside code no mention, address, issue or workflow command."""
    for token in tokens(text):
        assert token.type in ALLOWED, (token.type, token.content)
        if token.type == "text":
            assert not re.search(r"@\w|https?:|www\.|#\d|##\[", token.content), token.content
    return True


def test_hostile_words_stay_words_in_markdown() -> None:
    text = doctor_markdown(report(*HOSTILE, raw=EVIL), Redaction())
    assert is_harmless(text)
    rows = [token for token in tokens(text) if token.type == "td_open"]
    assert len(rows) == 8 * 3 + 5, "the tables kept their columns"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


@given(st.text(max_size=80))
def test_any_text_as_code_or_prose_is_text(text: str) -> None:
    page = "\n".join([f"- **a**: {prose(text)}", "", *table(("x", "y"), [(code(text, cell=True), "z")])])
    assert is_harmless(page)
    assert len([token for token in tokens(page) if token.type == "td_open"]) == 2


@given(st.text(alphabet="`|\\ a@<*_[]()!~#-.1:", max_size=40))
def test_any_markup_as_code_or_prose_is_text(text: str) -> None:
    test_any_text_as_code_or_prose_is_text.hypothesis.inner_test(text)  # type: ignore[attr-defined]
