"""The fast reader of machine-written TOML agrees with tomllib wherever it does not leave the file to it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devbox.core.errors import ConfigError
from devbox.project.locks import toml_tables
from devbox.project.locks.toml_tables import _Scanner, _Unusual, read_tables

DATA = Path(__file__).parents[2] / "data" / "locks"
FILES = [DATA / "uv/uv.lock", DATA / "poetry/poetry.lock", DATA / "poetry1/poetry.lock", DATA / "pylock/pylock.toml",
         Path(__file__).parents[3] / "uv.lock"]


def without_artefacts(value: Any) -> Any:
    """A document without what the fast reader drops."""
    if isinstance(value, dict):
        return {key: without_artefacts(item) for key, item in value.items() if key not in toml_tables.ARTEFACTS}
    return [without_artefacts(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_recorded_locks_take_the_fast_way_and_mean_what_tomllib_says(path: Path) -> None:
    text = path.read_text()
    assert without_artefacts(_Scanner(text).document()) == without_artefacts(tomllib.loads(text))


@pytest.mark.parametrize("path", FILES[:4], ids=lambda path: path.parent.name)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_lock_is_refused_or_read_as_tomllib_reads_it(path: Path, data: st.DataObject) -> None:
    text = path.read_text()
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    new = data.draw(st.text(alphabet='[]{}"\'=,.#\\ \nab1-', max_size=3))
    damaged = text[:at] + new + text[at + cut :]
    try:
        fast = _Scanner(damaged).document()
    except _Unusual:
        return
    inside = any(match.start() <= at <= match.end() for match in toml_tables._ARTEFACTS.finditer(damaged))
    try:
        slow = without_artefacts(tomllib.loads(damaged))
    except tomllib.TOMLDecodeError:
        assert inside, "only what an artefact says of itself is not looked at"
        return
    assert without_artefacts(fast) == slow or inside


def test_unusual_toml_is_left_to_tomllib() -> None:
    text = "[[package]]\nname = 'single' # quotes\ndotted.key = 1\n"
    assert read_tables(text.encode(), "x.lock") == tomllib.loads(text)


def test_a_broken_file_is_named_with_its_line() -> None:
    with pytest.raises(ConfigError) as raised:
        read_tables(b'[[package]]\nname = "a"\nname = "b"\n', "x.lock")
    assert (raised.value.path, raised.value.line) == ("x.lock", 3)


def test_an_unusual_file_too_large_for_tomllib_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toml_tables, "SLOW_LIMIT", 10)
    with pytest.raises(ConfigError):
        read_tables(b"name = 'not as a tool writes it'\n", "x.lock")
