"""From a flow's events to a face: JSON lines, plain lines on a pipe, or a live view on a terminal.

Every command that takes time goes through here, so that all of them show the same news in the same words.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast

from devbox.cli.invocation import Invocation
from devbox.cli.terminal import is_terminal
from devbox.core.build import BuildState
from devbox.core.errors import ExitCode
from devbox.core.events import BuildChanged, Event, OperationChanged, PlanMade, Settled, Spent
from devbox.core.plan import Operation
from devbox.core.text import duration

T = TypeVar("T")


class Face(Protocol):
    """Something that shows events as they come."""

    def show(self, event: Event) -> None: ...

    def close(self) -> None: ...


@dataclass
class Tally:
    """What a run came to, for its last line."""

    operations: tuple[Operation, ...] = ()
    done: int = 0
    """Operations that were carried out."""
    builds: dict[str, BuildState] = field(default_factory=dict)
    settled: Settled | None = None
    spent: Spent | None = None

    def note(self, event: Event) -> None:
        """Remember what the last line needs."""
        match event:
            case PlanMade(operations):
                self.operations = operations
            case OperationChanged(state="done"):
                self.done += 1
            case BuildChanged(service, state):
                self.builds[service] = state
            case Settled():
                self.settled = event
            case Spent():
                self.spent = event
            case _:
                pass

    @property
    def hits(self) -> int:
        """Steps from cache, over all builds."""
        return sum(state.hits for state in self.builds.values())

    @property
    def misses(self) -> int:
        """Steps that ran, over all builds."""
        return sum(state.misses for state in self.builds.values())


def pump(invocation: Invocation, events: Iterable[Event]) -> Tally:
    """Show all events and add them up. However this ends, the flow is closed and the terminal is as it was."""
    tally = Tally()

    def noted() -> Iterator[Event]:
        for event in events:
            tally.note(event)
            yield event

    with closing(cast("Generator[Event, None, None]", events)):
        follow(invocation, noted())
    return tally


def follow(invocation: Invocation, events: Iterator[Event] | Generator[Event, None, T]) -> T:
    """Show all events; returns what the flow returns."""
    iterator = cast("Generator[Event, None, T]", events)
    with closing(iterator), closing(make_face(invocation)) as face:
        while True:
            try:
                event = next(iterator)
            except StopIteration as stop:
                return cast("T", stop.value)
            face.show(event)


def make_face(invocation: Invocation) -> Face:
    """The face that fits where the output goes."""
    # Deferred: only one of them is needed.
    if invocation.json:
        from devbox.cli.faces import JsonFace

        return JsonFace(invocation)
    if _can_redraw(invocation):
        from devbox.cli.live import LiveView
        from devbox.report.build_lines import Style

        return LiveView(invocation.stderr, Style(invocation.glyphs, invocation.colour(invocation.stderr)))
    from devbox.cli.faces import PlainFace

    return PlainFace(invocation)


def _can_redraw(invocation: Invocation) -> bool:
    """Whether the narration goes to a terminal that can be drawn on, and nobody asked for lines."""
    if invocation.options.quiet or invocation.options.verbose or invocation.env.get("CI"):
        return False
    return invocation.env.get("TERM", "dumb") != "dumb" and is_terminal(2)


def finish_run(invocation: Invocation, tally: Tally) -> int:
    """The end of `up` and `rebuild`: the outcome of the contract, and where the time went."""
    # Deferred: only commands that come to an end need it.
    from devbox.report.status_json import service_object

    if getattr(invocation.args, "dry_run", False):
        return _finish_dry(invocation, tally)
    settled, spent = tally.settled, tally.spent
    seconds = spent.total if spent else 0.0
    parts = [(name, part) for name, part in (spent.parts if spent else ()) if part >= 0.05]
    words = f" ({', '.join(f'{name} {duration(part)}' for name, part in parts)})" if parts else ""
    done = "1 operation" if tally.done == 1 else f"{tally.done} operations"
    what = done if tally.done or tally.misses else "nothing changed"
    invocation.narrate(f"done in {duration(seconds)}: {what}{words}")
    invocation.finish(
        "ok", hits=tally.hits, misses=tally.misses, seconds=round(seconds, 3), image=settled.image if settled else None,
        services=[service_object(service) for service in settled.services] if settled else [],
        operations=_objects(tally.operations),
        spent={name: round(part, 3) for name, part in (spent.parts if spent else ())},
    )
    return ExitCode.OK


def finish_plain(invocation: Invocation, tally: Tally, *, nothing: str) -> int:
    """The end of commands whose operations are their result."""
    if getattr(invocation.args, "dry_run", False):
        return _finish_dry(invocation, tally)
    if not tally.done:
        invocation.narrate(nothing)
    seconds = round(tally.spent.total, 3) if tally.spent else None
    invocation.finish("ok", operations=_objects(tally.operations), seconds=seconds)
    return ExitCode.OK


def _finish_dry(invocation: Invocation, tally: Tally) -> int:
    for operation in tally.operations:
        invocation.print(str(operation))
    if not tally.operations:
        invocation.print("nothing to do")
    invocation.finish("ok", operations=_objects(tally.operations), dry_run=True)
    return ExitCode.OK


def _objects(operations: tuple[Operation, ...]) -> list[dict[str, str]]:
    return [{"kind": each.kind, "resource": each.resource, "cause": each.cause} for each in operations]
