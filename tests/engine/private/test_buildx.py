"""Which buildx versions can tell their progress as JSON."""

from __future__ import annotations

import pytest

from devbox.engine.private.buildx import is_enough


@pytest.mark.parametrize("version", ["0.13.1+ds1", "v0.13.0", "0.20.0", "1.0.0", "v0.30.1-desktop.1"])
def test_from_0_13_on_it_is_enough(version: str) -> None:
    assert is_enough(version)


@pytest.mark.parametrize("version", ["0.12.5", "v0.9.1", "0.1.3", "", "unknown", "１.0"])
def test_older_and_unreadable_versions_are_not(version: str) -> None:
    assert not is_enough(version)
