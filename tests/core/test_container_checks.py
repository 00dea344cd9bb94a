"""The third column beside the pins."""

from __future__ import annotations

from devbox.core.container_checks import Inside, Told, fill, judge
from devbox.core.findings import Declared, ToolchainRow
from devbox.core.pins import Pin
from devbox.core.version import prefix_range

TWELVE = Inside({"python": Told("/usr/bin/python3", "3.12.4", "Python 3.12.4")})


def pin(raw: str, tool: str = "python", line: int = 1) -> Pin:
    return Pin(tool, Declared(".python-version", line, raw), prefix_range(raw))


def test_a_pin_that_the_box_does_not_meet_is_one_error_with_its_origin() -> None:
    (finding,) = judge(TWELVE, [pin("3.12"), pin("3.11", line=2), pin("3.10", line=3)]).findings
    assert (finding.id, finding.severity, finding.expected, finding.actual) == (
        "container.python", "error", "3.11", "3.12.4"
    )  # fmt: skip
    assert str(finding.origin) == ".python-version:2"


def test_a_met_pin_a_moving_word_and_another_tool_are_no_finding() -> None:
    assert judge(TWELVE, [pin("3.12"), pin("lts/*"), pin("20", "node")]).findings == ()


def test_a_box_that_does_not_run_drifts_from_nothing_and_one_that_was_not_asked_is_unknown() -> None:
    assert judge(Inside(reason="the box is not running", nothing_runs=True), [pin("3.11")]).checks[0].reason is None
    assert judge(Inside(reason="not trusted"), [pin("3.11")]).checks[0].reason == "not trusted"


def test_every_row_has_a_version_or_a_reason() -> None:
    rows = [ToolchainRow("python", "pyenv"), ToolchainRow("node", "nvm")]
    python, node = fill(rows, TWELVE)
    assert (python.container_runs, python.container_reason) == ("3.12.4", None)
    assert (node.container_runs, node.container_reason) == (None, "the box has no node outside its mounts")
    assert {row.container_reason for row in fill(rows, Inside(reason="no engine"))} == {"no engine"}
