"""Lock files whose values are of the wrong kind, one after the other: never an exception."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devbox.core.dependencies.judge import judge
from tests.project.locks.recorded import CASES, examine, lay_out

ODD: tuple[Any, ...] = (None, 3, [], {}, "../../x")
VALUES = ("3", "[]", "{}", '"x"')


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON document but its root."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*path, number))


@pytest.mark.parametrize("case", ["npm1", "npm3"])
def test_every_value_of_a_json_lock_may_be_of_any_kind(case: str, tmp_path: Path) -> None:
    project = lay_out(case, tmp_path / "project")
    lock = project / CASES[case]
    text = lock.read_text()
    for number, path in enumerate(places(json.loads(text))):
        document = json.loads(text)
        inner = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = ODD[number % len(ODD)]
        lock.write_text(json.dumps(document))
        judge([examine(case, project)])


@pytest.mark.parametrize("case", ["uv", "poetry", "poetry1", "pylock", "pnpm6", "pnpm9", "yarn1", "yarn4"])
def test_every_value_of_another_lock_may_be_of_any_kind(case: str, tmp_path: Path) -> None:
    project = lay_out(case, tmp_path / "project")
    lock = project / CASES[case]
    rows = lock.read_text().splitlines()
    for number, row in enumerate(rows):
        changed = re.sub(r"(=|:) ?.*$", rf"\1 {VALUES[number % len(VALUES)]}", row, count=1)
        if changed != row:
            lock.write_text("\n".join([*rows[:number], changed, *rows[number + 1 :]]) + "\n")
            judge([examine(case, project)])


@pytest.mark.parametrize("case", CASES)
def test_a_lock_file_cut_anywhere_is_read_or_refused(case: str, tmp_path: Path) -> None:
    project = lay_out(case, tmp_path / "project")
    lock = project / CASES[case]
    data = lock.read_bytes()
    for end in range(0, len(data), max(1, len(data) // 40)):
        lock.write_bytes(data[:end])
        judge([examine(case, project)])
