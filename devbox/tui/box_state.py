"""What the Box screen shows: services as observed, and what an operation is doing to them. No widget, no thread."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from devbox.core.events import (
    BuildChanged,
    BuildForeseen,
    BuildLog,
    BuildStarted,
    Event,
    Note,
    OperationChanged,
    OperationState,
    PlanMade,
    ServiceLog,
    Spent,
    Waiting,
)
from devbox.core.plan import Operation
from devbox.core.status import BoxStatus, ServiceStatus
from devbox.tui.build_state import Builds, logged, with_forecast, with_started, with_state
from devbox.tui.log_store import LogStore
from devbox.tui.session import Problem

_CLOCK = re.compile(r"(?<=T)[0-9]{2}:[0-9]{2}:[0-9]{2}")
RunKind = Literal["up", "rebuild", "down", "restart"]


@dataclass(frozen=True, slots=True)
class BoxView:
    """What is known of the box."""

    status: BoxStatus | None = None
    problem: Problem | None = None
    """Why the engine could not be asked."""
    asking: bool = False

    @property
    def services(self) -> tuple[ServiceStatus, ...]:
        """All services, the box first."""
        found = self.status.services if self.status else ()
        return tuple(sorted(found, key=lambda service: service.role != "box"))

    def service(self, name: str) -> ServiceStatus | None:
        """The service of that name."""
        return next((service for service in self.services if service.name == name), None)

    @property
    def up(self) -> int:
        """How many run."""
        return sum(service.state == "running" for service in self.services)


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation and how far it is; `state` None before it starts."""

    operation: Operation
    state: OperationState | None = None
    seconds: float | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """An `up`, `rebuild`, `down` or `restart`, running or ended."""

    kind: RunKind
    operations: tuple[OperationView, ...] = ()
    builds: Builds = ()
    foreseen: tuple[BuildForeseen, ...] = ()
    """Forecasts of builds that have not begun."""
    waiting: Waiting | None = None
    notes: tuple[Note, ...] = ()
    spent: Spent | None = None
    problem: Problem | None = None
    outcome: Literal["running", "ok", "failed", "cancelled"] = "running"

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.outcome == "running"

    @property
    def building(self) -> bool:
        """Whether an image is being built right now."""
        return self.running and any(record.running for record in self.builds)


def fold_event(view: RunView, event: Event) -> RunView:
    """The view after one more event; log bytes go to their stores."""
    match event:
        case PlanMade(operations):
            return replace(view, operations=tuple(OperationView(operation) for operation in operations))
        case OperationChanged():
            return _with_operation(view, event)
        case BuildForeseen(service, forecast):
            others = tuple(each for each in view.foreseen if each.service != service)
            return replace(view, builds=with_forecast(view.builds, service, forecast), foreseen=(*others, event))
        case BuildStarted(service):
            said = next((each.forecast for each in view.foreseen if each.service == service), None)
            return replace(view, builds=with_started(view.builds, service, said), waiting=None)
        case BuildChanged(service, state):
            return replace(view, builds=with_state(view.builds, service, state), waiting=None)
        case BuildLog(service, step, data):
            logged(view.builds, service, step, data)
            return view
        case Waiting():
            return replace(view, waiting=event)
        case Note():
            return replace(view, notes=(*view.notes, event)[-20:])
        case Spent():
            return replace(view, spent=event)
        case _:
            return view


def _with_operation(view: RunView, event: OperationChanged) -> RunView:
    changed = OperationView(event.operation, event.state, event.seconds, event.detail)
    known = [item.operation for item in view.operations]
    if event.operation not in known:
        return replace(view, operations=(*view.operations, changed), waiting=None)
    at = known.index(event.operation)
    return replace(view, operations=(*view.operations[:at], changed, *view.operations[at + 1 :]), waiting=None)


def log_line(event: ServiceLog) -> bytes:
    """One line of a container as the log shows it: its time of day, where the engine gave one, then its bytes."""
    clock = _CLOCK.search(event.time or "")
    return clock[0].encode() + b" " + event.data if clock else event.data


def last_words(service: ServiceStatus) -> LogStore:
    """The end of a stopped container's log."""
    store = LogStore()
    store.extend(service.last_lines)
    return store
