"""Ready means ready (X6): waiting for one service, and saying which one did not come up, why, and its last lines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from devbox.core.desired import DesiredContainer
from devbox.core.errors import NotReadyError
from devbox.core.events import Event, Waiting
from devbox.core.text import duration
from devbox.engine.port import ContainerInfo
from devbox.flows.box.last_words import last_words
from devbox.flows.box.probes import Probe, make_probe
from devbox.flows.box.stopwatch import Deadline
from devbox.flows.workspace import Workspace

SETTLE = 0.4
"""Seconds for which a service without a probe must stay up."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.04, 0.5
_REPORT_EVERY = 1.0
_FAIR = 1.0
"""Seconds that an attempt needs for its answer to count as one."""


def wait_ready(workspace: Workspace, wanted: DesiredContainer, id: str, deadline: Deadline) -> Iterator[Event]:
    """Wait until the service is ready, or without a probe until it has stayed up for a moment.

    Raises NotReadyError when it ends, or does not get ready within its own timeout and what is left of `--timeout`.
    """
    info = require_running(workspace, wanted.service, id)
    if wanted.ready is None:
        yield from _settle(workspace, wanted.service, id)
        return
    # The end of its last run, not the start of this one: engines note the start after the process may have spoken.
    probe = make_probe(workspace.engine, id, wanted.ready, info.finished_at, workspace.cancel)
    with contextlib.closing(probe):
        yield from _poll(workspace, wanted, id, probe, deadline)


def require_running(workspace: Workspace, service: str, id: str) -> ContainerInfo:
    """The container, which must run; raises NotReadyError with its exit code and last lines otherwise."""
    info = workspace.engine.container(id)
    if info is None:
        raise NotReadyError(f"{service} is gone: something else removed its container", hint="`devbox up`")
    if info.state == "running":
        return info
    how = f"exited with code {info.exit_code}" if info.exit_code is not None else f"is {info.state}"
    raise NotReadyError(
        f"{service} {how} as soon as it started" if _short_lived(info) else f"{service} {how}",
        detail=last_words(workspace, id), hint=f"`devbox logs {service}` shows all of its output",
    )


def _short_lived(info: ContainerInfo) -> bool:
    """Whether it ended within the minute it started in: no clock needed to call that at once."""
    return bool(info.started_at and info.finished_at and info.started_at[:16] == info.finished_at[:16])


def _settle(workspace: Workspace, service: str, id: str) -> Iterator[Event]:
    end = workspace.clock.monotonic() + SETTLE
    while workspace.clock.monotonic() < end:
        workspace.cancel.wait(SETTLE / 4)
        require_running(workspace, service, id)
    yield from ()


def _poll(
    workspace: Workspace, wanted: DesiredContainer, id: str, probe: Probe, deadline: Deadline
) -> Iterator[Event]:
    ready = wanted.ready
    assert ready is not None
    clock = workspace.clock
    start = reported = clock.monotonic()
    limit = ready.timeout if deadline.left is None else min(ready.timeout, deadline.left)
    what = f"{wanted.service} to be ready ({ready.words})"
    pause = _FIRST_PAUSE
    why = ""
    while True:
        left = max(limit - (clock.monotonic() - start), 0.05)
        answer = probe.ask(left)
        if answer is None:
            return
        # The last attempt may be cut short: what an earlier one said tells more.
        why = answer if left >= _FAIR or not why else why
        require_running(workspace, wanted.service, id)
        waited = clock.monotonic() - start
        if waited >= limit:
            raise _too_late(workspace, wanted, id, waited, why)
        if clock.monotonic() - reported >= _REPORT_EVERY:
            reported = clock.monotonic()
            yield Waiting(what, waited)
        workspace.cancel.wait(min(pause, max(limit - waited, 0.01)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _too_late(workspace: Workspace, wanted: DesiredContainer, id: str, waited: float, why: str) -> NotReadyError:
    ready = wanted.ready
    assert ready is not None
    return NotReadyError(
        f"{wanted.service} is not ready after {duration(waited)}: {ready.words}: {why}",
        detail=last_words(workspace, id),
        hint=f"`devbox logs {wanted.service}` shows its output; `timeout` in its `ready` table gives it longer",
        path=ready.origin.path if ready.origin else None, line=ready.origin.line if ready.origin else None,
    )
