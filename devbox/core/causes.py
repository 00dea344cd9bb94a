"""Why a step will run, or ran: the exact difference to the nearest past state, or nothing said (product.md B3).

Every past state counts, not only the last build's (spec/buildkit.md 6.1, 5). Pure.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from devbox.core.build import Cause
from devbox.core.buildplan import BuildPlan, Input, Parts, Selection, Vertex
from devbox.core.forecast import Forecast
from devbox.core.frozen import dataclass
from devbox.core.masking import MASK, secret_name, without_secret_values
from devbox.core.stepname import shown_stage, step_words
from devbox.core.tree_diff import Change

SHOWN = 200
"""Differing files that one cause list names; the rest are counted."""
_LIKE = 0.4
"""How alike two texts must be to be called one that changed."""


@dataclass(frozen=True, slots=True)
class PastInput:
    """What an input was: a record, or the digest of what was selected of a context."""

    record: str | None = None
    content: str | None = None


@dataclass(frozen=True, slots=True)
class PastStep:
    """A step as a past build had it."""

    build: int
    stage: str
    index: int
    op: str
    parts: Parts
    text: str
    record: str
    inputs: tuple[PastInput, ...]
    arguments: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """What an explanation compares with."""

    steps: Sequence[PastStep]
    """Newest build first."""
    changes: Callable[[str, Input], tuple[Change, ...] | None]
    """How a past content (its digest) differs from what the input selects now; None where it is not kept."""
    dockerfile: str = "Dockerfile"
    by_ignore: Callable[[int, Change], bool] = lambda build, change: False
    """Whether a file came or went since that build only because the ignore file changed."""
    ignore_file: str = ".dockerignore"
    absent: Callable[[Selection], tuple[str, ...]] = lambda selection: ()
    """What a selection of a context names and is not there."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The causes of one miss and the build whose state was nearest."""

    causes: tuple[Cause, ...]
    build: int | None = None
    absent: tuple[str, ...] = ()
    """Sources that are not in the build context: the step will fail."""


def explain(number: int, given: Forecast, past: Past) -> Explanation:
    """Why this vertex of a forecast misses; no causes where nothing is proven."""
    found, vertex = _explained(number, given, past), given.plan.vertices[number]
    absent = tuple(
        path for one in vertex.inputs if one.vertex is None and given.contents.get(one.selection, "") is None
        for path in past.absent(one.selection)
    )
    if absent and found.causes == (Cause("never-built"),):
        found = Explanation(tuple(Cause("never-built", path, "not in the build context") for path in absent))
    return replace(found, absent=absent) if absent else found


def _explained(number: int, given: Forecast, past: Past) -> Explanation:
    vertex, verdict = given.plan.vertices[number], given.verdicts[number]
    if verdict.word != "miss":
        return Explanation(())
    if vertex.no_cache:
        return Explanation((Cause("no-cache"),))
    if verdict.after is not None and given.breaks_at(number) == number:
        return explain(verdict.after, given, past)
    if verdict.after is not None:
        return Explanation((Cause("parent-missed", detail=_place(given.plan.vertices[verdict.after], given.plan)),))
    if verdict.lost:
        return Explanation((Cause("cache-pruned"),))
    return _compared(number, vertex, given, past)


def _compared(number: int, vertex: Vertex, given: Forecast, past: Past) -> Explanation:
    same = [step for step in past.steps if step.op == vertex.op]
    beside = [step for step in past.steps if _same_root(step, vertex, given)]
    both = [step for step in same if step in beside]
    if both:
        return _content(vertex, both, past)
    if same:
        return _other_root(vertex, same[0], given, past)
    planned = {other.op for other in given.plan.vertices}
    near = _nearest(vertex, [step for step in beside if step.op not in planned and step.kind == vertex.kind])
    if near is not None:
        return Explanation(tuple(_parts(near, vertex, past)), near.build)
    moved = next((step for step in past.steps if step.text == vertex.text and step.kind == vertex.kind), None)
    if moved is None:
        return Explanation((Cause("never-built"),))
    # The same words, but what stands before them gives them another meaning: WORKDIR, USER, ENV, SHELL.
    before = _before(moved, past)
    if before is not None and before.op not in planned:
        return Explanation((_gone(before, past),), moved.build)
    return Explanation(tuple(_parts(moved, vertex, past)), moved.build)


def _content(vertex: Vertex, steps: Sequence[PastStep], past: Past) -> Explanation:
    """Equal operation on an equal root: the files differ. The state with the fewest differences is named."""
    best: tuple[int, PastStep, list[Change]] | None = None
    for step in steps[:50]:
        found: list[Change] = []
        known = True
        for one, was in zip(vertex.inputs, step.inputs, strict=False):
            if one.vertex is not None or was.content is None:
                continue
            changed = past.changes(was.content, one)
            known = known and changed is not None
            found += changed or ()
        if known and found and (best is None or len(found) < best[0]):
            best = (len(found), step, found)
    if best is None:
        return Explanation(())
    return Explanation(tuple(_file_causes(best[1].build, best[2], past)), best[1].build)


def _file_causes(build: int, found: Sequence[Change], past: Past) -> Iterator[Cause]:
    ignored = [change for change in found if change.kind in ("added", "removed") and past.by_ignore(build, change)]
    if ignored:
        count = "1 path" if len(ignored) == 1 else f"{len(ignored)} paths"
        yield Cause("ignore-changed", past.ignore_file, f"{count}, first {ignored[0].path}")
    rest = [change for change in found if change not in ignored]
    for change in rest[:SHOWN]:
        if change.kind == "content":
            yield Cause("file-changed", change.path, "content")
        elif change.kind == "mode" and change.old is not None and change.new is not None:
            yield Cause("mode-changed", change.path, f"{change.old.mode:o} → {change.new.mode:o}")
        elif change.kind == "added":
            yield Cause("file-added", change.path, f"renamed from {change.other}" if change.other else None)
        else:
            yield Cause("file-removed", change.path, f"renamed to {change.other}" if change.other else None)


def _other_root(vertex: Vertex, step: PastStep, given: Forecast, past: Past) -> Explanation:
    """The same operation was done on something else: another base, or other steps before it."""
    root = vertex.inputs[0].vertex if vertex.inputs else None
    if root is None:
        return Explanation(())
    parent = given.plan.vertices[root]
    before = _before(step, past)
    if parent.kind == "base" and (before is None or before.kind == "base"):
        ids = [_short_id(each.arguments) for each in (before, parent) if each is not None]
        changed = " → ".join(ids) if len(ids) == 2 and all(ids) else None
        return Explanation((Cause("base-changed", _base_name(parent), changed),), step.build)
    if before is None:
        words = "the steps before it are others"
        return Explanation((Cause("instruction-changed", past.dockerfile, words),), step.build)
    if all(before.op != other.op for other in given.plan.vertices):
        return Explanation((_gone(before, past),), step.build)
    words = "the steps before it stand in another order"
    return Explanation((Cause("instruction-changed", past.dockerfile, words),), step.build)


def _before(step: PastStep, past: Past) -> PastStep | None:
    """The step that this one was done on."""
    record = step.inputs[0].record if step.inputs else None
    return next((other for other in past.steps if record is not None and other.record == record), None)


def _gone(before: PastStep, past: Past) -> Cause:
    return Cause("instruction-changed", past.dockerfile, f"`{_first(before.text)}` before it is gone")


def _nearest(vertex: Vertex, steps: Sequence[PastStep]) -> PastStep | None:
    """The past step that this one once was: the one that differs in the fewest parts, then the most alike."""
    best: tuple[tuple[int, float], PastStep] | None = None
    for step in steps:
        differing = [name for name in {*step.parts, *vertex.parts} if step.parts.get(name) != vertex.parts.get(name)]
        alike = difflib.SequenceMatcher(None, step.text, vertex.text).ratio() if step.text != vertex.text else 1.0
        same_place = vertex.key is not None and (step.stage, step.index) == (vertex.key.stage, vertex.key.index)
        if alike < _LIKE and not same_place:
            continue
        rank = (len(differing), -alike)
        if best is None or rank < best[0]:
            best = (rank, step)
    return best[1] if best else None


def _parts(step: PastStep, vertex: Vertex, past: Past) -> Iterator[Cause]:
    """The parts of the key that differ, in the contract's words."""
    was, now = step.parts, vertex.parts
    names = [name for name in dict.fromkeys((*was, *now)) if was.get(name) != now.get(name)]
    text = [name for name in names if name not in ("env", "platform", "mounts")]
    if text:
        yield Cause("instruction-changed", past.dockerfile, _text_change(step.text, vertex.text, text))
    if "env" in names:
        yield from _env(was.get("env") or (), now.get("env") or (), {*step.arguments, *vertex.arguments}, past)
    if "platform" in names:
        yield Cause("platform-changed", None, f"{was.get('platform')} → {now.get('platform')}")
    if "mounts" in names:
        yield from _mounts(was.get("mounts") or (), now.get("mounts") or (), past, step.text, vertex.text)


def _text_change(old: str, new: str, names: Sequence[str]) -> str:
    if old != new and old.split() == new.split():
        return "only blanks changed"
    if old != new:
        line, was = _first_difference(old, new)
        return f"was `{_first(was)}`" if line == 1 else f"its line {line} was `{_first(was)}`"
    words = {"workdir": "WORKDIR", "user": "USER", "to": "WORKDIR"}
    return f"{', '.join(words.get(name, name) for name in names)} changed"


def _first_difference(old: str, new: str) -> tuple[int, str]:
    """Where a here-document differs first: the line's number and what it was."""
    lines = zip_longest(old.split("\n"), new.split("\n"), fillvalue="")
    return next((number, was) for number, (was, now) in enumerate(lines, start=1) if was != now)


def _env(old: Sequence[str], new: Sequence[str], arguments: set[str], past: Past) -> Iterator[Cause]:
    was, now = (dict(item.partition("=")[::2] for item in env) for env in (old, new))
    names = [name for name in dict.fromkeys((*was, *now)) if was.get(name) != now.get(name)]
    for name in names:
        kind = "arg-changed" if name in arguments else "env-changed"
        yield Cause(kind, name, f"{_value(was, name)} → {_value(now, name)}")
    if not names:
        yield Cause("env-changed", None, "the same variables in another order")


def _mounts(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], past: Past, old_text: str, new_text: str
) -> Iterator[Cause]:
    was, now = ([dict(mount) for mount in mounts if mount.get("type") == "secret"] for mounts in (old, new))
    if was != now:
        ids = [str(mount.get("id") or mount.get("target") or "") for mount in (*now, *was)]
        yield Cause("secret-changed", next(iter(ids), None), None)
    if [dict(m) for m in old if m.get("type") != "secret"] != [dict(m) for m in new if m.get("type") != "secret"]:
        yield Cause("instruction-changed", past.dockerfile, _text_change(old_text, new_text, ("mounts",)))


def _same_root(step: PastStep, vertex: Vertex, given: Forecast) -> bool:
    if not vertex.inputs or vertex.inputs[0].vertex is None:
        return not step.inputs or step.inputs[0].record is None
    records = given.verdicts[vertex.inputs[0].vertex].records
    return bool(step.inputs) and step.inputs[0].record in records


def _place(vertex: Vertex, plan: BuildPlan) -> str:
    if vertex.key is None:
        return vertex.text
    stages = (other.key.stage for other in plan.vertices if other.key is not None)
    return step_words(shown_stage(vertex.key.stage, stages), vertex.key.index)


def _base_name(vertex: Vertex) -> str:
    words = [word for word in vertex.text.split() if not word.startswith("--")]
    return words[1] if len(words) > 1 else vertex.text


def _short_id(ids: Sequence[str]) -> str:
    return ids[0].removeprefix("sha256:")[:12] if ids else ""


def _first(text: str) -> str:
    line = without_secret_values(text.split("\n", 1)[0])
    return line if len(line) <= 120 else f"{line[:119]}…"


def _value(env: Mapping[str, str], name: str) -> str:
    if name not in env:
        return "not set"
    return MASK if secret_name(name) else without_secret_values(env[name])
