"""Logs and exec on a real engine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devbox.core.errors import Cancelled, NotReadyError, NotTrustedError, UsageError
from devbox.core.events import ServiceLog
from devbox.core.project import Service
from devbox.engine.port import ExecSession
from devbox.flows.box import api as box
from devbox.flows.box.last_words import last_lines
from tests.waiting import wait_until

pytestmark = pytest.mark.engine

TALK = ("sh", "-c", "echo one; echo two >&2; printf 'three \\033]52;c;x\\007\\r\\n'; exec sleep 600")


def text(lines: list[ServiceLog]) -> list[bytes]:
    return [line.data for line in lines]


def test_logs_of_several_services_come_in_the_order_of_time(real_bench: Callable[..., Any], base_image: str) -> None:
    early = ("sh", "-c", "echo early; exec sleep 600")
    first = Service("first", "sidecar", image=base_image, command=early, egress=False)
    bench = real_bench(first, command=TALK)
    bench.run(box.up(bench.workspace))
    lines = list(box.follow_logs(bench.workspace))
    assert sorted(text(lines)) == sorted([b"early", b"one", b"two", b"three \033]52;c;x\007"])
    assert (lines[0].service, lines[0].data) == ("first", b"early")
    assert {line.stream for line in lines if line.data == b"two"} == {"stderr"}
    assert all(line.time and line.time.startswith("20") for line in lines)
    assert [line.data for line in box.follow_logs(bench.workspace, ("box",), tail=1)] != []
    with pytest.raises(UsageError, match="no service `nope`"):
        list(box.follow_logs(bench.workspace, ("nope",)))


def test_following_survives_a_restart_and_repeats_nothing(real_bench: Callable[..., Any]) -> None:
    bench = real_bench(command=("sh", "-c", "echo hello; exec sleep 600"))
    bench.run(box.up(bench.workspace))
    seen: list[ServiceLog] = []

    def read() -> None:
        try:
            for line in box.follow_logs(bench.workspace, ("box",), follow=True):
                seen.append(line)
        except Cancelled:
            pass

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    wait_until(lambda: len(seen) == 1, seconds=10)
    bench.run(box.restart(bench.workspace))
    wait_until(lambda: len(seen) == 2, seconds=10)
    bench.edit(env=(("A", "1"),))
    bench.run(box.up(bench.workspace))
    wait_until(lambda: len(seen) == 3, seconds=10)
    bench.workspace.cancel.cancel()
    thread.join(5)
    assert not thread.is_alive()
    assert text(seen) == [b"hello"] * 3


def test_following_ends_when_nothing_runs_any_more(real_bench: Callable[..., Any]) -> None:
    bench = real_bench(command=("sh", "-c", "echo bye; sleep 1"))
    bench.run(box.up(bench.workspace))
    assert text(list(box.follow_logs(bench.workspace, follow=True))) == [b"bye"]


def read_all(session: ExecSession) -> tuple[int, bytes, bytes]:
    out = {"stdout": b"", "stderr": b""}
    for chunk in session:
        out[chunk.stream] += chunk.data
    return session.exit_code(), out["stdout"], out["stderr"]


def test_exec_is_binary_safe_and_passes_the_exit_code(real_bench: Callable[..., Any]) -> None:
    bench = real_bench()
    bench.run(box.up(bench.workspace))
    payload = bytes(range(256)) * 4096
    session = box.open_exec(bench.workspace, "box", ("sh", "-c", "cat; echo sorry >&2; exit 7"))
    writer = threading.Thread(target=lambda: (session.write(payload), session.end_input()))
    writer.start()
    assert read_all(session) == (7, payload, b"sorry\n")
    writer.join()


def test_exec_says_what_is_missing(real_bench: Callable[..., Any]) -> None:
    bench = real_bench()
    with pytest.raises(NotReadyError, match="box is not up"):
        box.open_exec(bench.workspace, "box", ("true",))
    bench.run(box.up(bench.workspace))
    with pytest.raises(UsageError, match="no service `db`"):
        box.open_exec(bench.workspace, "db", ("true",))
    bench.run(box.stop(bench.workspace))
    with pytest.raises(NotReadyError, match="box does not run"):
        box.open_exec(bench.workspace, "box", ("true",))


def test_exec_needs_trust(real_bench: Callable[..., Any]) -> None:
    from dataclasses import replace

    bench = real_bench()
    workspace = replace(bench.workspace, trust_granted=None, ask=lambda question, detail="", trust=False: False)
    with pytest.raises(NotTrustedError):
        box.open_exec(workspace, "box", ("true",))


def test_a_shell_is_a_terminal_of_the_asked_size(real_bench: Callable[..., Any]) -> None:
    bench = real_bench()
    bench.run(box.up(bench.workspace))
    session = box.open_shell(bench.workspace)
    session.resize(97, 31)
    session.write(b"stty size; tty; exit 5\n")
    code, out, _ = read_all(session)
    assert code == 5
    assert b"31 97" in out
    assert b"/dev/pts/" in out


def test_the_log_of_a_removed_container_is_kept_masked_and_harmless(real_bench: Callable[..., Any]) -> None:
    bench = real_bench(
        command=("sh", "-c", "echo token=$API_TOKEN; printf '\\033]52;c;evil\\007\\n'; exec sleep 600"),
        env=(("API_TOKEN", "s3cr3t-value"),),
    )
    bench.run(box.up(bench.workspace))
    [container] = bench.workspace.engine.containers({"dev.devbox.root": str(bench.workspace.root)})
    wait_until(lambda: len(last_lines(bench.workspace.engine, container.id)) == 2, seconds=10)
    bench.run(box.down(bench.workspace))
    saved = Path(bench.workspace.state.logs, f"{container.name}.log").read_bytes()
    assert b"token=" in saved
    assert b"s3cr3t" not in saved
    assert b"\033" not in saved
