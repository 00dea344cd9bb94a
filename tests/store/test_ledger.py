"""The ledger: what it remembers, and that nothing done to its file loses a build or stops one."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devbox.core.build import BuildState, Step, StepKey, StepStatus
from devbox.core.errors import BusyError, ConfigError, DevboxError, ExhaustedError
from devbox.store import ledger as ledger_module
from devbox.store.ledger import BuildRecord, Ledger
from devbox.store.ledger_schema import VERSION
from devbox.store.paths import StateDirs


@pytest.fixture
def dirs(tmp_path: Path) -> StateDirs:
    return StateDirs.from_environment({}, tmp_path)


def record(*steps: Step, project: str = "p", seconds: float = 3.0) -> BuildRecord:
    state = BuildState(target="dev", builder="buildx", steps=steps, seconds=seconds, outcome="ok", image="sha256:1")
    return BuildRecord.of(state, project=project, service="box", started=100.0)


def step(status: StepStatus, seconds: float | None, instruction: str = "RUN x", index: int = 2) -> Step:
    return Step(StepKey("dev", index), 4, instruction, status, seconds, root=status is StepStatus.MISS, line=7)


def test_builds_come_back_as_they_were_newest_first(dirs: StateDirs) -> None:
    first, second = record(step(StepStatus.MISS, 2.0)), record(step(StepStatus.HIT, 0.0), seconds=1.0)
    book = Ledger.open(dirs)
    book.record(first)
    book.record(second)
    book.close()
    book = Ledger.open(dirs)
    newest, oldest = book.builds("p")
    assert (newest.seconds, newest.steps) == (1.0, second.steps)
    assert (oldest.steps, oldest.target, oldest.outcome, oldest.image) == (first.steps, "dev", "ok", "sha256:1")
    assert newest.id > oldest.id


def test_past_seconds_are_those_of_the_last_run_and_never_of_a_hit(dirs: StateDirs) -> None:
    book = Ledger.open(dirs)
    book.record(record(step(StepStatus.MISS, 9.0)))
    book.record(record(step(StepStatus.MISS, 2.0), step(StepStatus.FAILED, 1.0, "RUN bad", 3)))
    book.record(record(step(StepStatus.HIT, 0.0)))
    book.record(record(step(StepStatus.MISS, 5.0), project="other"))
    assert book.past_seconds("p") == {("dev", "RUN x"): 2.0}


def test_twins_are_recorded_once(dirs: StateDirs) -> None:
    twin = Step(StepKey("b", 2), 4, "RUN x", StepStatus.MISS, 2.0, twin=StepKey("dev", 2))
    assert len(record(step(StepStatus.MISS, 2.0), twin).steps) == 1


def test_only_the_newest_builds_are_kept(dirs: StateDirs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "KEPT_BUILDS", 3)
    book = Ledger.open(dirs)
    book.record(record(project="other"))
    ids = [book.record(record(step(StepStatus.MISS, 1.0))) for _ in range(5)]
    assert [build.id for build in book.builds("p")] == ids[:1:-1]
    assert len(book.builds("other")) == 1
    with sqlite3.connect(dirs.ledger) as raw:
        assert raw.execute("SELECT count(*) FROM steps").fetchone() == (3,)


def test_file_is_private(dirs: StateDirs) -> None:
    Ledger.open(dirs).close()
    assert dirs.ledger.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 4000])
def test_damaged_file_is_set_aside_and_said(dirs: StateDirs, content: bytes) -> None:
    dirs.ensure(dirs.state)
    dirs.ledger.write_bytes(content)
    said: list[str] = []
    book = Ledger.open(dirs, note=said.append)
    book.record(record())
    [aside] = dirs.state.glob("ledger.sqlite3.corrupt-*")
    assert aside.read_bytes() == content
    assert str(aside) in said[0]


def test_foreign_tables_are_set_aside(dirs: StateDirs) -> None:
    dirs.ensure(dirs.state)
    with sqlite3.connect(dirs.ledger) as raw:
        raw.execute("CREATE TABLE builds (x)")
    book = Ledger.open(dirs)
    assert book.record(record()) == 1
    assert len(list(dirs.state.glob("*.corrupt-*"))) == 1


def test_newer_schema_is_refused_and_left_alone(dirs: StateDirs) -> None:
    Ledger.open(dirs).close()
    with sqlite3.connect(dirs.ledger) as raw:
        raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(ConfigError, match="newer devbox"):
        Ledger.open(dirs)
    assert dirs.ledger.exists()


def test_link_in_its_place_is_refused(dirs: StateDirs, tmp_path: Path) -> None:
    dirs.ensure(dirs.state)
    (tmp_path / "elsewhere").write_bytes(b"")
    dirs.ledger.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError):
        Ledger.open(dirs)
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_full_disk_is_an_ordinary_error(dirs: StateDirs) -> None:
    book = Ledger.open(dirs)
    book._connection.execute("PRAGMA max_page_count = 1")
    large = record(*(step(StepStatus.MISS, 1.0, "RUN " + "x" * 900, n) for n in range(2, 400)))
    with pytest.raises(ExhaustedError, match="no space"):
        book.record(large)
    book._connection.execute("PRAGMA max_page_count = 1000000")
    assert book.record(record()) > 0


def test_two_writers_wait_for_each_other(dirs: StateDirs) -> None:
    Ledger.open(dirs).close()
    failures: list[DevboxError] = []

    def write() -> None:
        book = Ledger.open(dirs)
        try:
            for _ in range(30):
                book.record(record(step(StepStatus.MISS, 1.0)))
        except DevboxError as error:
            failures.append(error)
        finally:
            book.close()

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(Ledger.open(dirs).builds("p", limit=200)) == 90


def test_writer_that_never_lets_go_is_named_busy(dirs: StateDirs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "BUSY_SECONDS", 0.05)
    book = Ledger.open(dirs)
    with sqlite3.connect(dirs.ledger, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError):
            book.record(record())
        other.execute("ROLLBACK")


@pytest.mark.parametrize("place", ["ledger.before", "ledger.after"])
def test_kill_while_writing_leaves_whole_builds_only(dirs: StateDirs, tmp_path: Path, place: str) -> None:
    Ledger.open(dirs).record(record())
    script = (
        "import sys; from pathlib import Path\n"
        "from devbox.store.ledger import *; from devbox.store.paths import StateDirs\n"
        "book = Ledger.open(StateDirs.from_environment({}, Path(sys.argv[1])))\n"
        "book.record(BuildRecord('p', 'box', '', 'b', 1.0, 1.0, 'ok', None))\n"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), "DEVBOX_FAILPOINT": f"{place}=kill"}
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=env, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(Ledger.open(dirs).builds("p")) == (1 if place.endswith("before") else 2)
