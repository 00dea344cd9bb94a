"""Hooks inside a service: `create` once in each container, `start` at each start."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Literal

from devbox.core.desired import DesiredContainer
from devbox.core.errors import EngineError, NotReadyError
from devbox.core.events import Event, ServiceLog
from devbox.core.text import LineSplitter, clean_block
from devbox.engine.port import ExecSpec
from devbox.flows.box.create import mark_prepared
from devbox.flows.box.ready import require_running
from devbox.flows.box.stopwatch import Deadline
from devbox.flows.workspace import Workspace

Hook = Literal["create", "start"]
_TAIL = 20


def run_hooks(
    workspace: Workspace, wanted: DesiredContainer, id: str, which: Hook, deadline: Deadline
) -> Iterator[Event]:
    """Run them in order, their output as log lines. Raises NotReadyError at the first that fails."""
    for command in wanted.hooks.create if which == "create" else wanted.hooks.start:
        yield from _run(workspace, wanted.service, id, which, command, deadline)
    if which == "create":
        mark_prepared(workspace.engine, id, wanted.hooks_digest)


def _run(
    workspace: Workspace, service: str, id: str, which: str, command: str, deadline: Deadline
) -> Iterator[Event]:
    try:
        session = workspace.engine.exec(id, ExecSpec(("sh", "-c", command)))
    except EngineError:
        require_running(workspace, service, id)
        raise
    timer = threading.Timer(deadline.left or 0.01, session.close) if deadline.left is not None else None
    splitters = {"stdout": LineSplitter(), "stderr": LineSplitter()}
    tail: list[bytes] = []
    with workspace.cancel.closing(session.close):
        if timer:
            timer.daemon = True
            timer.start()
        try:
            for chunk in session:
                for line in splitters[chunk.stream].feed(chunk.data):
                    tail = [*tail[1 - _TAIL :], line]
                    yield ServiceLog(service, line, stream=chunk.stream)
            for name, splitter in splitters.items():
                for line in splitter.flush():
                    tail = [*tail[1 - _TAIL :], line]
                    yield ServiceLog(service, line, stream="stderr" if name == "stderr" else "stdout")
            late = deadline.passed
            code = None if late else session.exit_code()
        finally:
            if timer:
                timer.cancel()
    workspace.cancel.check()
    if code != 0:
        how = "took longer than `--timeout`" if late else f"failed with code {code}"
        raise NotReadyError(
            f"{which} hook of {service} {how}: {command}", detail=clean_block(b"\n".join(tail)) or None,
            hint=f"`devbox shell {service}` to look around" if service == "box" else f"`devbox exec {service} -- sh`",
        )
