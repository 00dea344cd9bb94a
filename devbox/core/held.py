"""The records that a builder holds, and which step each can be of (spec/buildkit.md 5).

A forecast may call a step never built only where no record of the builder can be it: other tools, other users and
cancelled builds leave records that the ledger never heard of. Pure.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from devbox.core.buildplan import BuildPlan, Parts, Vertex
from devbox.core.frozen import dataclass
from devbox.core.stepname import parse_step_name, stage_label

_EXEC = "mount / from exec "
_FILE_OPERATION = "fileop target"
"""How engines before 23 describe every COPY, ADD and WORKDIR."""
_LINK = "] LINK "
"""Stands in the description of what lays the files of a `COPY --link` over a stage."""
_KEYWORDS = {"copy": ("COPY", "ADD"), "workdir": ("WORKDIR",)}


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """One record of a builder, under its own name."""

    id: str
    description: str
    parents: tuple[str, ...] = ()

    @property
    def is_step(self) -> bool:
        """Whether a step made it; else it is a base image."""
        return self.description.startswith((_EXEC, _FILE_OPERATION)) or parse_step_name(self.description) is not None


@dataclass(frozen=True, slots=True)
class Held:
    """What a builder holds beside what the ledger knows."""

    foreign: Sequence[HeldRecord] = ()
    """Records that devbox knows nothing of."""
    steps: frozenset[str] = frozenset()
    """All records, known ones included, that a step made."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Record of the ledger → the builder's own name of it."""

    def candidates(self, vertex: Vertex, before: frozenset[str] | None) -> tuple[HeldRecord, ...]:
        """The foreign records that can be this step's.

        `before` are the ledger's records of the step that it is done on; empty for a base image, None where that is not
        known or does not count.
        """
        ids = None if before is None else frozenset(self.names.get(record, "") for record in before)
        return tuple(
            record for record in self.foreign if describes(record, vertex) and self._follows(record, vertex, ids)
        )

    def _follows(self, record: HeldRecord, vertex: Vertex, ids: frozenset[str] | None) -> bool:
        """Whether the record was made on one of these; a name that is not known may be any."""
        if ids is None or "" in ids or vertex.merges:
            return True
        if ids:
            return not ids.isdisjoint(record.parents)
        return self.steps.isdisjoint(record.parents)


def describes(record: HeldRecord, vertex: Vertex) -> bool:
    """Whether the description of a record fits a step: equal operations may be written in many ways."""
    if vertex.kind == "run":
        return record.description == f"{_EXEC}{' '.join(vertex.parts['run'])}"
    if record.description == _FILE_OPERATION:
        # A context that was sent as a tar is unpacked on nothing; a step is done on something, except FROM scratch.
        on_nothing = vertex.root is None or vertex.merges
        return vertex.kind in _KEYWORDS and (on_nothing or bool(record.parents))
    name = parse_step_name(record.description)
    if name is None:
        return False
    keyword, _, rest = name.instruction.partition(" ")
    if vertex.kind == "workdir":
        return keyword == "WORKDIR"
    if vertex.kind != "copy" or keyword not in ("COPY", "ADD"):
        return False
    if vertex.merges or _LINK in record.description:
        return vertex.merges and _LINK in record.description
    return _takes(rest, vertex.parts)


def _takes(text: str, parts: Parts) -> bool:
    """Whether the words of a COPY, its variables replaced, can have this key: names of the sources, destination."""
    while text.startswith("--"):
        text = text.partition(" ")[2].lstrip()
    array = text.startswith("[") and text.endswith("]")
    words = text[1:-1].split(", ") if array else text.split()
    names = [one if isinstance(one, str) else one[1] for one in parts["from"]]
    if len(words) != len(names) + 1:
        return array and any(", " in name for name in names)
    shown = [
        word.lstrip("<-").strip("'\"") if word.startswith("<<") else posixpath.basename(_clean(word))
        for word in words[:-1]
    ]
    where = _clean(words[-1])
    return shown == names and (parts["to"].rstrip("/") or "/").endswith(where if where != "/" else "")


def _clean(path: str) -> str:
    return posixpath.normpath(f"/{path.lstrip('/')}")


def assign(
    plan: BuildPlan, ran: Iterable[int], fresh: Sequence[HeldRecord], known: Mapping[int, str], steps: frozenset[str]
) -> dict[int, str]:
    """Which of a build's new records each step that ran made: vertex number → the builder's name.

    `fresh` are the new records, oldest first; `known` the names of vertices that did not run; `steps` as in `Held`. Of
    several that fit, one that BuildKit named for this place is taken, else the oldest.
    """
    names, left = dict(known), list(fresh)
    for number in sorted(ran):
        vertex = plan.vertices[number]
        fitting = [record for record in left if describes(record, vertex)]
        above = None if vertex.root is None else plan.real(vertex.root)
        if above is None or plan.vertices[above].kind == "base":
            fitting = [record for record in fitting if vertex.merges or steps.isdisjoint(record.parents)]
        elif above in names and not vertex.merges:
            fitting = [record for record in fitting if names[above] in record.parents]
        if fitting:
            best = next((record for record in fitting if _named_for(record, vertex)), fitting[0])
            names[number] = best.id
            left.remove(best)
    return {number: name for number, name in names.items() if number not in known}


def _named_for(record: HeldRecord, vertex: Vertex) -> bool:
    name = parse_step_name(record.description)
    if name is None or vertex.key is None or name.key.index != vertex.key.index:
        return False
    return name.key.stage in ("", vertex.key.stage) or stage_label(name.key.stage) == vertex.key.stage
