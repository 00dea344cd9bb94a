"""What the ledger remembers of builders' caches: records, links, past steps, the copies of contexts.

Turns rows into the values of `devbox.core` and back; decides nothing. Everything here is a memory: where it is missing,
the forecast says so, and no answer is ever made from a part of it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from devbox.core.cachebook import CacheBook, Link
from devbox.core.context_tree import Folder, Listing, Node
from devbox.core.frozen import dataclass
from devbox.core.likely import cases
from devbox.store.context_copies import ContextCopies
from devbox.store.ledger import Ledger

if TYPE_CHECKING:
    from devbox.core.causes import PastStep

_KEPT_STATES = 100
"""Past builds that an explanation compares with."""
_CHUNK = 500
"""Values in one SQL list."""


@dataclass(frozen=True, slots=True)
class Books:
    """Links to records that the builder holds, and to those it lost."""

    alive: CacheBook
    lost: CacheBook
    names: Mapping[str, str]
    """Record → the builder's own name of it, where it is known."""
    seen: frozenset[str]
    """The builder's own names of all records that devbox knows, of whatever operation."""
    guesses: Mapping[str, tuple[int, int]]
    """Cases of steps whose stage ran again (`likely`): how often they were a hit all the same, and of how often."""


@dataclass(frozen=True, slots=True)
class TaughtStep:
    """One vertex of a build that ended, as it is remembered."""

    vertex: int
    step: PastStep
    """Its `build` is the ledger's business."""
    seconds: float | None
    engine_id: str | None
    """The builder's own name of its record, where it was found."""


@dataclass(frozen=True, slots=True)
class ContextCopy:
    """What a builder keeps of a context."""

    tree: Folder | None = None
    engine_id: str | None = None
    """The builder's own name of it, where it was found."""


@dataclass(frozen=True, slots=True)
class _LastSeen:
    """A builder's records as the last build left them."""

    parents: Mapping[str, Sequence[str]]
    """Record → what it was made on; all under the builder's own names."""
    doubtful: frozenset[str]
    """Of these one that was made on them, by whatever steps between, is gone."""

    def doubtful_now(self, alive: Collection[str]) -> frozenset[str]:
        """Those of the records there now."""
        there, found = set(alive), set(self.doubtful)
        waiting = list(self.parents.keys() - there)
        while waiting:
            above = [parent for parent in self.parents.get(waiting.pop(), ()) if parent not in found]
            found.update(above)
            waiting += above
        return frozenset(found & there)


class CacheMemory:
    """One builder's part of an open ledger."""

    def __init__(self, ledger: Ledger, builder: str, client: str | None = None) -> None:
        """`client` is whose copies of contexts are meant; without one none are kept."""
        self._ledger = ledger
        self._builder = builder
        self._copies = ContextCopies(ledger, f"{builder} {client}") if client else None

    def books(self, ops: Iterable[str], alive: frozenset[str] | None, *, fragile: bool = False) -> Books:
        """The links of these operations. `alive` holds the builder's records (None: it was not asked, all count).

        `fragile`: on engines with the containerd image store, where a record was pruned, those that it was made on are
        still listed and yet may not be found (seen on 26.1.5). They count as ones that devbox knows nothing of.
        """
        usable, lost = CacheBook(), CacheBook()
        with self._ledger.reading() as connection:
            last = self._last(connection)
            gone = alive is not None and not last.parents.keys() <= alive
            doubtful = last.doubtful_now(alive) if fragile and alive is not None else frozenset()
            names: dict[str, str] = {}
            for chunk in _chunks(sorted(set(ops))):
                rows = connection.execute(
                    "SELECT links.op, number, kind, value, record, engine_id FROM links"
                    " JOIN records ON records.id = links.record"
                    f" WHERE links.builder = ? AND links.op IN ({_marks(chunk)}) ORDER BY records.rowid",
                    (self._builder, *chunk),
                )
                for op, number, kind, value, record, engine_id in rows:
                    is_lost = alive is not None and (engine_id not in alive if engine_id else gone)
                    is_lost = is_lost or engine_id in doubtful
                    (lost if is_lost else usable).add(Link(op, number, kind, value, record))
                    if engine_id:
                        names[record] = engine_id
            guesses = self._guesses(connection, (case for op in ops for case in cases(op)))
            seen = connection.execute(
                "SELECT DISTINCT engine_id FROM records WHERE builder = ? AND engine_id IS NOT NULL", (self._builder,)
            )
            return Books(usable, lost, names, frozenset(row[0] for row in seen) - doubtful, guesses)

    def teach(
        self, build: int, *, links: Sequence[Link], steps: Sequence[TaughtStep], guesses: Sequence[tuple[str, bool]],
        copies: Mapping[str, ContextCopy], roots: Mapping[str, Listing], listings: Mapping[str, Listing],
        alive: Mapping[str, tuple[str, ...]] | None, found: frozenset[str], useless: Mapping[str, str],
        ignore_text: str | None, image_key: str | None,
    ) -> None:
        """Remember everything that one build taught, or nothing of it. `alive` are the builder's records and what each
        was made on, `found` those that the build took from the cache, `useless` those that failed steps left, with the
        operation of each."""
        with self._ledger.writing() as connection:
            connection.executemany(
                "INSERT INTO records VALUES (?, ?, ?, ?, ?) ON CONFLICT (id)"
                " DO UPDATE SET engine_id = COALESCE(excluded.engine_id, engine_id)",
                [(each.step.record, self._builder, each.step.op, build, each.engine_id)
                 for each in steps if each.step.kind != "base"],
            )
            connection.executemany(
                "INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?)",
                [(f"useless:{id}", self._builder, op, build, id) for id, op in useless.items()],
            )
            connection.executemany(
                "INSERT OR IGNORE INTO links VALUES (?, ?, ?, ?, ?, ?)",
                [(self._builder, link.op, link.number, link.kind, link.value, link.record) for link in links],
            )
            connection.executemany(
                "INSERT INTO guesses VALUES (?, ?, ?, 1) ON CONFLICT (builder, op)"
                " DO UPDATE SET hits = hits + excluded.hits, seen = seen + 1",
                [(self._builder, op, int(hit)) for op, hit in guesses],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_state_row(build, each) for each in steps],
            )
            for table, contents in (("roots", roots), ("listings", listings)):
                connection.executemany(
                    f"INSERT OR IGNORE INTO {table} VALUES (?, ?)",
                    [(digest, _packed(_listing_rows(listing))) for digest, listing in contents.items()],
                )
            for name, copy in copies.items():
                if copy.tree is not None and self._copies is not None:
                    self._copies.keep(connection, name, copy.tree, copy.engine_id)
            if alive is not None:
                doubtful = self._last(connection).doubtful_now(alive.keys()) - found
                connection.execute(
                    "INSERT OR REPLACE INTO builders VALUES (?, ?)", (self._builder, _packed([alive, sorted(doubtful)]))
                )
            connection.execute(
                "UPDATE builds SET ignore_text = ?, image_key = ? WHERE id = ?", (ignore_text, image_key, build)
            )

    def copy(self, name: str, alive: frozenset[str] | None) -> ContextCopy:
        """The builder's copy of the context of that name, as the last build left it; empty where none is known, or the
        builder does not hold it any more."""
        tree, engine_id = self._copies.copy(name) if self._copies is not None else (None, None)
        if tree is None or (alive is not None and engine_id is not None and engine_id not in alive):
            return ContextCopy()
        return ContextCopy(tree, engine_id)

    def past(self, project: str, service: str) -> tuple[PastStep, ...]:
        """The steps of a service's past builds, the newest build first."""
        with self._ledger.reading() as connection:
            rows = connection.execute(
                "SELECT states.build, stage, number, kind, op, parts, text, record, inputs, arguments FROM states"
                " JOIN (SELECT id FROM builds WHERE project = ? AND service = ? ORDER BY id DESC LIMIT ?) AS recent"
                " ON recent.id = states.build ORDER BY states.build DESC, vertex",
                (project, service, _KEPT_STATES),
            )
            return tuple(_past_step(row) for row in rows)

    def seconds(self, column: Literal["op", "text"], values: Iterable[str]) -> dict[str, list[float]]:
        """How long steps of these operations, or of these words, took when they ran on this machine."""
        found: dict[str, list[float]] = {}
        with self._ledger.reading() as connection:
            for chunk in _chunks(sorted(set(values))):
                rows = connection.execute(
                    f"SELECT {column}, seconds FROM states WHERE {column} IN ({_marks(chunk)})"
                    " AND seconds IS NOT NULL",
                    tuple(chunk),
                )
                for value, seconds in rows:
                    found.setdefault(value, []).append(seconds)
        return found

    def root(self, digest: str) -> Listing | None:
        """What a past selection held."""
        return self._load("roots", digest)

    def listing(self, digest: str) -> Listing | None:
        """What a past folder held."""
        return self._load("listings", digest)

    def has_listing(self, digest: str) -> bool:
        """Whether that folder is remembered already."""
        with self._ledger.reading() as connection:
            found = connection.execute("SELECT 1 FROM listings WHERE digest = ?", (digest,)).fetchone()
        return found is not None

    def ignore_text(self, build: int) -> str | None:
        """The ignore file of a past build."""
        with self._ledger.reading() as connection:
            row = connection.execute("SELECT ignore_text FROM builds WHERE id = ?", (build,)).fetchone()
        return row[0] if row else None

    def _load(self, table: str, digest: str) -> Listing | None:
        with self._ledger.reading() as connection:
            row = connection.execute(f"SELECT content FROM {table} WHERE digest = ?", (digest,)).fetchone()
        return _listing(_unpacked(row[0])) if row else None

    def _last(self, connection: Any) -> _LastSeen:
        row = connection.execute("SELECT alive FROM builders WHERE id = ?", (self._builder,)).fetchone()
        parents, doubtful = _unpacked(row[0]) if row else ({}, ())
        return _LastSeen(parents, frozenset(doubtful))

    def _guesses(self, connection: Any, wanted: Iterable[str]) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for chunk in _chunks(sorted(set(wanted))):
            rows = connection.execute(
                f"SELECT op, hits, seen FROM guesses WHERE builder = ? AND op IN ({_marks(chunk)})",
                (self._builder, *chunk),
            )
            found.update({op: (hits, seen) for op, hits, seen in rows})
        return found


def _state_row(build: int, each: TaughtStep) -> tuple[Any, ...]:
    step = each.step
    inputs = [[one.record, one.content] for one in step.inputs]
    return (
        build, each.vertex, step.stage, step.index, step.kind, step.op, json.dumps(step.parts, default=list), step.text,
        step.record, json.dumps(inputs), json.dumps(step.arguments), each.seconds,
    )


def _past_step(row: tuple[Any, ...]) -> PastStep:
    # Deferred: only what explains misses needs it.
    from devbox.core.causes import PastInput, PastStep

    build, stage, number, kind, op, parts, text, record, inputs, arguments = row
    return PastStep(
        build=build, stage=stage, index=number, op=op, parts=json.loads(parts), text=text, record=record,
        inputs=tuple(PastInput(record=one[0], content=one[1]) for one in json.loads(inputs)),
        arguments=tuple(json.loads(arguments)), kind=kind,
    )


def _node_row(node: Node | None) -> list[Any] | None:
    return None if node is None else [node.kind, node.mode, node.digest, node.target]


def _node(row: list[Any] | None) -> Node | None:
    return None if row is None else Node(*row)


def _listing_rows(listing: Listing) -> list[Any]:
    return [[name, digest, _node_row(node)] for name, digest, node in listing]


def _listing(rows: list[Any]) -> Listing:
    return tuple((name, digest, _node(node)) for name, digest, node in rows)


def _packed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode("ascii"), 1)


def _unpacked(data: bytes) -> Any:
    return json.loads(zlib.decompress(data))


def _chunks(values: list[str]) -> list[list[str]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
