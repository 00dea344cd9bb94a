"""The fast readers of indented lock files, beside PyYAML and beside what they were made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from devbox.project.locks.block_text import UnusualLine, read_blocks, read_yarn1

DATA = Path(__file__).parents[2] / "data" / "locks"
YAML_FILES = [DATA / case / name for case, name in (
    ("pnpm6", "pnpm-lock.yaml"), ("pnpm9", "pnpm-lock.yaml"), ("yarn3", "yarn.lock"), ("yarn4", "yarn.lock"))]


def as_text(text: str) -> Any:
    """PyYAML's document with every scalar as it is written."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return tuple(map(plain, value)) if isinstance(value, list) else value

    return plain(yaml.load(text, Loader=yaml.BaseLoader))


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.parent.name)
def test_recorded_locks_mean_what_pyyaml_says(path: Path) -> None:
    text = path.read_text()
    assert read_blocks(text) == as_text(text)


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.parent.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_lock_is_refused_or_read_as_pyyaml_reads_it(path: Path, data: st.DataObject) -> None:
    text = path.read_text()[:3000]
    text = text[: text.rfind("\n") + 1]
    at = data.draw(st.integers(0, len(text)))
    new = data.draw(st.text(alphabet="[]{}\"':,-#\n ab1", max_size=2))
    damaged = text[:at] + new + text[at + data.draw(st.integers(0, 2)) :]
    try:
        fast = read_blocks(damaged)
    except UnusualLine:
        return
    try:
        slow = as_text(damaged)
    except yaml.YAMLError:
        return  # PyYAML may be the stricter one: nothing of it is shown, and the tool itself will say so
    assert fast == slow


def test_a_block_scalar_is_skipped_and_what_follows_is_read() -> None:
    text = "a:\n  deprecated: |-\n    two: lines\n\n    of text\n  b: c\nd: e\n"
    assert read_blocks(text) == {"a": {"deprecated": "", "b": "c"}, "d": "e"}


def test_a_long_key_in_its_own_notation() -> None:
    assert read_blocks('? "a, b"\n:\n  version: 1.0.0\n') == {"a, b": {"version": "1.0.0"}}


@pytest.mark.parametrize("text", ["a: b\na: c\n", "a: *x\n", "a: &x b\n", "a:\n   b: c\n  d: e\n", "a\n", "\ta: b\n"],
                         ids=["duplicate", "alias", "anchor", "ragged", "no-colon", "tab"])
def test_what_no_tool_writes_is_unusual(text: str) -> None:
    with pytest.raises(UnusualLine):
        read_blocks(text)


_NAMES = st.from_regex(r"\A(?:@[a-z]{1,5}/)?[a-z][a-z0-9.-]{0,8}\Z")
_RANGES = st.sampled_from(["^1.0.0", "~2", "1.2.3", ">=1 <2", "*", "npm:other@^1.0.0", "1 || 2", ""])
_ENTRIES = st.dictionaries(
    st.tuples(_NAMES, _RANGES).map(lambda pair: f"{pair[0]}@{pair[1]}"),
    st.tuples(st.from_regex(r"\A[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\Z"), st.dictionaries(_NAMES, _RANGES, max_size=3)),
    max_size=5,
)


def quoted(word: str) -> str:
    """As yarn 1 writes a word: quoted where it must be (yarnpkg/yarn `stringify.js`, `shouldWrapKey`)."""
    bare = word and word[0].isalpha() and not any(sign in word for sign in ' :,"\\[]') and word not in ("true", "false")
    return word if bare else json.dumps(word)


@given(_ENTRIES)
def test_what_yarn_1_writes_is_read_back(entries: dict[str, tuple[str, dict[str, str]]]) -> None:
    rows = ["# yarn lockfile v1", "", ""]
    for key, (version, dependencies) in entries.items():
        rows += [f"{quoted(key)}:", f'  version "{version}"']
        if dependencies:
            rows += ["  dependencies:"]
            rows += [f"    {quoted(name)} {json.dumps(spec)}" for name, spec in dependencies.items()]
        rows.append("")
    expected = {
        key: {"version": version, **({"dependencies": dependencies} if dependencies else {})}
        for key, (version, dependencies) in entries.items()
    }
    assert read_yarn1("\n".join(rows)) == expected


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_line(text: str) -> None:
    for reader in (read_blocks, read_yarn1):
        try:
            reader(text)
        except UnusualLine as error:
            line = error.line
        else:
            line = 1
        assert 1 <= line <= text.count("\n") + 2
