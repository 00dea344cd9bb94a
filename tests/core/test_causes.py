"""Why a step misses, named exactly (product.md B3; spec/buildkit.md 6.1, 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from devbox.core.build import Cause
from devbox.core.buildplan import BuildPlan, Input, Selection
from devbox.core.causes import Explanation, Past, explain
from devbox.core.context_tree import Node
from devbox.core.tree_diff import Change
from tests.core.forecast_plans import CONTEXT, Builder, Plan

Files = Mapping[Selection, str | None]


def one_run(
    script: str = "make", *, env: tuple[str, ...] = (), arguments: tuple[str, ...] = (), layers: str = "l"
) -> BuildPlan:
    plan = Plan()
    plan.run(plan.base(layers), script, env=env, arguments=arguments)
    return plan.done()


def one_copy(to: str = "/x") -> BuildPlan:
    plan = Plan()
    plan.copy(plan.base(), to)
    return plan.done()


def why(
    builder: Builder, plan: BuildPlan, number: int, files: Files | None = None, *,
    changed: tuple[Change, ...] | None = (),
    by_ignore: Callable[[int, Change], bool] = lambda build, change: False,
) -> Explanation:
    def changes(digest: str, one: Input) -> tuple[Change, ...] | None:
        return changed

    past = Past(builder.past, changes, by_ignore=by_ignore, absent=lambda selection: ("src",))
    return explain(number, builder.look(plan, files), past)


def built(*plans: BuildPlan) -> Builder:
    builder = Builder()
    for plan in plans:
        builder.build(plan)
    return builder


def test_a_hit_has_no_cause() -> None:
    assert why(built(one_run()), one_run(), 1) == Explanation(())


def test_what_no_build_had_was_never_built() -> None:
    assert why(Builder(), one_run(), 1).causes == (Cause("never-built"),)


def test_a_step_that_is_made_to_run_says_so() -> None:
    plan = Plan()
    plan.run(plan.base(), "make", no_cache=True)
    assert why(built(plan.done()), plan.done(), 1).causes == (Cause("no-cache"),)


def test_what_follows_a_miss_names_where_the_cache_breaks() -> None:
    plan = Plan()
    plan.run(plan.run(plan.base(), "one"), "two")
    assert why(Builder(), plan.done(), 2).causes == (Cause("parent-missed", detail="s 2"),)


def test_a_source_that_was_never_there_is_named() -> None:
    found = why(Builder(), one_copy(), 1, {CONTEXT: None})
    assert found.absent == ("src",)
    assert found.causes == (Cause("never-built", "src", "not in the build context"),)


def test_a_source_that_is_gone_is_a_file_that_was_removed() -> None:
    found = why(built(one_copy()), one_copy(), 1, {CONTEXT: None}, changed=(Change("src", "removed"),))
    assert found.absent == ("src",)
    assert found.causes == (Cause("file-removed", "src"),)


def test_a_source_that_is_there_is_not_absent() -> None:
    assert why(Builder(), one_copy(), 1).absent == ()


def test_a_record_that_the_builder_lost_was_pruned() -> None:
    builder = built(one_run())
    builder.prune()
    assert why(builder, one_run(), 1).causes == (Cause("cache-pruned"),)


def test_other_words_name_the_old_ones_and_the_build_that_had_them() -> None:
    found = why(built(one_run("make"), one_run("make test"), one_run("make test -k")), one_run("make test -j"), 1)
    assert found.causes[0].kind == "instruction-changed"
    assert found.causes[0].path == "Dockerfile"
    assert found.causes[0].detail in ("was `RUN make test`", "was `RUN make test -k`")
    assert found.build in (2, 3)


@pytest.mark.parametrize(("old", "new", "words"), [
    ("make  all", "make all", "only blanks changed"),
    ("make all ", "make all", "only blanks changed"),
    ("<<E\nmake\ntest\nE", "<<E\nmake\ntest -k\nE", "its line 3 was `test`"),
    ("make all", "make test", "was `RUN make all`"),
])
def test_a_change_is_visible_in_its_words(old: str, new: str, words: str) -> None:
    assert why(built(one_run(old)), one_run(new), 1).causes == (Cause("instruction-changed", "Dockerfile", words),)


def test_nearest_of_all_past_states_is_named_not_the_newest() -> None:
    near, far = one_run("make all"), one_run("wget somewhere && tar xf it")
    found = why(built(near, far), one_run("make all -k"), 1)
    assert (found.build, found.causes[0].detail) == (1, "was `RUN make all`")


@pytest.mark.parametrize(("old", "new", "cause"), [
    (("A=1",), ("A=2",), Cause("env-changed", "A", "1 → 2")),
    ((), ("A=2",), Cause("env-changed", "A", "not set → 2")),
    (("A=1",), (), Cause("env-changed", "A", "1 → not set")),
    (("A=1", "B=2"), ("B=2", "A=1"), Cause("env-changed", None, "the same variables in another order")),  # E213
])
def test_another_environment_names_the_variable_and_both_values(
    old: tuple[str, ...], new: tuple[str, ...], cause: Cause
) -> None:
    assert why(built(one_run(env=old)), one_run(env=new), 1).causes == (cause,)


def test_an_argument_is_called_one() -> None:  # E221
    old = one_run(env=("VERSION=1",), arguments=("VERSION",))
    new = one_run(env=("VERSION=2",), arguments=("VERSION",))
    assert why(built(old), new, 1).causes == (Cause("arg-changed", "VERSION", "1 → 2"),)


def test_a_value_whose_name_says_secret_is_never_shown() -> None:
    old = one_run("TOKEN=old-value make", env=("API_KEY=old-value",))
    new = one_run("TOKEN=new-value make it", env=("API_KEY=new-value", "URL=https://me:old-value@host/"))
    causes = why(built(old), new, 1).causes
    assert {cause.kind for cause in causes} == {"instruction-changed", "env-changed"}
    assert "old-value" not in str(causes)
    assert "new-value" not in str(causes)


def test_another_base_names_it() -> None:
    found = why(built(one_run()), one_run(layers="m"), 1)
    assert found.causes == (Cause("base-changed", "x", None),)


def test_a_base_whose_images_are_known_names_both() -> None:
    def plan(layers: str, id: str) -> BuildPlan:
        made = one_run(layers=layers)
        return replace(made, vertices=(replace(made.vertices[0], arguments=(id,)), *made.vertices[1:]))

    old, new = plan("l", "sha256:" + "1" * 64), plan("m", "sha256:" + "2" * 64)
    assert why(built(old), new, 1).causes == (Cause("base-changed", "x", f"{'1' * 12} → {'2' * 12}"),)


def test_a_step_that_was_taken_out_is_named_by_the_one_after_it() -> None:
    plan = Plan()
    plan.run(plan.run(plan.base(), "first"), "second")
    assert why(built(plan.done()), one_run("second"), 1).causes == (
        Cause("instruction-changed", "Dockerfile", "`RUN first` before it is gone"),
    )


FILE = Node("file", 0o644, "d1")
CHANGES = [
    (Change("a", "content", FILE, Node("file", 0o644, "d2")), Cause("file-changed", "a", "content")),
    (Change("a", "mode", FILE, Node("file", 0o755, "d1")), Cause("mode-changed", "a", "644 → 755")),
    (Change("a", "added", None, FILE), Cause("file-added", "a", None)),
    (Change("a", "removed", FILE, None), Cause("file-removed", "a", None)),
    (Change("a", "added", None, FILE, "b"), Cause("file-added", "a", "renamed from b")),
    (Change("a", "removed", FILE, None, "b"), Cause("file-removed", "a", "renamed to b")),
]


@pytest.mark.parametrize(("change", "cause"), CHANGES)
def test_files_are_named_with_how_they_changed(change: Change, cause: Cause) -> None:
    found = why(built(one_copy()), one_copy(), 1, {CONTEXT: "c2"}, changed=(change,))
    assert found == Explanation((cause,), 1)


def test_files_that_only_the_ignore_file_lets_in_are_its_doing() -> None:
    found = why(
        built(one_copy()), one_copy(), 1, {CONTEXT: "c2"},
        changed=(Change("a", "added", None, FILE), Change("b", "content", FILE, FILE)),
        by_ignore=lambda build, change: change.path == "a",
    )
    assert found.causes == (
        Cause("ignore-changed", ".dockerignore", "1 path, first a"), Cause("file-changed", "b", "content"),
    )


def test_what_can_not_be_compared_is_not_explained() -> None:
    assert why(built(one_copy()), one_copy(), 1, {CONTEXT: "c2"}, changed=None).causes == ()


def test_no_more_files_are_listed_than_anyone_reads() -> None:
    changed = tuple(Change(f"f{number}", "added", None, FILE) for number in range(1_000))
    found = why(built(one_copy()), one_copy(), 1, {CONTEXT: "c2"}, changed=changed)
    assert len(found.causes) == 200
