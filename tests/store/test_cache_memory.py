"""What the ledger remembers of builders' caches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from devbox.core.build import BuildState
from devbox.core.cachebook import Link
from devbox.core.causes import PastInput, PastStep
from devbox.core.context_tree import Listing, Node
from devbox.core.likely import cases
from devbox.store.cache_memory import CacheMemory, TaughtStep
from devbox.store.ledger import BuildRecord, Ledger
from devbox.store.paths import StateDirs


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(StateDirs.from_environment({}, tmp_path))) as opened:
        yield opened


STEP = PastStep(
    0, "dev", 2, "op1", {"run": ["x"], "env": ["A=1"]}, "RUN x", "r1", (PastInput(record="base:b"),), ("A",), "run"
)


def teach(
    ledger: Ledger, *, builder: str = "one", engine_id: str | None = "e1", record: str = "r1",
    alive: dict[str, tuple[str, ...]] | None = None, found: Sequence[str] = (), op: str = "op1",
    guesses: Sequence[tuple[str, bool]] = (), roots: dict[str, Listing] | None = None, seconds: float | None = 2.0,
) -> int:
    """One build with one step."""
    build = ledger.record(BuildRecord.of(BuildState(), project="p", service="box", started=1.0))
    step = PastStep(0, "dev", 2, op, STEP.parts, "RUN x", record, STEP.inputs, STEP.arguments, "run")
    CacheMemory(ledger, builder).teach(
        build, links=[Link(op, 0, "d", "base:b []", record)], steps=[TaughtStep(1, step, seconds, engine_id)],
        guesses=guesses, copies={}, roots=roots or {}, listings={}, alive=alive, found=frozenset(found), useless={},
        ignore_text="*.log", image_key=None,
    )
    return build


def hits(ledger: Ledger, alive: frozenset[str] | None, *, builder: str = "one", fragile: bool = False) -> list[str]:
    books = CacheMemory(ledger, builder).books(["op1"], alive, fragile=fragile)
    return sorted(record for records in books.alive.links.values() for record in records)


def test_links_come_back_for_the_builder_that_made_them(ledger: Ledger) -> None:
    teach(ledger)
    assert hits(ledger, None) == ["r1"]
    assert hits(ledger, frozenset(("e1",))) == ["r1"]
    assert hits(ledger, None, builder="two") == []
    books = CacheMemory(ledger, "one").books(["op1"], None)
    assert (books.names, books.seen) == ({"r1": "e1"}, frozenset(("e1",)))


def test_a_record_that_the_builder_lost_is_in_the_other_book(ledger: Ledger) -> None:
    teach(ledger)
    books = CacheMemory(ledger, "one").books(["op1"], frozenset(("e2",)))
    assert not books.alive.links
    assert [record for records in books.lost.links.values() for record in records] == ["r1"]


def test_a_record_without_a_name_counts_until_anything_is_gone(ledger: Ledger) -> None:
    teach(ledger, engine_id=None, alive={"e1": (), "e2": ()})
    assert hits(ledger, frozenset(("e1", "e2", "e3"))) == ["r1"]
    assert hits(ledger, frozenset(("e1",))) == []


def test_what_a_pruned_record_was_made_on_is_doubtful_with_the_containerd_store(ledger: Ledger) -> None:
    teach(ledger, alive={"e1": ("base",), "e2": ("e1",), "e3": ("e2",), "e4": ()})
    left = frozenset(("base", "e1", "e2", "e4"))
    assert hits(ledger, left) == ["r1"]
    assert hits(ledger, left, fragile=True) == []
    assert "e1" not in CacheMemory(ledger, "one").books(["op1"], left, fragile=True).seen
    # Still after a build that did not need it; no more when a build took it from the cache.
    teach(ledger, record="r9", op="op9", engine_id="e9", alive=dict.fromkeys((*left, "e9"), ()))
    assert hits(ledger, left | {"e9"}, fragile=True) == []
    teach(ledger, record="r9", op="op9", engine_id="e9", alive=dict.fromkeys((*left, "e9"), ()), found=("e1",))
    assert hits(ledger, left | {"e9"}, fragile=True) == ["r1"]


def test_a_name_that_is_learned_later_is_kept(ledger: Ledger) -> None:
    teach(ledger, engine_id=None)
    teach(ledger, engine_id="e1")
    teach(ledger, engine_id=None)
    assert CacheMemory(ledger, "one").books(["op1"], None).names == {"r1": "e1"}


def test_guesses_are_counted_by_case(ledger: Ledger) -> None:
    reached, untouched = cases("op1")
    for hit in (True, False, True):
        teach(ledger, guesses=[(reached, hit)])
    assert CacheMemory(ledger, "one").books(["op1"], None).guesses == {reached: (2, 3)}
    assert untouched != reached


def test_past_steps_come_back_whole_newest_first(ledger: Ledger) -> None:
    first, second = teach(ledger), teach(ledger, record="r2", engine_id="e2")
    past = CacheMemory(ledger, "one").past("p", "box")
    assert [(step.build, step.record) for step in past] == [(second, "r2"), (first, "r1")]
    assert (past[1].parts, past[1].inputs, past[1].arguments) == (STEP.parts, STEP.inputs, STEP.arguments)
    assert CacheMemory(ledger, "one").past("p", "other") == ()


def test_seconds_are_of_steps_that_ran(ledger: Ledger) -> None:
    teach(ledger, seconds=2.0)
    teach(ledger, seconds=None)
    teach(ledger, seconds=4.0)
    memory = CacheMemory(ledger, "one")
    assert memory.seconds("op", ["op1", "none"]) == {"op1": [2.0, 4.0]}
    assert memory.seconds("text", ["RUN x"]) == {"RUN x": [2.0, 4.0]}


def test_selections_come_back_with_any_name_a_file_can_have(ledger: Ledger) -> None:
    listing: Listing = (("new\nline", "d1", Node("file", 0o644, "x")), ("\udcff", "d2", None))
    build = teach(ledger, roots={"digest": listing})
    memory = CacheMemory(ledger, "one")
    assert memory.root("digest") == listing
    assert memory.root("unknown") is None
    assert memory.ignore_text(build) == "*.log"


def test_a_thousand_operations_are_asked_for_at_once(ledger: Ledger) -> None:
    teach(ledger)
    asked = ["op1", *(f"other{number}" for number in range(1_500))]
    assert len(CacheMemory(ledger, "one").books(asked, None).alive.links) == 1


def test_what_fails_half_way_teaches_nothing(ledger: Ledger) -> None:
    build = teach(ledger)
    step = TaughtStep(1, STEP, None, None)
    with pytest.raises(TypeError):
        CacheMemory(ledger, "one").teach(
            build, links=[Link("op1", 5, "d", "v", "r1")], steps=[step], guesses=(), copies={}, roots={},
            listings={"bad": object()}, alive=None, found=frozenset(), useless={}, ignore_text=None, image_key=None,  # type: ignore[dict-item]
        )
    links = CacheMemory(ledger, "one").books(["op1"], None).alive.links
    assert [key[1] for key in links] == [0]
