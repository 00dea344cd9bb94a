"""Trust records: what is remembered, and what a damaged or foreign record does."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from devbox.core.errors import ConfigError
from devbox.store.paths import StateDirs
from devbox.store.trust import TrustRecord, TrustStore


@pytest.fixture
def dirs(tmp_path: Path) -> StateDirs:
    return StateDirs.from_environment({}, tmp_path)


@pytest.fixture
def store(dirs: StateDirs) -> TrustStore:
    return TrustStore(dirs)


def only_file(dirs: StateDirs) -> Path:
    path, = dirs.trust.iterdir()
    return path


def test_nothing_is_trusted_and_asking_writes_nothing(store: TrustStore, dirs: StateDirs) -> None:
    assert store.find("/p", 1000) is None
    assert store.list() == ()
    assert not dirs.state.exists()


def test_a_granted_folder_is_found_by_path_and_owner_only(store: TrustStore, dirs: StateDirs) -> None:
    store.grant("/home/ada/p", 1000, 1767225600.5)
    assert store.find("/home/ada/p", 1000) == TrustRecord("/home/ada/p", 1000, "2026-01-01T00:00:00Z")
    assert store.find("/home/ada/p", 1001) is None
    assert store.find("/home/ada", 1000) is None
    assert store.find("/home/ada/p/sub", 1000) is None
    assert stat.S_IMODE(only_file(dirs).stat().st_mode) == 0o600


def test_names_that_are_no_text_survive(store: TrustStore) -> None:
    root = os.fsdecode(b"/p/\xff\n\xe2\x80\xae")
    store.grant(root, 0, 0)
    assert [record.root for record in store.list()] == [root]
    assert store.revoke(root, 0)
    assert store.list() == ()


def test_revoking_is_idempotent(store: TrustStore) -> None:
    store.grant("/p", 0, 0)
    assert store.revoke("/p", 0)
    assert not store.revoke("/p", 0)
    assert store.find("/p", 0) is None


@pytest.mark.parametrize("content", [
    b"", b"{", b"[1]", b'{"schema": 1}', b'{"schema": 0, "root": "/p", "owner": 0, "granted": ""}', b"[" * 60_000,
    b'{"schema": 1, "root": "/other", "owner": 0, "granted": ""}',
    b'{"schema": 1, "root": 7, "owner": 0, "granted": ""}',
    b'{"schema": 1, "root": "/p", "owner": true, "granted": ""}', b"\xff\xfe",
])
def test_a_damaged_record_trusts_nobody_and_is_set_aside(dirs: StateDirs, content: bytes) -> None:
    notes: list[str] = []
    store = TrustStore(dirs, note=notes.append)
    store.grant("/p", 0, 0)
    only_file(dirs).write_bytes(content)
    assert store.find("/p", 0) is None
    assert ".corrupt-" in only_file(dirs).name
    assert len(notes) == 1
    store.grant("/p", 0, 0)
    assert store.find("/p", 0) is not None
    assert len(store.list()) == 1


def test_a_newer_record_is_refused_not_guessed(store: TrustStore, dirs: StateDirs) -> None:
    store.grant("/p", 0, 0)
    path = only_file(dirs)
    path.write_text(json.dumps({"schema": 2, "trusted": True}))
    with pytest.raises(ConfigError, match="newer devbox"):
        store.find("/p", 0)
    assert path.exists()


def test_a_record_that_is_a_link_is_refused(store: TrustStore, dirs: StateDirs, tmp_path: Path) -> None:
    store.grant("/p", 0, 0)
    path = only_file(dirs)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError):
        store.find("/p", 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_record_of_another_user_is_refused(store: TrustStore, dirs: StateDirs) -> None:
    store.grant("/p", 0, 0)
    os.chown(only_file(dirs), 12345, 12345)
    with pytest.raises(ConfigError, match="private file"):
        store.find("/p", 0)
