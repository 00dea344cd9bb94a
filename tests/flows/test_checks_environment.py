"""Who may read a file, as the group of environment checks sees it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from devbox.flows.checks.environment import _open_to_others


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "open_to_others"),
    [(0o755, 0o644, True), (0o755, 0o640, False), (0o700, 0o644, False), (0o711, 0o604, True)],
)
def test_every_folder_on_the_way_must_let_others_through(
    folder_mode: int, file_mode: int, open_to_others: bool
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        path = Path(name, "deep", ".env")
        path.parent.mkdir(mode=0o755)
        path.write_text("A=1\n")
        path.chmod(file_mode)
        Path(name).chmod(folder_mode)
        assert _open_to_others(str(path)) is open_to_others


def test_a_file_that_is_gone_is_open_to_nobody(tmp_path: Path) -> None:
    assert not _open_to_others(str(tmp_path / "gone"))
