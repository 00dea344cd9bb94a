"""What the doctor says to do about version files that nobody can use, and why a pin stays undecided."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devbox.core.checks import Wanted
from devbox.core.rows import rows
from devbox.flows.doctor import run
from devbox.project.reading import Refused
from tests.flows.doctor_subject import subject_of
from tests.flows.toolchain_world import World


@pytest.mark.parametrize("raw", ["lts/*", "latest"])
def test_a_moving_word_is_unknown_with_the_reason(tmp_path: Path, raw: str) -> None:
    made = World(tmp_path)
    made.system("node", "20.1.0")
    made.file("proj/.nvmrc", f"{raw}\n")
    (line,) = [row for row in rows(run(subject_of(made), Wanted(("toolchain",)))) if row.subject == "node"]
    assert (line.status, line.detail) == ("unknown", f"`{raw}` means nothing without nvm")


def test_a_file_that_may_not_be_read_is_to_be_made_readable(tmp_path: Path) -> None:
    made = World(tmp_path)
    made.nvm("v20.1.0")
    made.file("proj/.nvmrc", "20\n").chmod(0)
    if os.access(made.directory / ".nvmrc", os.R_OK):
        pytest.skip("root reads every file")
    report = run(subject_of(made), Wanted(("toolchain", "project")))
    assert {finding.hint for finding in report.findings} == {"make `.nvmrc` readable"}


def test_each_reason_has_its_own_remedy() -> None:
    assert Refused("unreadable").remedy(".nvmrc") == "make `.nvmrc` readable"
    assert Refused("fifo").remedy(".nvmrc") == "replace `.nvmrc` by a regular file, or remove it"
    assert Refused("too-large").remedy(".nvmrc") == "shorten `.nvmrc`, or remove it"
