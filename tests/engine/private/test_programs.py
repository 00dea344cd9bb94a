"""Programs run with a clean environment, end with a deadline or a cancel, and fail with their last words."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from devbox.core.errors import Cancelled, EngineError
from devbox.engine.private import programs
from devbox.engine.stream import Cancellation


def test_lines_arrive_one_by_one_and_carriage_returns_split_them() -> None:
    argv = ["/bin/sh", "-c", r"printf 'a 5%%\ra 10%%\rdone\n\nlast'"]
    assert list(programs.lines(argv, seconds=10, cancel=Cancellation())) == ["a 5%", "a 10%", "done", "last"]


def test_the_callers_environment_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "/nowhere.so")
    printed = programs.output(["/usr/bin/env"], env={"http_proxy": "http://proxy:3128"}).splitlines()
    names = {line.partition("=")[0] for line in printed}
    assert names == {"PATH", "HOME", "LC_ALL", "http_proxy"}


def test_a_failure_shows_the_last_lines_and_the_code() -> None:
    with pytest.raises(EngineError) as caught:
        programs.output(["/bin/sh", "-c", "seq 100; echo broken >&2; exit 3"])
    assert "exit code 3" in caught.value.summary
    assert str(caught.value.detail).splitlines()[-2:] == ["100", "broken"]
    assert len(str(caught.value.detail).splitlines()) == programs.KEPT_LINES


def test_a_program_that_hangs_is_ended_with_its_children() -> None:
    seen: list[str] = []
    with pytest.raises(EngineError, match="did not finish in time"):
        seen.extend(programs.lines(["/bin/sh", "-c", "sleep 60 & echo $!; wait"], seconds=0.5, cancel=Cancellation()))
    # The list is filled before the error only when extend() had got the line; ask the kernel either way.
    assert all(not _lives(int(pid)) for pid in seen)


def test_closing_the_lines_ends_the_program_and_its_children() -> None:
    running = programs.lines(["/bin/sh", "-c", "sleep 60 & echo $!; wait"], seconds=60, cancel=Cancellation())
    child = int(next(running))
    assert _lives(child)
    running.close()  # type: ignore[attr-defined]
    _wait_until(lambda: not _lives(child))


def test_cancel_ends_the_program() -> None:
    cancel = Cancellation()
    threading.Timer(0.2, cancel.cancel).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        programs.output(["/bin/sleep", "60"], seconds=60, cancel=cancel)
    assert time.monotonic() - began < 10


def test_output_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "OUTPUT_LIMIT", 100_000)
    with pytest.raises(EngineError, match="printed too much"):
        programs.output(["/usr/bin/yes"])


def test_programs_that_others_can_change_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "FOLDERS", (str(tmp_path), "/usr/bin"))
    impostor = tmp_path / "env"
    impostor.write_text("#!/bin/sh\n")
    impostor.chmod(0o777)
    assert programs.find_program("env") == Path("/usr/bin/env")


def test_a_missing_program_is_an_error() -> None:
    with pytest.raises(EngineError, match="no-such-program is not installed"):
        programs.need_program("no-such-program")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _wait_until(condition: object, seconds: float = 10) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)
