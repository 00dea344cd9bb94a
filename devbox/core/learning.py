"""What a build that ended teaches: new records and links for the book (spec/buildkit.md 6.1, 6). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from devbox.core.buildplan import Selection, Vertex
from devbox.core.cachebook import CacheBook, Link, definition_value
from devbox.core.forecast import Forecast, Verdict
from devbox.core.frozen import dataclass

Outcome = Literal["ran", "hit"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What to remember of one build."""

    links: tuple[Link, ...]
    records: Mapping[int, str]
    """Vertex number → the record that it is now."""
    guesses: tuple[tuple[str, bool], ...] = ()
    """Steps whose stage ran again: the case (`likely`), and whether they were a hit all the same."""


def learn(
    forecast: Forecast, book: CacheBook, outcomes: Mapping[int, Outcome], new_record: Callable[[], str]
) -> Lesson:
    """The lesson of a build whose vertices came out so; vertices without an outcome taught nothing."""
    plan = forecast.plan
    now: list[Verdict] = []
    links: list[Link] = []
    records: dict[int, str] = {}
    guesses: list[tuple[str, bool]] = []
    for number, vertex in enumerate(plan.vertices):
        if vertex.twin is not None:
            now.append(now[vertex.twin])
            continue
        if vertex.kind == "base":
            now.append(forecast.verdicts[number])
            continue
        outcome = outcomes.get(number)
        if outcome is None:
            now.append(Verdict("unknown"))
            continue
        said = forecast.verdicts[number]
        if outcome == "ran":
            record = new_record()
        else:
            record = _record_of(vertex, said, book, now) or new_record()
        records[number] = record
        now.append(Verdict("hit", frozenset((record,))))
        links += links_of(vertex, record, now, forecast.contents)
        if said.case is not None:
            guesses.append((said.case, outcome == "hit"))
    return Lesson(tuple(links), records, tuple(guesses))


def links_of(
    vertex: Vertex, record: str, verdicts: Sequence[Verdict], contents: Mapping[Selection, str | None]
) -> Iterable[Link]:
    """The links that lead to a record of this vertex, its inputs being what these verdicts say."""
    op = vertex.op
    if not vertex.inputs:
        yield Link(op, -1, "d", "", record)
    for index, one in enumerate(vertex.inputs):
        if one.vertex is None:
            digest = contents.get(one.selection)
            if digest is not None:
                yield Link(op, index, "c", digest, record)
            continue
        if one.definition:
            for source in verdicts[one.vertex].records:
                yield Link(op, index, "d", definition_value(one, source), record)


def _record_of(vertex: Vertex, said: Verdict, book: CacheBook, now: Sequence[Verdict]) -> str | None:
    """Which record a hit was: one that was forecast, else the newest that fits the inputs that are known."""
    if said.word in ("hit", "depends") and said.records:
        return book.newest(said.records)
    op = vertex.op
    fitting = [
        book.by_definition(op, index, one, now[one.vertex].records)
        for index, one in enumerate(vertex.inputs)
        if one.vertex is not None and not one.content
    ]
    candidates = frozenset.intersection(*fitting) if fitting else frozenset()
    return book.newest(candidates)
