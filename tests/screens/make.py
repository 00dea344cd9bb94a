"""Makes README's screenshots from the real program on the demo project: `python -m tests.screens.make`.

Needs an engine as `devbox demo` does. Nothing is drawn by hand: the three screens run over the real flows, and each
picture is taken when its screen has come to rest.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from devbox.cli.options import GlobalOptions
from devbox.core.events import Event
from devbox.flows import demo_engine
from devbox.flows.box import api as box
from devbox.flows.demo import DemoCopy, copy_demo, remove_copy
from devbox.flows.private_engine import EngineSetup
from devbox.flows.workspace import Workspace
from devbox.host.loopback import fetch
from devbox.resources import demo_folder
from devbox.wiring import build_session, build_workspace, state_dirs

if TYPE_CHECKING:
    from devbox.tui.app import DevboxApp

FOLDER = Path(__file__).parent
SIZE = (112, 30)
DEADLINE = 240.0
T = TypeVar("T")


def yes(question: str, *, detail: str = "", trust: bool = False) -> bool:
    """Whoever runs this script wants the pictures."""
    return not trust


def drain(events: Iterable[Event] | Generator[Event, None, T]) -> T | None:
    """Run a flow to its end, printing what it says; its value."""
    iterator = iter(events)
    while True:
        try:
            print(" ", next(iterator))
        except StopIteration as stop:
            return stop.value


async def until(app: DevboxApp, holds: Callable[[DevboxApp], bool]) -> None:
    """Wait until the screen is as wanted."""
    deadline = time.monotonic() + DEADLINE
    while not holds(app):
        assert time.monotonic() < deadline, "the screen never came to rest"
        await asyncio.sleep(0.1)
    # A repaint or two: the screen draws at most ten times a second.
    await asyncio.sleep(0.5)


async def photograph(workspace: Workspace, copy: DemoCopy) -> None:
    """The three pictures, in the order in which a person would see them."""
    from devbox.tui.app import DevboxApp

    app = DevboxApp(build_session(workspace, mode=None, relay=lambda session: session.exit_code()))

    def take(name: str) -> None:
        (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="devbox"), encoding="utf-8")

    async with app.run_test(size=SIZE) as pilot:
        await until(app, lambda app: bool(app.doctor.rows) and not app.doctor.scanning)
        take("doctor")
        await pilot.press("2")
        await until(app, lambda app: app.current_mode == "box" and app.box.status is not None)
        for _ in range(3):
            fetch(copy.port, "/")
        await until(app, lambda app: app.box.status is not None)
        take("box")
        copy.edit_dependencies(f"for the picture, {time.time()}")
        await pilot.press("R")
        await until(app, lambda app: app.run_view is not None and not app.run_view.running)
        await pilot.press("n")
        await until(app, lambda app: app.current_mode == "build")
        take("build")


def main() -> None:
    """Bring the demo up, take the pictures, clear away."""
    env = dict(os.environ)
    copy = copy_demo(demo_folder(), state_dirs(env))

    def workspace() -> Workspace:
        return build_workspace(directory=copy.root, options=GlobalOptions(trust=""), env=env, ask=yes)

    setup = EngineSetup(ask=yes, env=env)
    drain(demo_engine.have_engine(workspace(), setup, None))
    base = drain(demo_engine.have_base(workspace(), setup))
    assert base
    copy = copy.settle(base=base)
    # Something to show on the first screen: Pythons that no machine has installed yet.
    (copy.root / ".python-version").write_text("3.9.1\n", encoding="utf-8")
    try:
        drain(box.up(workspace()))
        asyncio.run(photograph(workspace(), copy))
    finally:
        drain(box.down(workspace(), volumes=True, images=True))
        remove_copy(copy.root)


if __name__ == "__main__":
    main()
