"""From a stream to the screen: newest state wins, ten deliveries a second at most, closing ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from textual.app import App

from devbox.core.errors import Cancelled, EngineError
from devbox.tui.bridge import INTERVAL, Arrived, Bridge
from devbox.tui.session import Problem
from tests.tui.driving import until
from tests.tui.fakes import FakeStream


class Bare(App[int]):
    """Nothing but the one handler that the real app has too."""

    def on_arrived(self, message: Arrived) -> None:
        message.bridge.deliver()


class Seen:
    """What a bridge told."""

    def __init__(self) -> None:
        self.states: list[tuple[float, int]] = []
        self.end: tuple[int, Problem | None] | None = None
        self.threads: set[str] = set()

    def changed(self, state: int) -> None:
        self.threads.add(threading.current_thread().name)
        self.states.append((time.monotonic(), state))

    def ended(self, state: int, problem: Problem | None) -> None:
        self.end = (state, problem)


def bridge(app: App[int], stream: object, seen: Seen) -> Bridge[int, int]:
    made: Bridge[int, int] = Bridge(
        app,
        "test",
        lambda: stream,
        0,
        lambda total, item: total + item,
        seen.changed,
        seen.ended,  # type: ignore[arg-type,return-value]
    )
    return made.start()


async def test_many_items_become_few_deliveries_and_the_last_state_arrives() -> None:
    def busy() -> Iterator[int]:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            yield 1
        yield 10_000_000

    app, seen = Bare(), Seen()
    async with app.run_test() as pilot:
        bridge(app, FakeStream(busy()), seen)
        await until(pilot, lambda: seen.end)
    assert seen.end is not None
    assert seen.end[0] > 10_000_000
    assert seen.states[-1][1] == seen.end[0]
    assert len(seen.states) <= 0.5 / INTERVAL + 4
    assert seen.threads == {threading.main_thread().name}


async def test_a_burst_before_silence_is_delivered() -> None:
    app, seen = Bare(), Seen()
    async with app.run_test() as pilot:
        running = bridge(app, FakeStream([1, 2, 3], held=True), seen)
        await until(pilot, lambda: seen.states and seen.states[-1][1] == 6)
        assert seen.end is None
        running.close()
        await until(pilot, lambda: seen.end and not running.alive)


@pytest.mark.parametrize("error", [EngineError("it broke", hint="`fix it`"), ValueError("a bug")])
async def test_errors_become_problems(error: Exception) -> None:
    app, seen = Bare(), Seen()
    async with app.run_test() as pilot:
        bridge(app, FakeStream([5, error]), seen)
        await until(pilot, lambda: seen.end)
    assert seen.end is not None
    assert seen.end[0] == 5
    assert seen.end[1] is not None
    assert str(error) in seen.end[1].summary


@pytest.mark.parametrize("error", [Cancelled(), EngineError("the connection was closed")])
async def test_a_cancelled_stream_has_no_problem(error: Exception) -> None:
    def until_closed() -> Iterator[int | Exception]:
        yield 1
        stream.closed.wait(10)
        raise error

    app, seen = Bare(), Seen()
    stream = FakeStream(until_closed())
    async with app.run_test() as pilot:
        running = bridge(app, stream, seen)
        running.close()
        await until(pilot, lambda: seen.end)
    assert seen.end is not None
    assert seen.end[1] is None


async def test_closing_before_the_stream_is_open_closes_it_then() -> None:
    opened, stream, seen = threading.Event(), FakeStream([1], held=True), Seen()

    def slow() -> FakeStream[int]:
        opened.wait(10)
        return stream

    app = Bare()
    async with app.run_test() as pilot:
        running: Bridge[int, int] = Bridge(app, "slow", slow, 0, lambda a, b: a + b, seen.changed, seen.ended)  # type: ignore[arg-type,return-value]
        running.start().close()
        opened.set()
        await until(pilot, lambda: seen.end)
    assert stream.closed.is_set()
    assert seen.states == []


async def test_a_thread_that_outlives_the_app_does_no_harm() -> None:
    stream, seen = FakeStream([1], held=True), Seen()
    app = Bare()
    async with app.run_test() as pilot:
        running = bridge(app, stream, seen)
        await until(pilot, lambda: seen.states)
    stream.release()
    running._thread.join(5)
    assert not running.alive
