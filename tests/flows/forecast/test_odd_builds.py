"""Forecasts where something is odd: what devbox did not see, builders that lose or hide things, strange contexts,
ledgers in trouble, and devbox killed while it learns (issue C, Bad input)."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from devbox.core.errors import BuildError
from devbox.core.present import glyphs
from devbox.report.build_lines import Style
from devbox.report.forecast_text import forecast_lines
from devbox.store.ledger import Ledger
from devbox.store.ledger_schema import VERSION
from tests.flows.forecast.scripted import Scene, ScriptedEngine

TEXT = "FROM base AS dev\nRUN make\nCOPY . /src\nRUN test\n"
MISSES = ("miss", "miss", "miss")
ALL_HIT = ["base", "hit", "hit", "hit"]
ALL_MISS = ["base", "miss", "miss", "miss"]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path / "project", TEXT)
    (made.root / "f").write_text("one")
    return made


def test_a_source_that_is_not_there_will_fail_the_build_and_is_named(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "p", "FROM base AS dev\nCOPY here nope gone/x /\nCOPY *.zip /\n")
    (tmp_path / "p" / "here").write_text("x")
    steps = scene.foresee().steps
    assert [step.absent for step in steps] == [(), ("nope", "gone/x"), ()]
    words = "\n".join(forecast_lines(scene.foresee(), Style(glyphs(False))))
    assert "the build will fail here: nope, gone/x are not in the build context" in words
    assert "never built" not in words


def test_the_first_build_on_an_empty_builder_is_proven_to_miss(scene: Scene) -> None:
    assert scene.words() == ALL_MISS
    assert scene.foresee().steps[1].causes[0].kind == "never-built"


def test_what_was_built_is_foretold_to_hit(scene: Scene) -> None:
    scene.build(*MISSES)
    assert scene.words() == ALL_HIT


def test_a_first_build_on_a_builder_that_others_used_is_unknown_where_they_may_have_built_it(scene: Scene) -> None:
    made = scene.engine.add("mount / from exec /bin/sh -c make", "base")
    assert scene.words() == ["base", "unknown", "unknown", "unknown"]
    assert "did not see made" in (scene.foresee().steps[1].reason or "")
    scene.engine.records.clear()
    scene.engine.add("mount / from exec /bin/sh -c other", "base")
    scene.engine.add("[dev 3/4] COPY . /src", made)
    assert scene.words() == ALL_MISS


def test_a_hit_on_a_foreign_record_is_learned_with_the_builders_name_of_it(scene: Scene) -> None:
    scene.engine.add("mount / from exec /bin/sh -c make", "base")
    scene.build("hit", "miss", "miss")
    assert scene.words() == ALL_HIT
    scene.engine.records.clear()
    assert scene.words() == ALL_MISS


def test_a_builder_that_does_not_tell_what_it_holds_is_unknown(scene: Scene) -> None:
    scene.build(*MISSES)
    scene.engine.silent = True
    foreseen = scene.foresee()
    assert [step.word for step in foreseen.steps[1:]] == ["unknown"] * 3
    assert "does not tell" in (foreseen.reason or "")


def test_records_that_were_pruned_are_the_cause(scene: Scene) -> None:
    scene.build(*MISSES)
    scene.engine.records = scene.engine.records[:1]
    steps = scene.foresee().steps
    assert [step.word for step in steps] == ["base", "hit", "miss", "miss"]
    assert [cause.kind for cause in steps[2].causes] == ["cache-pruned"]


def test_another_builder_knows_nothing_and_going_back_knows_all(scene: Scene) -> None:
    scene.build(*MISSES)
    records, scene.engine.records, scene.engine.id = scene.engine.records, [], "two"
    assert scene.words() == ALL_MISS
    scene.engine.records, scene.engine.id = records, "one"
    assert scene.words() == ALL_HIT


def test_two_projects_share_what_is_equal(tmp_path: Path) -> None:  # E416
    engine = ScriptedEngine()
    one, two = (Scene(tmp_path / name, TEXT, engine=engine) for name in ("one", "two"))
    (one.root / "f").write_text("one")
    (two.root / "f").write_text("two")
    one.build(*MISSES)
    assert two.words() == ["base", "hit", "miss", "miss"]


def test_a_clock_that_jumps_changes_nothing(scene: Scene) -> None:
    scene.build(*MISSES)
    scene.engine.counted = -scene.engine.counted  # later records are older now
    (scene.root / "f").write_text("changed")
    scene.build("hit", "miss", "miss")
    assert scene.words() == ALL_HIT
    for path in (scene.root / "f", scene.root / "Dockerfile"):
        os.utime(path, (2**31, 2**31))
    assert scene.words() == ALL_HIT


def test_a_context_that_changes_during_the_build_teaches_nothing(scene: Scene) -> None:
    scene.builder.meanwhile = lambda: (scene.root / "f").write_text("changed while it was sent") and None
    scene.build(*MISSES)
    # What was sent is not known: the builder's records are as foreign as anyone else's.
    assert "hit" not in scene.words()


def test_a_failed_step_is_no_record_and_hits_of_a_failed_build_prove_nothing(scene: Scene) -> None:
    built = scene.build("miss", "failed", "-")
    assert isinstance(built.error, BuildError)
    assert scene.words() == ["base", "hit", "miss", "miss"]
    scene.engine.records.clear()
    scene.build("hit", "failed", "-")
    assert scene.words() == ALL_MISS


def test_a_cancelled_step_that_ended_after_all_is_unknown(scene: Scene) -> None:
    scene.build("cancelled", "-", "-")
    assert scene.words() == ALL_MISS
    scene.engine.add("mount / from exec /bin/sh -c make", "base")
    assert scene.words()[1] == "unknown"


@pytest.mark.parametrize("text", ["", "RUN x\n", "FROM base AS dev\nNONSENSE\n", "FROM base AS dev\nRUN <<EOF\nx\n",
                                  "FROM base AS dev\nCOPY a\n", "FROM base AS dev\nENV A=${B:?no}\n", "\0\xff"])
def test_a_dockerfile_that_buildkit_refuses_has_no_forecast_and_says_why(scene: Scene, text: str) -> None:
    (scene.root / "Dockerfile").write_text(text)
    foreseen = scene.foresee()
    assert foreseen.steps == ()
    assert foreseen.reason


def test_strange_names_and_kinds_of_files_are_foretold_like_any(scene: Scene) -> None:
    folder = os.fsencode(scene.root)
    for name in (b"new\nline", b"\xff\xfe", b"\x1b[31m", b"sp ace", b"-rf", b"*", "ü".encode(), b"a" * 255):
        with open(os.path.join(folder, name), "w") as file:
            file.write("odd")
    os.mkfifo(scene.root / "pipe")
    (scene.root / "dead").symlink_to("nowhere")
    (scene.root / "round").symlink_to("round")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(scene.root)  # a socket's path is short
        server.bind("s")
        scene.build(*MISSES)
        assert scene.words() == ALL_HIT
        os.rename(os.path.join(folder, b"\xff\xfe"), os.path.join(folder, b"\xfe\xff"))
        steps = scene.foresee().steps
        assert [step.word for step in steps] == ["base", "hit", "miss", "miss"]
        assert {cause.kind for cause in steps[2].causes} == {"file-added", "file-removed"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_can_not_be_read_is_the_reason_for_no_forecast(scene: Scene) -> None:
    (scene.root / "f").chmod(0)
    assert "f" in (scene.foresee().reason or "")


def test_two_hundred_steps_are_foretold(tmp_path: Path) -> None:
    lines = [f"RUN step {number}" for number in range(199)]
    scene = Scene(tmp_path / "project", "\n".join(["FROM base AS dev", *lines]))
    scene.build(*["miss"] * 199)
    assert scene.foresee().count("hit") == 199


# A ledger in trouble.


def test_a_damaged_ledger_is_begun_anew_and_the_builders_records_are_foreign(scene: Scene) -> None:
    scene.build(*MISSES)
    scene.bench.state.ledger.write_bytes(b"garbage" * 1_000)
    assert "hit" not in scene.words()
    assert scene.build("hit", "hit", "hit").error is None


def test_a_ledger_of_a_newer_devbox_is_left_alone(scene: Scene) -> None:
    scene.build(*MISSES)
    with sqlite3.connect(scene.bench.state.ledger) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    assert "newer devbox" in str(scene.build("hit", "hit", "hit").error)


def test_a_ledger_that_another_keeps_busy_costs_the_memory_not_the_build(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.build(*MISSES)
    monkeypatch.setattr("devbox.store.ledger.BUSY_SECONDS", 0.05)
    with sqlite3.connect(scene.bench.state.ledger, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        built = scene.build("hit", "hit", "hit")
        other.execute("ROLLBACK")
    assert built.error is None
    assert any("will not be remembered" in note for note in built.notes)
    assert scene.words() == ALL_HIT


def test_a_full_disk_costs_the_memory_not_the_build(scene: Scene) -> None:
    scene.build(*MISSES)
    with sqlite3.connect(scene.bench.state.ledger) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]

    original = Ledger.open.__func__  # type: ignore[attr-defined]

    def small(cls: type[Ledger], *words: object, **names: object) -> Ledger:
        ledger: Ledger = original(cls, *words, **names)
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        return ledger

    (scene.root / "big").write_text("x")
    for number in range(300):
        (scene.root / f"file{number}").write_text(str(number))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "open", classmethod(small))
        built = scene.build("hit", "miss", "miss")
    assert built.error is None
    assert any("will not be remembered" in note for note in built.notes)
    assert "hit" not in scene.words()[2:]


KILLED = """
import sys
from pathlib import Path
from tests.flows.forecast.scripted import Scene
scene = Scene(Path(sys.argv[1]), Path(sys.argv[1], "Dockerfile").read_text())
scene.build("miss", "miss", "miss")
"""


@pytest.mark.parametrize("moment", ["ledger.before@1", "ledger.after@1", "ledger.before@2", "ledger.after@2"])
def test_killed_while_it_learns_it_knows_all_or_nothing(scene: Scene, moment: str) -> None:
    env = {**os.environ, "DEVBOX_FAILPOINT": moment}
    ran = subprocess.run([sys.executable, "-c", KILLED, str(scene.root)], env=env, cwd=Path(__file__).parents[3])
    assert ran.returncode == -signal.SIGKILL
    with sqlite3.connect(scene.bench.state.ledger) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        learned = connection.execute("SELECT count(*) FROM links").fetchone()[0]
    # The builder of that process is gone, and its records with it: here they are made again, as it made them.
    parent = scene.engine.add("mount / from exec /bin/sh -c make", "base")
    parent = scene.engine.add("[dev 3/4] COPY . /src", parent)
    scene.engine.add("mount / from exec /bin/sh -c test", parent)
    assert scene.words() == (ALL_HIT if learned else ["base", "unknown", "unknown", "unknown"])
    assert bool(learned) == (moment == "ledger.after@2")


def test_what_a_failed_step_leaves_in_the_builder_answers_nothing(scene: Scene) -> None:
    scene.builder.meanwhile = lambda: scene.engine.add("[dev 3/4] COPY . /src", "record1") and None
    scene.build("miss", "failed", "-")
    assert scene.words() == ["base", "hit", "miss", "miss"]


def test_a_record_that_got_another_name_is_found_again_when_it_is_used(scene: Scene) -> None:
    scene.build(*MISSES)
    made = scene.engine.records.pop()
    scene.engine.add(made.description, *made.parents)
    assert scene.words() == ["base", "hit", "hit", "unknown"]
    scene.build("hit", "hit", "hit")
    assert scene.words() == ALL_HIT
