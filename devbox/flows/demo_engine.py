"""What the demo needs under it: an engine that answers, and a Debian base image on it.

Takes what is there first, then what a registry has, then what the distribution's archive gives; says which.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator

from devbox.core.errors import DevboxError, EngineError
from devbox.core.events import Event, Note, Waiting
from devbox.engine.connect import resolve_endpoint
from devbox.engine.port import Engine
from devbox.engine.private.base_image import image_name
from devbox.flows import private_engine
from devbox.flows.private_engine import EngineSetup
from devbox.flows.workspace import Workspace

PUBLIC_BASE = "debian:bookworm-slim"
PULL_SILENCE = 20.0
"""Seconds without news after which no registry counts as reachable."""


def have_engine(workspace: Workspace, setup: EngineSetup, flag: str | None) -> Generator[Event, None, bool]:
    """Make sure that an engine answers; returns whether that took starting the private one.

    `flag` is the value of `--engine`: an engine that was named is final. Raises EngineError, NotTrustedError when the
    person declines.
    """
    try:
        workspace.connect()
        return False
    except EngineError as error:
        endpoint = resolve_endpoint(flag, workspace.env, workspace.home, settings=workspace.state.settings)
        if endpoint.source != "default":
            raise
        yield Note(error.summary)
    yield from private_engine.start(setup, wanted="the demo")
    workspace.connect()
    return True


def have_base(workspace: Workspace, setup: EngineSetup) -> Generator[Event, None, str]:
    """A Debian image on the engine; returns its name. Raises EngineError, NotTrustedError."""
    engine = workspace.engine
    for ref in (PUBLIC_BASE, image_name()):
        if engine.image(ref) is not None:
            return ref
    yield Note(f"pulling {PUBLIC_BASE}")
    failure = yield from _pull(workspace, engine)
    if engine.image(PUBLIC_BASE) is not None:
        return PUBLIC_BASE
    yield Note(f"no image registry answers: {failure}")
    yield Note("so the base image is made here, from the distribution's archive")
    return (yield from private_engine.ensure_base_image(setup, engine.endpoint))


def _pull(workspace: Workspace, engine: Engine) -> Generator[Event, None, str]:
    """Pull while there is news; returns why it ended without the image, if it did."""
    news: queue.Queue[str | None] = queue.Queue()
    # A thread of its own: before the first news the engine's reply has no beginning that could be closed.
    threading.Thread(target=_report_pull, args=(engine, news), daemon=True).start()
    clock = workspace.clock
    started = heard = told = clock.monotonic()
    while (now := clock.monotonic()) - heard < PULL_SILENCE:
        workspace.cancel.check()
        try:
            text = news.get(timeout=0.1)
        except queue.Empty:
            continue
        if text is None:
            return "the pull ended without it"
        if text:
            return text
        heard = clock.monotonic()
        if now - told >= 1.0:
            told = now
            yield Waiting(f"{PUBLIC_BASE} to be pulled", now - started)
    return f"no news for {PULL_SILENCE:.0f} s"


def _report_pull(engine: Engine, news: queue.Queue[str | None]) -> None:
    """Put `""` for every message, the reason when the pull fails, None at its end."""
    try:
        for _ in _messages(engine):
            news.put("")
        news.put(None)
    except DevboxError as error:
        news.put(error.detail or error.summary)


def _messages(engine: Engine) -> Iterator[object]:
    stream = engine.pull(PUBLIC_BASE)
    try:
        yield from stream
    finally:
        stream.close()
