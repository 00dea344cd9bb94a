"""A session that answers from values: what reality can't produce on demand, and nothing else is faked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from devbox.core.build_forecast import LiveForecast
from devbox.core.errors import DevboxError
from devbox.core.events import Event
from devbox.core.findings import DoctorEvent
from devbox.core.status import BoxStatus
from devbox.tui.session import Ask, PastBuild, Place, UpPlan

T = TypeVar("T")
PLACE = Place("py311-cuda", "/home/ada/py311-cuda", "linux/amd64", "devbox.toml")
NO_PLAN = UpPlan(())
NO_FORECAST = (LiveForecast(watching="files are watched"),)


class FakeStream(Generic[T]):
    """Yields items, then (with `held`) stays open until closed or released; an exception among the items is raised."""

    def __init__(self, items: Iterable[T | Exception], *, held: bool = False) -> None:
        self._items = items
        self._held = held
        self.closed = threading.Event()
        self._end = threading.Event()
        self.done = False

    def __iter__(self) -> Iterator[T]:
        for item in self._items:
            if self.closed.is_set():
                return
            if isinstance(item, Exception):
                raise item
            yield item
        if self._held:
            self._end.wait()
        self.done = True

    def release(self) -> None:
        """Let a held stream end by itself."""
        self._end.set()

    def close(self) -> None:
        self.closed.set()
        self._end.set()


@dataclass
class FakeSession:
    """Set what each question answers; `calls` records what was asked."""

    place: Place = PLACE
    doctor_events: tuple[DoctorEvent | Exception, ...] = ()
    doctor_held: bool = False
    box: BoxStatus | Exception | None = None
    plan: UpPlan | Exception = NO_PLAN
    forecasts: Iterable[LiveForecast | Exception] = NO_FORECAST
    past: tuple[PastBuild, ...] = ()
    events: tuple[Event | Exception, ...] = ()
    events_held: bool = False
    log_events: tuple[Event | Exception, ...] = ()
    is_trusted: bool = True
    shell_outcome: int | Exception = 0
    calls: list[str] = field(default_factory=list)
    streams: list[FakeStream[object]] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)

    def _stream(self, name: str, items: Iterable[object], *, held: bool = False) -> FakeStream[object]:
        self.calls.append(name)
        stream: FakeStream[object] = FakeStream(items, held=held)
        self.streams.append(stream)
        return stream

    def doctor(self, only: tuple[str, ...] = ()) -> FakeStream[DoctorEvent]:
        return self._stream(" ".join(("doctor", *only)), self.doctor_events, held=self.doctor_held)

    def status(self) -> FakeStream[BoxStatus]:
        return self._stream("status", () if self.box is None else (self.box,), held=self.box is None)

    def plan_up(self) -> FakeStream[UpPlan]:
        return self._stream("plan", (self.plan,))

    def forecast(self) -> FakeStream[LiveForecast]:
        return self._stream("forecast", self.forecasts, held=True)

    def history(self, limit: int) -> FakeStream[tuple[PastBuild, ...]]:
        return self._stream("history", (self.past[-limit:],))

    def up(self, ask: Ask) -> FakeStream[Event]:
        return self._operation("up", ask)

    def rebuild(self, ask: Ask, *, no_cache: bool = False) -> FakeStream[Event]:
        return self._operation("rebuild no-cache" if no_cache else "rebuild", ask)

    def down(self, ask: Ask, *, volumes: bool = False) -> FakeStream[Event]:
        return self._operation("down volumes" if volumes else "down", ask)

    def restart(self, ask: Ask, service: str) -> FakeStream[Event]:
        return self._operation(f"restart {service}", ask)

    def _operation(self, name: str, ask: Ask) -> FakeStream[Event]:
        self.asks.append(ask)
        return self._stream(name, self.events, held=self.events_held)

    def logs(self, services: tuple[str, ...], *, tail: int = 1000, follow: bool = True) -> FakeStream[Event]:
        return self._stream(f"logs {' '.join(services)}", self.log_events, held=True)

    def trusted(self) -> bool:
        return self.is_trusted

    def trust_words(self) -> str:
        return f"{self.place.root} is not trusted yet\n  owner    uid 1000\nA trusted folder's Dockerfile may run."

    def grant_trust(self) -> None:
        self.calls.append("grant trust")
        self.is_trusted = True

    def shell(self, service: str) -> Callable[[], int]:
        self.calls.append(f"shell {service}")
        outcome = self.shell_outcome

        def run() -> int:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return run

    def close(self) -> None:
        self.calls.append("close")


def no_engine() -> DevboxError:
    from devbox.core.errors import EngineError

    return EngineError(
        "no Docker Engine answers at unix:///var/run/docker.sock",
        detail="connect: no such file or directory",
        hint="start one with `devbox engine start`, or name yours with `--engine`",
    )
