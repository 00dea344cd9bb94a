"""PATH, variables and hidden modules."""

from __future__ import annotations

import pytest

from devbox.core.environment_checks import VARIABLES, Environment, Hiding, PathEntry, judge


def findings(environment: Environment, **variables: str) -> list[tuple[str, str]]:
    return [(one.id, one.severity) for one in judge(environment, variables).findings]


def test_an_ordinary_environment_is_no_finding() -> None:
    assert findings(Environment((PathEntry("/usr/bin", "/usr/bin"), PathEntry("/bin", "/usr/bin"))), PATH="x") == []


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (PathEntry("/open", "/open", open_to_others=True), [("env.path.writable", "warn")]),
        (PathEntry("/s", "/s", False, "pyenv", "/usr/bin", ("python",)), [("env.path.order", "info")]),
    ],
)
def test_an_entry_that_misleads(entry: PathEntry, found: list[tuple[str, str]]) -> None:
    assert findings(Environment((entry,))) == found


def test_a_ci_runner_is_nobody_elses_machine() -> None:
    entry = PathEntry("/open", "/open", open_to_others=True)
    assert findings(Environment((entry,)), CI="true") == [("env.path.writable", "info")]


def test_the_same_folder_twice_is_a_note() -> None:
    entry = PathEntry("/a", "/a")
    assert findings(Environment((entry, entry, entry))) == [("env.path.twice", "info")]


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_is_named_and_its_value_is_not(name: str) -> None:
    value = "0" if name == "NODE_TLS_REJECT_UNAUTHORIZED" else "sesame"
    (finding,) = judge(Environment(), {name: value}).findings
    assert (finding.id, finding.severity) == (f"env.variables.{name}", VARIABLES[name][0])
    assert "sesame" not in str(finding)
    assert judge(Environment(), {name: ""}).findings == ()


def test_a_variable_that_changes_nothing_at_its_value_is_no_finding() -> None:
    assert findings(Environment(), NODE_TLS_REJECT_UNAUTHORIZED="1") == []


def test_a_hidden_module_is_a_warning() -> None:
    hiding = Hiding("random.py", "random", "the standard library")
    assert findings(Environment(hiding=(hiding,))) == [("env.shadowing.random", "warn")]


def test_a_folder_that_could_not_be_listed_is_unknown() -> None:
    checks = {one.id: one.reason for one in judge(Environment(unread="too many names"), {}).checks}
    assert checks["env.shadowing"] == "too many names"
