"""What the state of a checkout means; the faults themselves are planted in tests/flows/test_seeded_drift.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devbox.core.git_checks import IDS, GitState, Outsider, Setting, judge

CLEAN = GitState("/p")


def ids(state: GitState) -> list[tuple[str, str]]:
    return [(one.id, one.severity) for one in judge(state).findings]


def test_a_clean_checkout_and_no_checkout_have_every_check_and_no_finding() -> None:
    for state in (CLEAN, None):
        judged = judge(state)
        assert judged.findings == ()
        assert [check.id for check in judged.checks] == list(IDS)
        assert all(check.reason is None for check in judged.checks)


def test_an_unread_index_makes_unknown_what_depends_on_it() -> None:
    judged = judge(replace(CLEAN, unread="a sparse index"))
    unknown = [check.id for check in judged.checks if check.reason]
    assert unknown == ["git.version-files", "git.submodules", "git.lfs"]


@pytest.mark.parametrize(
    ("changes", "id", "severity"),
    [
        ({"outsiders": (Outsider(".nvmrc", "ignored"),)}, "git.version-files.nvmrc", "warn"),
        ({"empty_submodules": ("vendored",)}, "git.submodules", "warn"),
        ({"pointers": ("a.bin",)}, "git.lfs", "warn"),
        ({"git_dir": "/gone", "git_dir_missing": True}, "git.worktree", "warn"),
        ({"git_dir": "/main/.git/worktrees/p", "git_dir_in_box": False}, "git.worktree.box", "info"),
        ({"shallow": True}, "git.shallow", "info"),
        ({"foreign_owner": 1001}, "git.owner", "warn"),
        ({"autocrlf": Setting("true", "/home/me/.gitconfig")}, "git.autocrlf", "warn"),
    ],
)
def test_each_fault_is_one_finding_with_a_next_step(changes: dict[str, object], id: str, severity: str) -> None:
    state = replace(CLEAN, **changes)  # type: ignore[arg-type]
    assert ids(state) == [(id, severity)]
    assert "`" in (judge(state).findings[0].hint or "")


@pytest.mark.parametrize("value", ["input", "false", "0"])
def test_a_harmless_autocrlf_is_no_finding(value: str) -> None:
    assert ids(replace(CLEAN, autocrlf=Setting(value, "x"))) == []


def test_gitattributes_that_settle_line_endings_settle_it() -> None:
    assert ids(replace(CLEAN, autocrlf=Setting("true", "x"), line_endings_settled=True)) == []


def test_an_ignored_file_needs_force_and_an_odd_name_quotes() -> None:
    state = replace(CLEAN, outsiders=(Outsider("it's here/.nvmrc", "ignored"),))
    assert judge(state).findings[0].hint == "`git add -f 'it'\\''s here/.nvmrc'`"
