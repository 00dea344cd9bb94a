"""`devbox engine [status|start|stop]`: a Docker Engine of devbox's own, where no other answers."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from devbox.cli.invocation import Invocation
from devbox.core.errors import ExitCode, UsageError
from devbox.core.text import duration
from devbox.core.units import parse_duration

if TYPE_CHECKING:
    from devbox.core.events import Event
    from devbox.flows.private_engine import EngineSetup, PrivateEngineStatus


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `devbox engine`."""
    parser.add_argument(
        "action", nargs="?", choices=("status", "start", "stop"), default="status",
        help="status (default): what is known of it; start: install what is missing, after asking, and start it; "
        "stop: end it and undo everything but its data",
    )
    parser.add_argument("--timeout", metavar="D", help="how long to wait for another start or stop: 10s, 5m")


def run(invocation: Invocation) -> int:
    """Do the action; ends with what `status` says."""
    # Deferred: http.client and subprocess cost 30 ms that `--help` does not pay.
    from devbox.flows import private_engine

    setup = _setup(invocation)
    if invocation.args.action == "start":
        _follow(invocation, private_engine.start(setup))
    elif invocation.args.action == "stop":
        _follow(invocation, private_engine.stop(setup))
    status = private_engine.status(setup.layout)
    invocation.print(status_text(status))
    invocation.finish("ok", **asdict(status))
    return ExitCode.OK


def status_text(status: PrivateEngineStatus) -> str:
    """The status for people."""
    if status.state == "stopped":
        return f"private engine: stopped\n  data      {status.data_root}"
    answer = status.version or "does not answer this user"
    rows = (
        ("engine", f"{answer} (pid {status.pid})"), ("address", status.url), ("data", status.data_root),
        ("log", status.log), ("buildx", f"{status.buildx_version} ({status.buildx})" if status.buildx else "none"),
    )
    return f"private engine: {status.state}\n" + "\n".join(f"  {name:<9} {value}" for name, value in rows)


def _setup(invocation: Invocation) -> EngineSetup:
    from devbox.flows.private_engine import EngineSetup

    return EngineSetup(
        ask=invocation.ask, env=invocation.env, interactive=invocation.interactive, timeout=_timeout(invocation)
    )


def _timeout(invocation: Invocation) -> float | None:
    text = invocation.args.timeout
    try:
        return None if text is None else parse_duration(text)
    except ValueError as error:
        raise UsageError(f"`--timeout {text}`: {error}") from None


def _follow(invocation: Invocation, events: Iterable[Event]) -> None:
    for line in narration(events):
        invocation.narrate(line)


def narration(events: Iterable[Event]) -> Iterator[str]:
    """A line for each piece of news that a person wants to read."""
    from devbox.core.events import Note, OperationChanged, Waiting

    for event in events:
        match event:
            case Note(text):
                yield text
            case Waiting(what, seconds):
                yield f"  waiting for {what} ({duration(seconds)})"
            case OperationChanged(operation, "started"):
                yield str(operation)
            case OperationChanged(operation, state, seconds, detail):
                yield f"  {state} in {duration(seconds)}" + (f": {detail}" if detail else "")
