"""What is known of a builder's cache: which record answers which step on which inputs (spec/buildkit.md 4.1, 6.1).

A record is a past result of a step, under a name that devbox gave it. A link says: this operation, with this for its
nth input, came to that record. Pure; the ledger stores links and hands them in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Literal

from devbox.core.buildplan import Input, Vertex
from devbox.core.frozen import dataclass

LinkKind = Literal["d", "c"]
"""By definition: the value is the input's record; by content: the digest of what is selected."""


@dataclass(frozen=True, slots=True)
class Link:
    """One known answer."""

    op: str
    number: int
    """Of the input."""
    kind: LinkKind
    value: str
    record: str


@dataclass(slots=True)
class CacheBook:
    """Links by what is asked of them."""

    links: dict[tuple[str, int, LinkKind, str], set[str]] = field(default_factory=dict)
    records: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    """By operation and number of the input: every record that has an answer for it."""
    order: dict[str, int] = field(default_factory=dict)
    """Records by age, the newest highest."""

    @classmethod
    def of(cls, links: Iterable[Link]) -> CacheBook:
        """The book with these links, oldest first."""
        book = cls()
        for link in links:
            book.add(link)
        return book

    def add(self, link: Link) -> None:
        """Know one more."""
        self.links.setdefault((link.op, link.number, link.kind, link.value), set()).add(link.record)
        self.records.setdefault(link.op, {}).setdefault(link.number, set()).add(link.record)
        self.order.setdefault(link.record, len(self.order))

    def by_definition(self, op: str, number: int, one: Input, records: Iterable[str]) -> frozenset[str]:
        """The records that answer for an input that is one of these records."""
        found = (self.links.get((op, number, "d", definition_value(one, record)), set()) for record in records)
        return frozenset().union(*found)

    def by_content(self, op: str, number: int, digest: str) -> frozenset[str]:
        """The records that answer for an input of this content."""
        return frozenset(self.links.get((op, number, "c", digest), ()))

    def knows(self, op: str) -> bool:
        """Whether the operation was ever seen."""
        return op in self.records

    def newest(self, records: Iterable[str]) -> str | None:
        """The youngest of these records."""
        return max(records, key=lambda record: self.order.get(record, -1), default=None)

    def any_of(self, op: str, number: int) -> frozenset[str]:
        """Every record of an operation that has an answer for this input."""
        return frozenset(self.records.get(op, {}).get(number, ()))


def definition_value(one: Input, record: str) -> str:
    """How a record stands in a link: with what is selected of it."""
    return f"{record} {one.selection.key}"


def base_record(vertex: Vertex) -> str:
    """The record of an image: it needs no build."""
    return f"base:{vertex.op}"
