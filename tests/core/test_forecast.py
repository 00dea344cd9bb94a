"""What a forecast commits itself to (spec/buildkit.md 4.1, 6.1). E-numbers are the spec's experiments."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from devbox.core.buildplan import BuildPlan, Input, Selection
from devbox.core.cachebook import CacheBook, Link
from devbox.core.forecast import FOREIGN, Verdict, forecast
from devbox.core.held import Held, HeldRecord
from devbox.core.likely import Hints, cases
from tests.core.forecast_plans import CONTEXT, Builder, Plan

OTHER = Selection(("/other",))


def chain(*, script: str = "make", layers: str = "l") -> BuildPlan:
    """FROM, RUN, COPY of the context, RUN."""
    plan = Plan()
    plan.run(plan.copy(plan.run(plan.base(layers), script)), "test")
    return plan.done()


def two_stages(*, script: str = "make", after: bool = True) -> BuildPlan:
    """One stage makes, the other copies from it and goes on."""
    plan = Plan()
    base = plan.base()
    made = plan.run(base, f"{script} > /out/id", stage="a")
    copied = plan.copy(plan.run(base, "prepare", stage="b"), of=made, source=Selection(("/out/id",)), stage="b")
    if after:
        plan.run(copied, "finish", stage="b")
    return plan.done()


def test_what_was_never_built_misses_and_all_after_it() -> None:
    given_one = Builder().look(chain())
    assert [verdict.word for verdict in given_one.verdicts] == ["base", "miss", "miss", "miss"]
    assert [given_one.verdicts[number].after for number in (1, 2, 3)] == [None, 1, 1]


def test_what_was_built_is_found_again() -> None:
    builder = Builder()
    builder.build(chain())
    assert builder.words(chain()) == ["base", "hit", "hit", "hit"]
    assert builder.look(chain()).all_hit


def test_changed_files_miss_where_they_are_copied_and_going_back_hits() -> None:  # E162
    builder = Builder()
    builder.build(chain())
    changed = builder.build(chain(), {CONTEXT: "c2"})
    assert [verdict.word for verdict in changed.verdicts] == ["base", "hit", "miss", "miss"]
    assert changed.verdicts[2].missing == (1,)
    assert changed.verdicts[3].after == 2
    assert builder.words(chain(), {CONTEXT: "c1"}) == ["base", "hit", "hit", "hit"]
    assert builder.words(chain(), {CONTEXT: "c2"}) == ["base", "hit", "hit", "hit"]


def test_a_step_after_one_that_runs_misses_though_its_files_are_the_same() -> None:  # E411
    builder = Builder()
    builder.build(chain())
    assert builder.words(chain(script="make all")) == ["base", "miss", "miss", "miss"]


def test_another_base_misses_everything_and_the_old_one_still_hits() -> None:  # E420
    builder = Builder()
    builder.build(chain())
    builder.build(chain(layers="m"))
    assert builder.words(chain()) == ["base", "hit", "hit", "hit"]


def test_a_file_that_is_not_there_fails_and_so_is_no_hit() -> None:  # E472
    builder = Builder()
    builder.build(chain())
    assert builder.words(chain(), {CONTEXT: None}) == ["base", "hit", "miss", "miss"]


def test_a_copy_from_a_stage_that_runs_depends_on_what_that_makes() -> None:  # E401 to E409
    builder = Builder()
    builder.build(two_stages())
    found = builder.look(two_stages(script="make all"))
    assert [verdict.word for verdict in found.verdicts] == ["base", "miss", "hit", "depends", "depends"]
    assert found.verdicts[3].after == 1
    assert not found.all_hit


def test_a_copy_from_a_stage_that_runs_misses_where_nothing_was_ever_copied_so() -> None:
    builder = Builder()
    plan = Plan()
    plan.run(plan.base(), "prepare", stage="b")
    builder.build(plan.done())
    assert builder.words(two_stages()) == ["base", "miss", "hit", "miss", "miss"]


def test_a_copy_that_hit_all_the_same_is_the_old_record() -> None:
    builder = Builder()
    builder.build(two_stages())
    builder.build(two_stages(script="make all"), outcomes={3: "hit", 4: "hit"})
    assert builder.words(two_stages(script="make all")) == ["base", "hit", "hit", "hit", "hit"]


def test_a_stage_built_on_one_that_runs_always_misses() -> None:  # E410
    builder = Builder()
    builder.build(chain())
    plan = Plan()
    plan.run(plan.copy(plan.run(plan.base(), "make -j")), "test")
    assert builder.words(plan.done()) == ["base", "miss", "miss", "miss"]


def test_a_root_that_counts_by_content_depends_after_a_step_that_runs() -> None:  # E1101
    def plan(script: str) -> BuildPlan:
        made = Plan()
        made.run(made.run(made.base(), script), "use", secret=True)
        return made.done()

    builder = Builder()
    builder.build(plan("make"))
    assert builder.words(plan("make all")) == ["base", "miss", "depends"]


def test_no_cache_runs_what_it_names_and_nothing_else() -> None:  # E901
    plan = Plan()
    first = plan.run(plan.base(), "kept")
    plan.run(first, "forced", no_cache=True)
    builder = Builder()
    builder.build(plan.done())
    assert builder.words(plan.done()) == ["base", "hit", "miss"]


def test_after_an_unknown_base_everything_is_unknown_with_its_reason() -> None:
    plan = Plan()
    plan.run(plan.run(plan.base(unknown="not here"), "a"), "b")
    found = Builder().look(plan.done())
    assert [(verdict.word, verdict.reason) for verdict in found.verdicts] == [("unknown", "not here")] * 3


def test_a_plan_that_can_not_be_judged_is_unknown_all_through() -> None:
    builder = Builder()
    builder.build(chain())
    found = builder.look(replace(chain(), unknown="another frontend"))
    assert {verdict.word for verdict in found.verdicts[1:]} == {"unknown"}
    assert found.verdicts[1].reason == "another frontend"


def test_twins_share_one_verdict() -> None:
    plan = Plan()
    base = plan.base()
    first = plan.run(base, "same", stage="a")
    second = plan.run(base, "same", stage="b")
    plan.vertices[second] = replace(plan.vertices[second], twin=first)
    found = Builder().look(plan.done())
    assert found.verdicts[first] is found.verdicts[second]


def test_an_equal_step_later_in_the_same_build_is_a_hit() -> None:
    plan = Plan()
    base = plan.base()
    one = plan.copy(base, stage="a", source=CONTEXT)
    plan.copy(base, stage="b", source=Selection(("/moved/src",)))
    found = Builder().look(plan.done(), {CONTEXT: "same", Selection(("/moved/src",)): "same"})
    assert [found.verdicts[one].word, found.verdicts[one + 1].word] == ["miss", "hit"]


def test_what_the_running_build_shows_resolves_what_depended_on_it() -> None:
    builder = Builder()
    builder.build(two_stages())
    plan = two_stages(script="make all")
    before = builder.look(plan)
    shown = {3: Verdict("hit", before.verdicts[3].records)}
    assert forecast(plan, builder.book, {}, shown).verdicts[4].word == "hit"
    shown = {3: Verdict("miss", frozenset(("new",)))}
    assert forecast(plan, builder.book, {}, shown).verdicts[4].word == "miss"


# Records that devbox did not see made.

MADE = HeldRecord("e1", "mount / from exec /bin/sh -c make", ("base-record",))
LATER = HeldRecord("e2", "[s 3/4] COPY src /x", ("e1",))


def held(*foreign: HeldRecord, **names: str) -> Held:
    steps = frozenset(record.id for record in (MADE, LATER))
    return Held(foreign, steps, names)


def test_a_step_that_a_foreign_record_may_be_is_unknown_and_so_is_what_follows() -> None:
    found = forecast(chain(), CacheBook(), {CONTEXT: "c1"}, held=held(MADE))
    assert [verdict.word for verdict in found.verdicts] == ["base", "unknown", "unknown", "unknown"]
    assert found.verdicts[1].reason == FOREIGN


def test_foreign_records_of_other_steps_change_nothing() -> None:
    other = HeldRecord("e3", "mount / from exec /bin/sh -c something else", ("base-record",))
    found = forecast(chain(), CacheBook(), {CONTEXT: "c1"}, held=held(other, LATER))
    assert [verdict.word for verdict in found.verdicts] == ["base", "miss", "miss", "miss"]


def test_a_foreign_record_counts_only_on_the_record_that_it_was_made_on() -> None:
    builder = Builder()
    plan = Plan()
    plan.run(plan.base(), "make")
    builder.build(plan.done())
    known = next(iter(builder.look(plan.done()).verdicts[1].records))
    for name, word in (("e1", "unknown"), ("e9", "miss")):
        found = forecast(chain(), builder.book, {CONTEXT: "c1"}, held=held(LATER, **{known: name}))
        assert [verdict.word for verdict in found.verdicts[1:3]] == ["hit", word]


# Guesses.


def guessed(producer: str, *, hints: Hints | None = None) -> float:
    builder = Builder()
    builder.build(two_stages(script=producer))
    plan = Plan()
    base = plan.base()
    made = plan.run(plan.run(base, "something new > /elsewhere", stage="a"), f"{producer} > /out/id", stage="a")
    plan.copy(plan.run(base, "prepare", stage="b"), of=made, source=Selection(("/out/id",)), stage="b")
    given_hints = hints or Hints(environments={'["/bin/sh", "-c", "' + producer + ' > /out/id"]': ()})
    verdict = forecast(plan.done(), builder.book, {}, hints=given_hints).verdicts[-1]
    assert verdict.word == "depends"
    assert verdict.p_hit is not None
    return verdict.p_hit


def test_what_a_step_makes_of_constants_is_likely_the_same() -> None:
    assert guessed("echo constant") > 0.5


def test_what_a_step_makes_by_chance_is_likely_another() -> None:
    assert guessed("head -c 8 /dev/urandom") < 0.5
    assert guessed("date") < 0.5


def test_what_a_step_makes_of_a_changed_path_is_likely_another() -> None:
    assert guessed("cat /elsewhere") < 0.5


def test_experience_with_the_step_outweighs_its_words() -> None:
    plan = two_stages(script="head -c 8 /dev/urandom")
    case = cases(plan.vertices[3].op)[0]
    assert guessed("head -c 8 /dev/urandom", hints=Hints({case: (9, 9)})) > 0.5


# Properties.

SHAPES = st.lists(
    st.tuples(st.sampled_from(("run", "copy", "take")), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12
)


def shaped(steps: list[tuple[str, int, int]]) -> BuildPlan:
    plan = Plan()
    plan.base()
    for number, (kind, on, of) in enumerate(steps):
        below = on % len(plan.vertices)
        if kind == "run":
            plan.run(below, f"step {number}")
        elif kind == "copy":
            plan.copy(below, f"/x{number}", source=(CONTEXT, OTHER)[of % 2])
        else:
            plan.copy(below, f"/x{number}", of=of % len(plan.vertices), source=Selection((f"/y{number}",)))
    return plan.done()


FILES = {CONTEXT: "c1", OTHER: "c2"}


@given(SHAPES)
def test_right_after_a_build_in_which_all_ran_all_hits(steps: list[tuple[str, int, int]]) -> None:
    builder, plan = Builder(), shaped(steps)
    builder.build(plan, FILES)
    assert builder.look(plan, FILES).all_hit


@given(SHAPES, st.data())
def test_whoever_knows_less_never_finds_more(steps: list[tuple[str, int, int]], data: st.DataObject) -> None:
    builder, plan = Builder(), shaped(steps)
    builder.build(plan, FILES)
    links = [Link(op, number, kind, value, record) for (op, number, kind, value), records in builder.book.links.items()
             for record in sorted(records)]
    fewer = CacheBook.of(link for link in links if data.draw(st.booleans()))
    for less, more in zip(forecast(plan, fewer, FILES).verdicts, builder.look(plan, FILES).verdicts, strict=True):
        assert less.word != "hit" or more.word == "hit"


@given(SHAPES, st.integers(1, 12))
def test_a_changed_step_never_hits_nor_does_what_is_built_on_it(steps: list[tuple[str, int, int]], at: int) -> None:
    builder, plan = Builder(), shaped(steps)
    builder.build(plan, FILES)
    at = min(at, len(plan.vertices) - 1)
    vertex = plan.vertices[at]
    changed = replace(vertex, parts={**vertex.parts, "changed": True})
    other = replace(plan, vertices=(*plan.vertices[:at], changed, *plan.vertices[at + 1 :]))
    words = builder.words(other, FILES)
    broken = {at}
    for number, one in enumerate(other.vertices):
        if isinstance(one.root, int) and one.root in broken:
            broken.add(number)
    assert all(words[number] == "miss" for number in broken)
    assert all(word != "unknown" for word in words)


def test_an_input_that_counts_by_nothing_is_never_a_hit() -> None:
    plan = chain()
    odd = replace(plan.vertices[1], inputs=(Input(0, definition=False),))
    builder = Builder()
    builder.build(replace(plan, vertices=(plan.vertices[0], odd)))
    assert builder.words(replace(plan, vertices=(plan.vertices[0], odd))) == ["base", "miss"]


# Records that the builder lost.


def records_of(builder: Builder, plan: BuildPlan, *numbers: int) -> tuple[str, ...]:
    verdicts = builder.look(plan).verdicts
    return tuple(record for number in numbers for record in verdicts[number].records)


def test_what_was_pruned_runs_again_where_the_build_is_made_of_it() -> None:
    builder = Builder()
    builder.build(chain())
    builder.prune()
    found = builder.look(chain()).verdicts[1:]
    assert [(verdict.word, verdict.after) for verdict in found] == [("miss", None), ("miss", 1), ("miss", 1)]
    builder.build(chain())
    assert builder.look(chain()).all_hit


def test_a_pruned_step_that_nothing_needs_is_not_looked_at_and_shown_as_cached() -> None:
    builder = Builder()
    builder.build(two_stages())
    builder.prune(*records_of(builder, two_stages(), 1))
    assert builder.words(two_stages()) == ["base", "hit", "hit", "hit", "hit"]


def test_a_pruned_step_that_something_new_needs_runs_and_what_has_its_key_still_hits() -> None:
    builder = Builder()
    builder.build(two_stages(after=False))
    builder.prune(*records_of(builder, two_stages(after=False), 1))
    plan = Plan()
    plan.vertices = list(two_stages(after=False).vertices)
    plan.copy(3, "/another", of=1, source=Selection(("/elsewhere",)), stage="b")
    assert builder.words(plan.done()) == ["base", "miss", "hit", "hit", "miss"]


def test_a_pruned_step_that_something_may_need_depends() -> None:
    builder = Builder()
    builder.build(two_stages())
    copy = records_of(builder, two_stages(), 1)
    plan = Plan()
    base = plan.base()
    other = plan.run(base, "other", stage="a")
    made = plan.run(base, "make > /out/id", stage="c")
    mixed = plan.copy(plan.run(base, "prepare", stage="b"), of=other, source=Selection(("/out/id",)), stage="b")
    plan.copy(mixed, "/more", of=made, source=Selection(("/out/id",)), stage="b")
    builder.build(plan.done())
    builder.prune(*copy)
    again = Plan()
    again.vertices = list(plan.vertices)
    changed = replace(plan.vertices[other], parts={**plan.vertices[other].parts, "env": ["A=1"]})
    again.vertices[other] = changed
    words = builder.words(again.done())
    assert words[1] == "miss"
    assert words[2] == "depends"


def test_of_a_lost_record_that_the_builder_may_hold_under_another_name_nothing_is_said() -> None:
    builder = Builder()
    builder.build(chain())
    builder.prune()
    found = forecast(chain(), builder.book, {CONTEXT: "c1"}, held=held(MADE), lost=builder.lost)
    assert found.verdicts[1].word == "unknown"


@given(SHAPES, st.data())
def test_pruning_never_makes_a_hit_nor_a_cause_of_its_own(
    steps: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    builder, plan = Builder(), shaped(steps)
    builder.build(plan, FILES)
    before = builder.look(plan, FILES).verdicts
    gone = [record for verdict in before for record in verdict.records if data.draw(st.booleans())]
    if gone:
        builder.prune(*gone)
    after = builder.look(plan, FILES).verdicts
    assert all(verdict.word in ("hit", "base", "miss", "depends") for verdict in after)
    assert all(verdict.records & {*gone} for verdict in after if verdict.word == "miss")
