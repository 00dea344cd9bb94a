"""Where devbox's own files go, and when it refuses a folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from devbox.core.errors import ConfigError, ExhaustedError
from devbox.store.paths import StateDirs, storage_error


def dirs(tmp_path: Path) -> StateDirs:
    return StateDirs.from_environment({}, tmp_path)


def test_defaults_follow_the_xdg_rules() -> None:
    home = Path("/home/ada")
    found = StateDirs.from_environment({}, home)
    assert found.state == home / ".local/state/devbox"
    assert found.cache == home / ".cache/devbox"
    assert found.config == home / ".config/devbox"
    assert found.runtime == home / ".local/state/devbox/run"


def test_variables_win_and_devbox_is_appended() -> None:
    env = {"XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/c", "XDG_CONFIG_HOME": "/k", "XDG_RUNTIME_DIR": "/r"}
    found = StateDirs.from_environment(env, Path("/home/ada"))
    assert (found.state, found.cache, found.config, found.runtime) == (
        Path("/s/devbox"), Path("/c/devbox"), Path("/k/devbox"), Path("/r/devbox"),
    )
    assert found.ledger == Path("/s/devbox/ledger.sqlite3")


def test_an_empty_variable_counts_as_unset() -> None:
    assert StateDirs.from_environment({"XDG_STATE_HOME": ""}, Path("/h")).state == Path("/h/.local/state/devbox")


@pytest.mark.parametrize("value", ["state", "./state", "~/state"])
def test_a_relative_variable_is_refused(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        StateDirs.from_environment({"XDG_STATE_HOME": value}, Path("/h"))
    assert caught.value.path == "env:XDG_STATE_HOME"


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    dirs(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_ensure_makes_private_folders_whatever_the_umask(tmp_path: Path) -> None:
    found = dirs(tmp_path)
    old = os.umask(0o000)
    try:
        folder = found.ensure(found.logs / "one" / "two")
    finally:
        os.umask(old)
    for path in (folder, folder.parent, found.logs, found.state):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert found.ensure(folder) == folder


def test_an_open_folder_of_ours_is_closed(tmp_path: Path) -> None:
    found = dirs(tmp_path)
    found.state.mkdir(parents=True, mode=0o755)
    found.ensure(found.state)
    assert stat.S_IMODE(found.state.stat().st_mode) == 0o700


def test_a_link_in_the_way_is_refused_and_not_followed(tmp_path: Path) -> None:
    found = dirs(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    found.ensure(found.state)
    found.trust.symlink_to(elsewhere)
    with pytest.raises(ConfigError, match="not a folder"):
        found.ensure(found.trust / "deeper")
    assert list(elsewhere.iterdir()) == []


def test_a_file_in_the_way_is_one_clear_error(tmp_path: Path) -> None:
    found = dirs(tmp_path)
    found.state.parent.mkdir(parents=True)
    found.state.write_text("")
    with pytest.raises(ConfigError, match="not a folder"):
        found.ensure(found.trust)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    found = dirs(tmp_path)
    found.state.mkdir(parents=True)
    os.chown(found.state, 12345, 12345)
    with pytest.raises(ConfigError, match="another user"):
        found.ensure(found.trust)


def test_a_foreign_path_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        dirs(tmp_path).ensure(tmp_path / "project")


def test_a_full_disk_is_an_exhausted_resource_with_path_and_remedy() -> None:
    error = storage_error(OSError(28, "No space left on device"), Path("/s/x"))
    assert isinstance(error, ExhaustedError)
    assert error.path == "/s/x"
    assert "/s/x" in error.summary
    assert error.hint is not None
    assert "`df -h`" in error.hint
