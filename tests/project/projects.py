"""Small projects on disk for the tests of this area."""

from __future__ import annotations

from pathlib import Path

import pytest

from devbox.core.errors import DevboxError
from devbox.core.project import Project
from devbox.project.discovery import Discovery, load_project


def load(
    root: Path, text: str, *, mode: str | None = None, env: dict[str, str] | None = None, launching: bool = True
) -> Project:
    """The project of a folder whose devbox.toml is `text`."""
    (root / "devbox.toml").write_text(text, encoding="utf-8")
    discovery = Discovery(root.resolve(), "devbox.toml", "devbox.toml")
    return load_project(discovery, env=env or {}, home=Path("/home/someone"), mode=mode, launching=launching)


def refusal(root: Path, text: str, **options: object) -> DevboxError:
    """The one error of a folder whose devbox.toml is `text`."""
    with pytest.raises(DevboxError) as caught:
        load(root, text, **options)  # type: ignore[arg-type]
    return caught.value
