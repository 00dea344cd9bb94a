"""What stands before every launch: a readable project, trust, and the project's lock, waited for in sight."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack

from devbox.core.errors import BusyError
from devbox.core.events import Event, Waiting
from devbox.core.labels import project_id
from devbox.flows.box.stopwatch import Stopwatch
from devbox.flows.trust import require_trust
from devbox.flows.workspace import Workspace
from devbox.store.lock import project_lock

_PAUSE = 0.1
_REPORT_EVERY = 1.0


def admit(workspace: Workspace, command: str, watch: Stopwatch) -> Generator[Event, None, ExitStack]:
    """The held lock of a project that may build and run. Raises ConfigError, NotTrustedError, and as `take_lock`."""
    workspace.load_project()  # reading is data only: a broken file is said before anybody is asked for trust
    watch.enter("trust")
    require_trust(workspace)
    watch.enter("lock")
    return (yield from take_lock(workspace, command))


def take_lock(workspace: Workspace, command: str) -> Generator[Event, None, ExitStack]:
    """The held lock, to be used in a `with`. Raises BusyError once `--timeout` passed, Cancelled on a cancel."""
    identity = project_id(str(workspace.root), workspace.uid)
    start = workspace.clock.monotonic()
    reported: float | None = None
    while True:
        stack = ExitStack()
        try:
            stack.enter_context(project_lock(workspace.state, identity, timeout=0, command=f"devbox {command}"))
            return stack
        except BusyError as busy:
            waited = workspace.clock.monotonic() - start
            if workspace.lock_timeout is not None and waited >= workspace.lock_timeout:
                raise
            if reported is None or waited - reported >= _REPORT_EVERY:
                reported = waited
                yield Waiting(f"the project's lock: {busy.summary}", waited)
            workspace.cancel.wait(_PAUSE)
