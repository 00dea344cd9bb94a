"""Small plans, written down as a Dockerfile would be, for the tests of forecasts and causes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devbox.core.build import StepKey
from devbox.core.buildplan import BuildPlan, Input, Selection, Vertex
from devbox.core.cachebook import CacheBook, Link
from devbox.core.causes import PastInput, PastStep
from devbox.core.forecast import Forecast, forecast
from devbox.core.learning import Outcome, learn

CONTEXT = Selection(("/src",))


@dataclass
class Plan:
    """Vertices as they are added; each call returns the number of its vertex."""

    vertices: list[Vertex] = field(default_factory=list)

    def base(self, layers: str = "l", *, unknown: str | None = None) -> int:
        return self._add(Vertex("base", StepKey("s", 1), 9, 1, "FROM x", {"image": layers}, unknown=unknown))

    def run(
        self, on: int | None, script: str, *, env: Sequence[str] = (), stage: str = "s", no_cache: bool = False,
        mounted: int | None = None, secret: bool = False, arguments: tuple[str, ...] = (),
    ) -> int:
        inputs = [Input(on, content=secret)] if on is not None else []
        if mounted is not None:
            inputs.append(Input(mounted, Selection(("/",)), content=True))
        parts = {"run": ["/bin/sh", "-c", script], "env": list(env), "workdir": "/", "mounts": []}
        return self._add(Vertex(
            "run", self._key(stage), 9, len(self.vertices), f"RUN {script}", parts, tuple(inputs), no_cache=no_cache,
            arguments=arguments,
        ))

    def copy(
        self, on: int | None, to: str = "/x", *, source: Selection = CONTEXT, stage: str = "s", of: int | None = None
    ) -> int:
        """From the context, or from the vertex `of`."""
        one = Input(of, source, definition=of is not None, content=True)
        inputs = (Input(on), one) if on is not None else (one,)
        names = [path.rpartition("/")[2] for path in source.paths]
        parts = {"copy": "COPY", "from": names, "to": to}
        words = f"COPY {'--from=x ' if of is not None else ''}{' '.join(names)} {to}"
        return self._add(Vertex("copy", self._key(stage), 9, len(self.vertices), words, parts, inputs))

    def done(self) -> BuildPlan:
        return BuildPlan(tuple(self.vertices), "s")

    def _key(self, stage: str) -> StepKey:
        return StepKey(stage, 1 + sum(vertex.key is not None and vertex.key.stage == stage for vertex in self.vertices))

    def _add(self, vertex: Vertex) -> int:
        self.vertices.append(vertex)
        return len(self.vertices) - 1


class Builder:
    """A builder that keeps what it builds, and a ledger of it: devbox's own rules learn, and forecast."""

    def __init__(self) -> None:
        self.book = CacheBook()
        self.lost = CacheBook()
        self.past: list[PastStep] = []
        self.builds = 0
        self._names = itertools.count()

    def look(self, plan: BuildPlan, files: Mapping[Selection, str | None] | None = None) -> Forecast:
        return forecast(plan, self.book, {CONTEXT: "c1"} if files is None else files, lost=self.lost)

    def prune(self, *records: str) -> None:
        """Lose these records, or all."""
        kept, gone = CacheBook(), self.lost
        for (op, number, kind, value), found in self.book.links.items():
            for record in found:
                book = gone if not records or record in records else kept
                book.add(Link(op, number, kind, value, record))
        self.book = kept

    def words(self, plan: BuildPlan, files: Mapping[Selection, str | None] | None = None) -> list[str]:
        return [verdict.word for verdict in self.look(plan, files).verdicts]

    def build(
        self, plan: BuildPlan, files: Mapping[Selection, str | None] | None = None, *,
        outcomes: Mapping[int, Outcome] | None = None,
    ) -> Forecast:
        """Build it; without `outcomes` everything comes out as it was forecast, and `depends` runs."""
        given = self.look(plan, files)
        came: dict[int, Outcome] = {
            number: "hit" if verdict.word == "hit" else "ran" for number, verdict in enumerate(given.verdicts)
            if verdict.word != "base"
        }
        lesson = learn(given, self.book, {**came, **(outcomes or {})}, lambda: f"r{next(self._names)}")
        for link in lesson.links:
            self.book.add(link)
        self.builds += 1
        self.past[:0] = [
            PastStep(
                self.builds, vertex.key.stage if vertex.key else "", vertex.key.index if vertex.key else 0, vertex.op,
                vertex.parts, vertex.text, record,
                tuple(PastInput(content=given.contents.get(one.selection)) if one.vertex is None
                      else PastInput(record=self._record(given, lesson.records, one.vertex)) for one in vertex.inputs),
                vertex.arguments, vertex.kind,
            )
            for number, vertex in enumerate(plan.vertices)
            if (record := self._record(given, lesson.records, number)) is not None
        ]
        return given

    @staticmethod
    def _record(given: Forecast, records: Mapping[int, str], number: int) -> str | None:
        verdict = given.verdicts[number]
        return next(iter(verdict.records)) if verdict.word == "base" else records.get(number)
