"""What the screens may ask for, and nothing else: one Protocol between the TUI and the flows.

Every question is a stream: iterate it in a worker thread, `close()` it from anywhere. One-shot questions yield one
value.
`flow_session` adapts the real flows; tests bring a fake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from devbox.core.build import BuildState
from devbox.core.build_forecast import BuildForecast, LiveForecast
from devbox.core.errors import DevboxError
from devbox.core.events import Event
from devbox.core.findings import DoctorEvent, Finding
from devbox.core.plan import Operation
from devbox.core.status import BoxStatus

T_co = TypeVar("T_co", covariant=True)


class Stream(Protocol[T_co]):
    """Something to iterate once; `close()` ends it from any thread, and iterating then stops quietly."""

    def __iter__(self) -> Iterator[T_co]: ...

    def close(self) -> None: ...


class Ask(Protocol):
    """A yes/no question to the person, asked from a worker thread; no answer is no."""

    def __call__(self, question: str, *, detail: str = "", trust: bool = False) -> bool: ...


@dataclass(frozen=True, slots=True)
class Place:
    """What can be said before anything was asked: it must cost nothing."""

    project: str
    root: str
    platform: str
    """`linux/amd64`."""
    source: str | None
    """What the project was read from (`devbox.toml`, `Dockerfile`); None where there is nothing to launch."""


@dataclass(frozen=True, slots=True)
class UpPlan:
    """What `up` would do, and what stands against it."""

    operations: tuple[Operation, ...]
    findings: tuple[Finding, ...] = ()
    """Those of severity error that the machine has for this project."""
    builds: tuple[BuildForecast, ...] = ()
    """What each build will find in the cache."""


@dataclass(frozen=True, slots=True)
class PastBuild:
    """A build of an earlier run of devbox."""

    id: int
    service: str
    started: float
    """Seconds since the epoch."""
    state: BuildState


class Session(Protocol):
    """One project on one machine, as the screens see it. Streams raise DevboxError while iterated."""

    @property
    def place(self) -> Place: ...

    def doctor(self, only: tuple[str, ...] = ()) -> Stream[DoctorEvent]:
        """Examine the machine; `only` takes check ids or their dotted prefixes."""

    def status(self) -> Stream[BoxStatus]: ...

    def plan_up(self) -> Stream[UpPlan]: ...

    def forecast(self) -> Stream[LiveForecast]:
        """What the next builds would do, made anew as files are saved, until it is closed."""

    def history(self, limit: int) -> Stream[tuple[PastBuild, ...]]:
        """The newest builds that are remembered, oldest first."""

    def up(self, ask: Ask) -> Stream[Event]: ...

    def rebuild(self, ask: Ask, *, no_cache: bool = False) -> Stream[Event]: ...

    def down(self, ask: Ask, *, volumes: bool = False) -> Stream[Event]: ...

    def restart(self, ask: Ask, service: str) -> Stream[Event]: ...

    def logs(self, services: tuple[str, ...], *, tail: int = 1000, follow: bool = True) -> Stream[Event]: ...

    def trusted(self) -> bool:
        """Whether this folder may build and run; reads one small file."""

    def trust_words(self) -> str:
        """What is asked, for which folder and content, and what a yes means; the CLI's own words."""

    def grant_trust(self) -> None:
        """Record folder trust, after the person said yes; raises DevboxError."""

    def shell(self, service: str) -> Callable[[], int]:
        """What to call while the UI has stepped aside; returns the shell's exit code, raises DevboxError."""

    def close(self) -> None:
        """Let go of connections; no stream is open any more."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a screen keeps it until it is fixed."""

    summary: str
    detail: str | None = None
    hint: str | None = None
    kind: str = "internal"
    where: str | None = None


def problem_of(error: BaseException) -> Problem:
    """Any failure in words."""
    if isinstance(error, DevboxError):
        return Problem(error.summary, error.detail, error.hint, error.kind, error.where)
    return Problem(f"internal error: {type(error).__name__}: {error}", hint="please report this: `devbox info`")
