"""The log view: what it keeps, what it decodes, following, wrapping, searching, selecting, and that it stays fast."""

from __future__ import annotations

import re
import threading
import time
import tracemalloc

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.screen import Screen
from textual.selection import Selection

from devbox.tui.app import DevboxApp
from devbox.tui.log_lines import LogLines, search_pattern
from devbox.tui.log_store import BLOCK, LogStore
from devbox.tui.widgets.log_view import LogView
from tests.tui.driving import screen_text, until
from tests.tui.fakes import FakeSession

SIZE = (80, 24)


class LogScreen(Screen[None]):
    """A single log view."""

    AUTO_FOCUS = "LogView"

    def compose(self) -> ComposeResult:
        yield LogView()


class OneLog(DevboxApp):
    """The app around it."""

    MODES = {"doctor": LogScreen}  # noqa: RUF012


def one_log(*lines: bytes) -> tuple[OneLog, LogStore]:
    store = LogStore()
    store.extend(lines)
    return OneLog(FakeSession()), store


def view_of(app: App[int]) -> LogView:
    return app.screen.query_one(LogView)


def test_store_splits_at_newlines_only_and_keeps_bytes() -> None:
    store = LogStore()
    for chunk in (b"a\r\nb\x85c\xe2\x80\xa8d\n\xff", b"\xfe\nlast"):
        store.feed(chunk)
    store.finish()
    assert [store.line(number) for number in range(len(store))] == [b"a", b"b\x85c\xe2\x80\xa8d", b"\xff\xfe", b"last"]


def test_store_reads_across_blocks() -> None:
    store = LogStore()
    lines = [b"%d " % number + b"x" * 300 for number in range(3 * BLOCK // 300)]
    store.extend(lines)
    assert [store.line(number) for number in range(len(store))] == lines


def test_store_drops_the_oldest_beyond_its_budget_and_numbers_stay() -> None:
    store = LogStore(budget=3 * BLOCK)
    store.extend(b"%07d" % number + b"x" * 93 for number in range(20_000))
    assert len(store) == 20_000
    assert 0 < store.dropped < 20_000
    assert store.line(store.dropped - 1) == b""
    assert store.line(store.dropped).startswith(b"%07d" % store.dropped)


def test_search_ignores_case_and_colour_changes_inside_the_word() -> None:
    store = LogStore()
    store.extend([b"nothing", b"an E\x1b[31mrr\x1b[0mor", b"another error", b"end"])
    pattern = search_pattern("error")
    assert store.find(pattern, 0) == 1
    assert store.find(pattern, 3, backwards=True) == 2
    assert store.find(pattern, 3) is None
    assert store.find(re.compile(b"absent"), 0) is None


def test_wrapping_shows_every_character_once() -> None:
    store = LogStore()
    store.extend(["日本語abc".encode() * 20, b"", b"x" * 205])
    lines = LogLines(store)
    for number in range(3):
        pieces = lines.pieces(number, 20)
        assert "".join(piece.text.plain for piece in pieces) == lines.text(number).plain
        assert all(piece.text.cell_len <= 20 for piece in pieces)


def test_wrapped_window_ends_with_the_last_row() -> None:
    store = LogStore()
    store.extend([b"x" * 50, b"y" * 50, b"z" * 50])
    lines = LogLines(store)
    window = lines.window(lines.last_top(20, 4), 20, 4)
    assert [piece.text.plain[0] for piece in window] == ["y", "z", "z", "z"]


async def test_hostile_bytes_never_reach_the_terminal() -> None:
    app, store = one_log(
        b"\x1b]52;c;ZXZpbA==\x07clip",
        b"\x1b[2J\x1b[1;1Hhome",
        b"\x9b31mC1",
        b"[/x][bold]",
        b"a\rb\x08c",
        b"\x1bc\x1b[8mhidden",
        b"A" * 100_000,
        "\u202eabc\u200b".encode(),
        b"",
    )
    async with app.run_test(size=SIZE) as pilot:
        view_of(app).show(store)
        await pilot.pause()
        shown = screen_text(app)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", shown)
        assert "[/x][bold]" in shown
        raw = "".join(segment.text for y in range(20) for segment in view_of(app).render_line(y))
        assert "\x1b" not in raw


async def test_colours_of_the_output_are_kept() -> None:
    app, store = one_log(b"\x1b[1;31mred\x1b[0m plain")
    async with app.run_test(size=SIZE) as pilot:
        view_of(app).show(store)
        await pilot.pause()
        styles = {segment.text: segment.style for segment in view_of(app).render_line(0) if segment.text.strip()}
        assert styles["red"].bold
        assert styles["red"].color != styles[" plain"].color


async def test_following_shows_the_end_until_scrolled_up_and_resumes() -> None:
    app, store = one_log(*(b"line %d" % number for number in range(100)))
    async with app.run_test(size=SIZE) as pilot:
        view = view_of(app)
        view.show(store)
        await until(pilot, lambda: "line 99" in screen_text(app))
        await pilot.press("up")
        assert not view.following
        store.extend([b"line %d" % number for number in range(100, 200)])
        view.changed()
        await pilot.pause()
        assert "line 98" in screen_text(app)
        assert "line 199" not in screen_text(app)
        for key in ("f", "end"):
            await pilot.press(key)
            await until(pilot, lambda: "line 199" in screen_text(app))
            await pilot.press("k")
            assert not view.following


async def test_dropped_lines_do_not_move_what_is_read() -> None:
    app = OneLog(FakeSession())
    store = LogStore(budget=2 * BLOCK)
    store.extend(b"%06d " % number + b"x" * 93 for number in range(5_000))
    async with app.run_test(size=SIZE) as pilot:
        view = view_of(app)
        view.show(store)
        view.show_line(4_000)
        await pilot.pause()
        before = screen_text(app).split()[0]
        dropped = store.dropped
        store.extend(b"%06d " % number + b"x" * 93 for number in range(5_000, 6_500))
        view.changed()
        await pilot.pause()
        assert store.dropped > dropped
        assert screen_text(app).split()[0] == before


async def test_wrap_shows_the_whole_line_and_the_end_stays_in_view() -> None:
    app, store = one_log(*[b"short"] * 50, b"a" * 100 + b"TAIL")
    async with app.run_test(size=SIZE) as pilot:
        view = view_of(app)
        view.show(store)
        await pilot.pause()
        assert "TAIL" not in screen_text(app)
        await pilot.press("w")
        await until(pilot, lambda: "TAIL" in screen_text(app))
        await pilot.press("w", "right", "right", "right", "right")
        await until(pilot, lambda: "TAIL" in screen_text(app))


async def test_search_walks_hits_and_stops_following() -> None:
    app, store = one_log(*(b"needle %d" % number if number % 100 == 7 else b"hay" for number in range(1_000)))
    async with app.run_test(size=SIZE) as pilot:
        view = view_of(app)
        view.show(store)
        view.searched = "NEEDLE"
        await until(pilot, lambda: view.found == 907)
        await pilot.press("N")
        await until(pilot, lambda: "needle 807" in screen_text(app))
        await pilot.press("n", "n")
        await until(pilot, lambda: view.found == 7)
        assert not view.following


async def test_selection_copies_cleaned_text_across_lines() -> None:
    app, store = one_log(b"one \x1b[31mtwo\x1b[0m", b"three\x07", b"four")
    async with app.run_test(size=SIZE) as pilot:
        view = view_of(app)
        view.show(store)
        await pilot.pause()
        text, _ = view.get_selection(Selection(Offset(4, 0), Offset(2, 2))) or ("", "")
        assert text == "two\nthree\u2407\nfo"
        everything, _ = view.get_selection(Selection(None, None)) or ("", "")
        assert everything.splitlines()[0] == "one two"


async def test_the_mouse_selects() -> None:
    app, store = one_log(b"alpha beta", b"gamma")
    async with app.run_test(size=SIZE) as pilot:
        view = view_of(app)
        view.show(store)
        await pilot.pause()
        await pilot.mouse_down(view, offset=(6, 0))
        await pilot.hover(view, offset=(3, 1))
        await pilot.mouse_up(view, offset=(3, 1))
        await until(pilot, lambda: (app.screen.get_selected_text() or "").startswith("beta\nga"))


def test_two_hundred_thousand_lines_fit_in_sixty_megabytes() -> None:
    tracemalloc.start()
    store = LogStore()
    line = (
        b"2024-05-01T10:41:02.500Z INFO  worker.pool: finished job 123456 in 12.3 ms with status ok and 17 retries " * 2
    )
    for _ in range(200):
        store.feed((line + b"\n") * 1_000)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(store) == 200_000
    assert store.dropped == 0
    assert used < 60 << 20


@pytest.mark.timeout(60)
async def test_keys_answer_while_twenty_thousand_lines_arrive_each_second() -> None:
    app, store = one_log()
    stop = threading.Event()
    block = b"".join(b"%04d some output of a chatty step, as long as such lines are\n" % n for n in range(1_000))

    def produce() -> None:
        while not stop.wait(0.05):
            store.feed(block)

    async with app.run_test(size=(120, 40)) as pilot:
        view = view_of(app)
        view.show(store)
        producer = threading.Thread(target=produce)
        producer.start()
        try:
            await until(pilot, lambda: len(store) > 5_000)
            delays = []
            for _ in range(20):
                view.changed()
                start = time.perf_counter()
                view.action_move(-1)
                for y in range(view.size.height):
                    view.render_line(y)
                delays.append(time.perf_counter() - start)
                await pilot.pause()
        finally:
            stop.set()
            producer.join()
    assert sorted(delays)[len(delays) // 2] < 0.05, delays
