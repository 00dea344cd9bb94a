"""Which packages of a Python lock file belong on this interpreter: a walk from the project's own requirements.

Lock files are written for all platforms at once; markers on the way decide. What is reached from the project itself is
required, what only its development groups reach is `dev`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace

from devbox.core.dependencies.model import Evaluate, Locked, Need, Problem
from devbox.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Edge:
    """One requirement on another package of the lock file."""

    name: str
    marker: str = ""
    version: str | None = None
    """Which of several entries of that name, where the lock says so."""
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One entry of a lock file."""

    name: str
    """Canonical (PEP 503)."""
    version: str | None
    edges: tuple[Edge, ...] = ()
    extras: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    anchor: str = ""
    installable: bool = True
    """False for a project that only groups its dependencies (uv's virtual ones)."""


@dataclass(frozen=True, slots=True)
class Root:
    """What the project itself asks for, and where that is written when it is not in the lock's entries."""

    edge: Edge
    need: Need = "required"
    locked: Locked | None = None
    """For requirements files: the line itself, which no entry repeats."""


@dataclass(frozen=True, slots=True)
class PythonLock:
    """A Python lock file, of whatever kind."""

    nodes: tuple[Node, ...] = ()
    roots: tuple[Root, ...] = ()
    problems: tuple[Problem, ...] = ()
    undecided: tuple[str, ...] = ()
    """Reasons why some of it can't be compared."""
    groups: tuple[str, ...] = ()
    """Dependency groups that its markers take as installed."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The packages for one interpreter."""

    packages: tuple[Locked, ...]
    undecided: tuple[str, ...] = ()


_ORDER: tuple[Need, ...] = ("required", "dev", "optional")


def select(lock: PythonLock, evaluate: Evaluate) -> Selected:
    """What the lock puts on the interpreter that `evaluate` knows."""
    walk = _Walk(lock, evaluate)
    for need in _ORDER:
        walk.run([root for root in lock.roots if root.need == need], need)
    return Selected(tuple(walk.found.values()), (*lock.undecided, *sorted(walk.undecided)))


class _Walk:
    """Breadth first, the strongest need first, so that a package keeps the strongest reason it is there for."""

    def __init__(self, lock: PythonLock, evaluate: Evaluate) -> None:
        self.evaluate = evaluate
        self.by_name: dict[str, list[Node]] = {}
        for node in lock.nodes:
            self.by_name.setdefault(node.name, []).append(node)
        self.found: dict[str, Locked] = {}
        self.undecided: set[str] = set()
        self.seen: set[tuple[int, str]] = set()

    def run(self, roots: Iterable[Root], need: Need) -> None:
        waiting: deque[tuple[Node, str]] = deque()
        for root in roots:
            if not self._holds(root.edge, ""):
                continue
            if root.locked is not None:
                self._keep(replace(root.locked, need=need))
            else:
                waiting.extend(self._targets(root.edge))
        while waiting:
            node, extra = waiting.popleft()
            if (id(node), extra) in self.seen:
                continue
            self.seen.add((id(node), extra))
            if node.installable:
                versions = (node.version,) if node.version is not None else ()
                self._keep(Locked(node.name, versions, need, anchor=node.anchor))
            for edge in (*node.edges, *node.extras.get(extra, ())):
                if self._holds(edge, extra):
                    waiting.extend(self._targets(edge))

    def _holds(self, edge: Edge, extra: str) -> bool:
        held = self.evaluate(edge.marker, extra)
        if held is None:
            self.undecided.add(f"the marker of {edge.name} can't be evaluated")
        return bool(held)

    def _targets(self, edge: Edge) -> Iterator[tuple[Node, str]]:
        nodes = self.by_name.get(edge.name, [])
        if edge.version is not None:
            nodes = [node for node in nodes if node.version == edge.version] or nodes
        for node in nodes:
            yield node, ""
            for extra in edge.extras:
                yield node, extra

    def _keep(self, locked: Locked) -> None:
        known = self.found.get(locked.name)
        if known is None:
            self.found[locked.name] = locked
        elif locked.path:  # a second line on one package, or a constraint: both must hold
            clauses = dict.fromkeys(clause for clause in (known.specifier, locked.specifier) if clause)
            self.found[locked.name] = replace(
                known, specifier=",".join(clauses),
                only_if_installed=known.only_if_installed and locked.only_if_installed,
            )
        elif known.need == locked.need:  # entries of one name that nothing tells apart: either fits
            versions = tuple(dict.fromkeys((*known.versions, *locked.versions)))
            self.found[locked.name] = replace(known, versions=versions)
