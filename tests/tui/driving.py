"""Driving the app in tests: wait for conditions, read the screen as text, compare with goldens."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from devbox.tui.app import DevboxApp

GOLDENS = Path(__file__).parent / "goldens"
UPDATE = os.environ.get("DEVBOX_UPDATE_GOLDENS") == "1" and not os.environ.get("CI")
SIZES = ((80, 24), (120, 40))


async def until(pilot: Pilot[int], holds: Callable[[], object], *, seconds: float = 10.0) -> None:
    """Wait for a condition, never for time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"never came true: {holds}\n{screen_text(pilot.app)}")
        await pilot.pause()
        await asyncio.sleep(0.005)
    await pilot.pause()


def screen_text(app: DevboxApp) -> str:
    """What is on the screen, as plain text."""
    strips = app.screen._compositor.render_strips()  # textual 8.2: the only way to the rendered text without a terminal
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def check_golden(app: DevboxApp, name: str) -> None:
    """The screen is as it was approved; `DEVBOX_UPDATE_GOLDENS=1` approves it anew (never in CI)."""
    shown = screen_text(app)
    file = GOLDENS / f"{name}.txt"
    if UPDATE:
        GOLDENS.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")
