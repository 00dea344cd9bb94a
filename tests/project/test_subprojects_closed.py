"""A folder that cannot be listed is told, not passed over in silence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from devbox.project.subprojects import walk


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "Dockerfile").touch()
    (tmp_path / "closed").mkdir()
    listed = os.scandir

    def scandir(path: Any) -> Any:
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    told: list[str] = []
    assert list(walk(str(tmp_path), lambda: 0.0, told.append)) == [b"open/Dockerfile"]
    assert told == ["closed"]
