"""A project folder with the files that the examples name."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A canonical folder with a Dockerfile, a source file and an .env file."""
    folder = (tmp_path / "fortune").resolve()
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text("pass\n")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / ".env").write_text("FROM_FILE=1\nDEBUG=0\n")
    return folder
