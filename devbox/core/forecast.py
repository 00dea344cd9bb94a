"""What the next build will find in the cache, step by step: hit, miss, depends or unknown (spec/buildkit.md 6).

Commits itself only where the rules and the book prove it: a false hit is the worst answer there is. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Literal

from devbox.core.buildplan import BuildPlan, Input, Selection, Vertex
from devbox.core.cachebook import CacheBook, base_record
from devbox.core.frozen import dataclass
from devbox.core.held import Held
from devbox.core.likely import Changed, Hints, guess
from devbox.core.needed import settled

Word = Literal["hit", "miss", "depends", "unknown", "base"]
FOREIGN = "the builder holds a record that may be this step's and that devbox did not see made"
NOTHING_FOREIGN = Held()
NO_HINTS = Hints()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one vertex."""

    word: Word
    records: frozenset[str] = frozenset()
    """What the step will be: its records for a hit, possible ones for depends, a virtual one for a miss."""
    p_hit: float | None = None
    after: int | None = None
    """For a miss that follows: the vertex where the cache breaks; for depends: the one whose output decides."""
    case: str | None = None
    """For depends: what its outcome is experience of (`likely`)."""
    reason: str | None = None
    """Why it is unknown."""
    missing: tuple[int, ...] = ()
    """For a root miss: the inputs that nothing answers for; empty where each alone has an answer."""
    lost: bool = False
    """Its key is known, and the builder does not hold its record any more."""

    @property
    def runs(self) -> bool:
        """Whether the step certainly runs."""
        return self.word == "miss"


@dataclass(frozen=True, slots=True)
class Forecast:
    """A verdict for each vertex of the plan."""

    plan: BuildPlan
    verdicts: tuple[Verdict, ...]
    contents: Mapping[Selection, str | None] = field(default_factory=dict)
    """What each selection of the context comes to now."""

    def steps(self) -> Iterator[tuple[Vertex, Verdict]]:
        """Each step that has a place."""
        return ((vertex, verdict) for vertex, verdict in zip(self.plan.vertices, self.verdicts, strict=True)
                if vertex.key is not None)

    def breaks_at(self, number: int) -> int | None:
        """For a miss: the vertex where the cache breaks, itself or an earlier one. The two halves of a `COPY --link`
        are one step there."""
        verdict, vertex = self.verdicts[number], self.plan.vertices[number]
        if verdict.word != "miss":
            return None
        half = vertex.inputs[-1].vertex if vertex.merges else None
        return number if verdict.after is None or verdict.after == half else verdict.after

    @property
    def all_hit(self) -> bool:
        """Whether nothing will run."""
        return all(verdict.word in ("hit", "base") for verdict in self.verdicts)


@dataclass(slots=True)
class _Forecaster:
    plan: BuildPlan
    book: CacheBook
    contents: Mapping[Selection, str | None]
    known: Mapping[int, Verdict]
    """What the running build has already told."""
    held: Held
    hints: Hints
    lost: CacheBook
    changed: Changed = field(init=False)
    overlay: CacheBook = field(default_factory=CacheBook)
    """Links that this build itself will make."""
    done: list[Verdict] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.changed = Changed(self.plan, self.done, self.book, self.contents, self.hints)

    def run(self) -> Forecast:
        for number, vertex in enumerate(self.plan.vertices):
            if vertex.twin is not None:
                self.done.append(self.done[vertex.twin])
                continue
            verdict = self.known.get(number) or self._judge(number, vertex)
            if verdict.word in ("miss", "hit"):
                self._remember(vertex, verdict)
            self.done.append(verdict)
        return Forecast(self.plan, settled(self.plan, self.done), self.contents)

    def _judge(self, number: int, vertex: Vertex) -> Verdict:
        if vertex.kind == "base":
            if vertex.unknown:
                return Verdict("unknown", reason=vertex.unknown)
            return Verdict("base", frozenset((base_record(vertex),)))
        if self.plan.unknown or vertex.unknown:
            return Verdict("unknown", reason=self.plan.unknown or vertex.unknown)
        inputs = [(one, self._input(vertex, index, one)) for index, one in enumerate(vertex.inputs)]
        broken = next((index for index, (one, _) in enumerate(inputs) if self._word(one) == "unknown"), None)
        if broken is not None:
            return Verdict("unknown", reason=self._of(vertex.inputs[broken]).reason)
        if vertex.no_cache:
            return self._miss(number, vertex)
        for one, _ in inputs:
            # What is copied is only known to exist when it is looked for.
            if one.vertex is None and self.contents.get(one.selection) is None:
                return self._miss(number, vertex)
        return self._candidates(number, vertex, inputs)

    def _candidates(
        self, number: int, vertex: Vertex, inputs: list[tuple[Input, frozenset[str]]]
    ) -> Verdict:
        op = vertex.op
        closed = [found for one, found in inputs if not self._open(one, found)]
        sure = frozenset.intersection(*closed) if closed else None
        opened = [(index, one) for index, (one, found) in enumerate(inputs) if self._open(one, found)]
        if not opened:
            if not inputs:
                sure = self.book.any_of(op, -1) | self.overlay.any_of(op, -1) | self.lost.any_of(op, -1)
            if sure and any(self._is_alive(record) for record in sure):
                return Verdict("hit", sure)
            found = self._unknown_or_miss(number, vertex, inputs)
            return Verdict("hit", sure, lost=True) if sure and found.word == "miss" else found
        # The answer lies with the output of a step that runs again, or may do so.
        possible = sure
        for index, one in opened:
            answers = inputs[index][1] if self._word(one) == "depends" and not one.content else (
                self.book.any_of(op, index) | inputs[index][1])
            possible = answers if possible is None else possible & answers
        possible = frozenset(record for record in possible or () if self._is_alive(record))
        if not possible:
            return self._unknown_or_miss(number, vertex, inputs)
        decides = next((one.vertex for _, one in opened if one.vertex is not None), None)
        chances = [self._chance(op, one) for _, one in opened]
        chance = 1.0
        for one_chance in chances:
            chance *= one_chance
        case = next((guess(one, op, self.changed).case for _, one in opened if one.content), None)
        return Verdict("depends", possible, p_hit=chance, after=decides, case=case)

    def _chance(self, op: str, one: Input) -> float:
        verdict = self._of(one)
        if verdict.word == "depends" and not one.content:
            return verdict.p_hit or 0.0
        own = guess(one, op, self.changed).chance
        if verdict.word == "depends":
            before = verdict.p_hit or 0.0
            return before + (1 - before) * own
        return own

    def _input(self, vertex: Vertex, index: int, one: Input) -> frozenset[str]:
        """The records that answer for one input as far as it is known."""
        op = vertex.op
        found: frozenset[str] = frozenset()
        if one.vertex is None:
            digest = self.contents.get(one.selection)
            if digest is not None:
                found = found.union(*(book.by_content(op, index, digest) for book in self._books))
            return found
        records = self._of(one).records
        if one.definition:
            found = found.union(*(book.by_definition(op, index, one, records) for book in self._books))
        return found

    @property
    def _books(self) -> tuple[CacheBook, ...]:
        return self.book, self.overlay, self.lost

    def _is_alive(self, record: str) -> bool:
        """Whether the builder holds it, or will."""
        return record in self.book.order or record.startswith("new:")

    def _open(self, one: Input, found: frozenset[str]) -> bool:
        """Whether it is not known yet what this input will be."""
        verdict = self._of(one)
        runs = verdict.word == "miss" or (verdict.lost and not found)
        return verdict.word == "depends" or (runs and one.content)

    def _of(self, one: Input) -> Verdict:
        return self.done[one.vertex] if one.vertex is not None else Verdict("hit")

    def _word(self, one: Input) -> Word:
        return self._of(one).word

    def _unknown_or_miss(
        self, number: int, vertex: Vertex, inputs: list[tuple[Input, frozenset[str]]]
    ) -> Verdict:
        """No record that is known fits; one that devbox never saw may."""
        if self._certain_miss(vertex):
            return self._miss(number, vertex, inputs)
        before: frozenset[str] | None = frozenset()
        if vertex.root is not None and self.plan.vertices[vertex.root].kind != "base":
            root = self.done[vertex.root]
            before = root.records if root.word == "hit" and not vertex.inputs[0].content else None
        if self.held.candidates(vertex, before):
            return Verdict("unknown", reason=FOREIGN)
        return self._miss(number, vertex, inputs)

    def _certain_miss(self, vertex: Vertex) -> bool:
        """Whether it is done on the result of a step that runs: nothing can answer then."""
        return any(one.vertex is not None and self._word(one) == "miss" and not one.content for one in vertex.inputs)

    def _miss(
        self, number: int, vertex: Vertex, inputs: list[tuple[Input, frozenset[str]]] | None = None
    ) -> Verdict:
        after = next(
            (self._root(one.vertex) for one in vertex.inputs if one.vertex is not None and self._word(one) == "miss"
             and not one.content), None,
        )
        missing = tuple(index for index, (_, found) in enumerate(inputs or ()) if not found)
        return Verdict("miss", frozenset((f"new:{number}",)), p_hit=0.0, after=after, missing=missing)

    def _root(self, number: int) -> int:
        after = self.done[number].after
        return number if after is None else after

    def _remember(self, vertex: Vertex, verdict: Verdict) -> None:
        from devbox.core.learning import links_of

        for record in verdict.records:
            for link in links_of(vertex, record, self.done, self.contents):
                self.overlay.add(link)


def forecast(
    plan: BuildPlan, book: CacheBook, contents: Mapping[Selection, str | None],
    known: Mapping[int, Verdict] | None = None, held: Held = NOTHING_FOREIGN,
    hints: Hints = NO_HINTS, lost: CacheBook | None = None,
) -> Forecast:
    """The verdicts; `contents` holds the digest of every selection of the context (None: it does not exist), `known`
    what a running build has already shown, `held` what the builder holds that the book does not know, `hints` what the
    guesses of `depends` go by, `lost` the links to records that the builder does not hold any more."""
    return _Forecaster(plan, book, contents, known or {}, held, hints, lost or CacheBook()).run()
