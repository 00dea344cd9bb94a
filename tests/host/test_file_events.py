"""Changes of files as the system tells them: what is told, what is not, and that nothing is looked at meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devbox.host import file_events as module
from devbox.host.file_events import Unwatchable, file_events
from tests.waiting import wait_until


class Watcher:
    """Reads the events in a thread."""

    def __init__(self, folders: list[Path], wanted: Callable[[str, bool], bool] = lambda path, came: True) -> None:
        self.stop = threading.Event()
        self.groups: list[frozenset[str]] = []
        self._events = file_events(map(str, folders), wanted, self.stop)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        wait_until(lambda: self.groups)

    def _read(self) -> None:
        for group in self._events:
            self.groups.append(group)

    @property
    def names(self) -> set[str]:
        return {os.path.basename(path) for group in self.groups for path in group}

    def end(self) -> None:
        self.stop.set()
        self._thread.join(5)
        assert not self._thread.is_alive()


def test_what_changes_comes_or_goes_directly_in_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "old").touch()
    watcher = Watcher([tmp_path])
    (tmp_path / "below" / "deep").write_text("x")
    (tmp_path / "new").write_text("x")
    (tmp_path / "old").unlink()
    wait_until(lambda: {"new", "old"} <= watcher.names)
    assert "deep" not in watcher.names
    watcher.end()


def test_the_caller_says_what_counts(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    asked: list[tuple[str, bool]] = []

    def wanted(path: str, came_or_went: bool) -> bool:
        asked.append((os.path.basename(path), came_or_went))
        return path.endswith("kept")

    watcher = Watcher([tmp_path], wanted)
    (tmp_path / "other").touch()
    (tmp_path / "kept").write_text("x")
    wait_until(lambda: "kept" in watcher.names)
    assert "other" not in watcher.names
    assert ("other", True) in asked
    assert ("kept", False) in asked
    watcher.end()


def test_nothing_is_looked_at_between_two_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher([tmp_path])
    looked = count_looks(monkeypatch)
    seen = len(watcher.groups)
    wait_until(lambda: len(watcher.groups) >= seen + 2)
    assert looked == []
    watcher.end()


def count_looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on every call that looks at a file or folder, by name."""
    looked: list[str] = []
    me = threading.current_thread()
    for name in ("stat", "lstat", "scandir", "listdir", "open", "readlink"):
        real = getattr(os, name)

        def counted(*args: Any, _real: Any = real, _name: str = name, **kwargs: Any) -> Any:
            if threading.current_thread() is not me:
                looked.append(_name)
            return _real(*args, **kwargs)

        monkeypatch.setattr(os, name, counted)
    return looked


def test_where_nothing_can_be_watched_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unwatchable, match="no folder is there"):
        next(file_events([str(tmp_path / "gone")], lambda path, came: True, threading.Event()))
    monkeypatch.setattr(module, "MOST", 0)
    with pytest.raises(Unwatchable, match="1 folders"):
        next(file_events([str(tmp_path)], lambda path, came: True, threading.Event()))


def test_it_ends_at_once(tmp_path: Path) -> None:
    watcher = Watcher([tmp_path])
    started = time.monotonic()
    watcher.end()
    assert time.monotonic() - started < 2
