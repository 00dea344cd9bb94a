"""The memory of contexts' folders on disk: separate by ignore rules, and empty where anything is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devbox.core.context_memory import FolderRecord, SubFolder, packed
from devbox.store.paths import StateDirs
from devbox.store.stat_cache import StatCache

RECORD = FolderRecord(
    packed([("f", 0o644, 1, 2, 3, 4, 5)]), packed(["digest"]), True, ("skipped",),
    (SubFolder("d", 0o755, False, "d1", "s1"),), -1, "d0", "s0", 2,
)


@pytest.fixture
def dirs(tmp_path: Path) -> StateDirs:
    return StateDirs.from_environment({}, tmp_path)


def kept(dirs: StateDirs, context: str = "/project", ignore: str = "") -> StatCache:
    cache = StatCache(dirs)
    memory = cache.memory(context, ignore)
    memory.folders[""] = RECORD
    memory.files["\udcff\n"] = (("f", 0o644, 1, 2, 3, 4, 5), "digest")
    memory.spent = 100.0
    cache.save()
    return cache


def test_what_is_kept_comes_back_as_it_was(dirs: StateDirs) -> None:
    kept(dirs)
    found = StatCache(dirs).memory("/project", "")
    assert found.folders == {"": RECORD}
    assert found.files == {"\udcff\n": (("f", 0o644, 1, 2, 3, 4, 5), "digest")}
    assert found.spent == 0.0


def test_other_folders_and_other_ignore_rules_know_nothing_of_it(dirs: StateDirs) -> None:
    kept(dirs)
    assert not StatCache(dirs).memory("/other", "").folders
    assert not StatCache(dirs).memory("/project", "*.log").folders


def test_what_is_learned_again_faster_than_written_is_not_written(dirs: StateDirs) -> None:
    cache = StatCache(dirs)
    cache.memory("/project", "").spent = 0.0
    cache.save()
    assert not (dirs.cache / "stat").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(0, 255), st.booleans())
def test_a_damaged_file_is_an_empty_memory(dirs: StateDirs, at: int, byte: int, cut: bool) -> None:
    kept(dirs)
    file = next((dirs.cache / "stat").iterdir())
    whole = file.read_bytes()
    at %= len(whole)
    damaged = whole[:at] if cut else whole[:at] + bytes((byte,)) + whole[at + 1 :]
    file.write_bytes(damaged)
    assert StatCache(dirs).memory("/project", "").folders == ({"": RECORD} if damaged == whole else {})


def test_a_folder_that_can_not_be_written_is_no_error(dirs: StateDirs) -> None:
    dirs.ensure(dirs.cache)
    (dirs.cache / "stat").write_text("in the way")
    kept(dirs)
    assert not StatCache(dirs).memory("/project", "").folders
