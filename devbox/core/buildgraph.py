"""From vertices to steps: which vertices make one step, what became of it, and where the cache breaks.

Pure functions over the nodes that `devbox.core.buildfold` collects. Rules: spec/buildkit.md 1.3, 1.4; the root miss is
defined in tui.md, screen 3.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, TypeVar

from devbox.core.build import StepKey, StepStatus
from devbox.core.buildstream import Vertex, VertexStatus
from devbox.core.frozen import dataclass
from devbox.core.stepname import StepName

Item = TypeVar("Item")

RAN = frozenset(
    {StepStatus.RUNNING, StepStatus.MISS, StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.INTERRUPTED}
)
"""A step in one of these was started and did not come from cache."""

_FURTHEST = (
    StepStatus.FAILED,
    StepStatus.CANCELLED,
    StepStatus.RUNNING,
    StepStatus.INTERRUPTED,
    StepStatus.MISS,
    StepStatus.HIT,
)


@dataclass(slots=True)
class Node:
    """All that was said about one vertex. Grows while the stream is read, owned by the fold."""

    vertex: Vertex
    name: StepName | None
    cached: bool = False
    intervals: dict[float, float | None] = field(default_factory=dict)
    """started → completed: a vertex without inputs runs several times (spec 1.3)."""
    statuses: dict[str, VertexStatus] = field(default_factory=dict)
    lines: int = 0
    open_line: set[int] = field(default_factory=set)
    """Streams whose last line has no end yet."""

    @property
    def running(self) -> bool:
        """Whether an interval is open."""
        return any(completed is None for completed in self.intervals.values())

    @property
    def is_base(self) -> bool:
        """Whether it is a FROM."""
        return self.name is not None and self.name.is_base

    def seconds(self, now: float) -> float | None:
        """How long it took or takes: the last interval, for vertices without inputs the sum (spec 1.3)."""
        spans = [max((now if end is None else end) - start, 0.0) for start, end in sorted(self.intervals.items())]
        if not spans:
            return None
        return spans[-1] if self.vertex.inputs else sum(spans)


@dataclass(frozen=True, slots=True)
class StepGroup:
    """The vertices that make one step: usually one; two for `COPY --link`, `ADD url` and shared builds."""

    key: StepKey
    nodes: tuple[Node, ...]
    sources: tuple[Node, ...] = ()
    """Vertices that only fetch (the first half of `ADD url`); they always run and say nothing about the cache."""
    parents: tuple[StepKey, ...] = ()
    of: int = 0
    """How many steps its stage has. Older engines number a FROM one short."""
    twin: StepKey | None = None
    """The step under whose name BuildKit shows this one (identical steps of two stages are one vertex)."""

    @property
    def main(self) -> Node:
        """The vertex that speaks for the step."""
        return self.nodes[0]


@dataclass(frozen=True, slots=True)
class Shape:
    """The steps of a build, in display order, and an order in which parents come first."""

    groups: tuple[StepGroup, ...]
    parents_first: tuple[StepKey, ...]


def node_status(node: Node, ended: bool) -> StepStatus:
    """What became of a vertex, in the order of spec 1.3."""
    if node.vertex.error:
        return StepStatus.CANCELLED if "context canceled" in node.vertex.error else StepStatus.FAILED
    if node.is_base:
        pulling = node.running and bool(node.statuses)
        return StepStatus.BASE if not pulling else StepStatus.INTERRUPTED if ended else StepStatus.RUNNING
    if node.cached:
        return StepStatus.HIT
    if not node.intervals:
        return StepStatus.SKIPPED if ended else StepStatus.TO_GO
    if node.running:
        return StepStatus.INTERRUPTED if ended else StepStatus.RUNNING
    return StepStatus.MISS


def group_status(group: StepGroup, ended: bool) -> StepStatus:
    """What became of a step: the furthest state of its vertices."""
    statuses = {node_status(node, ended) for node in group.nodes}
    for source in group.sources:
        # Fetching is work of the step, but that it ran is no miss: the copy alone says whether the cache held.
        if (status := node_status(source, ended)) not in (StepStatus.MISS, StepStatus.HIT):
            statuses.add(status)
    for status in _FURTHEST:
        if status in statuses:
            return status
    return next(iter(statuses))


def shape_of(nodes: Mapping[str, Node], stages: Sequence[str]) -> Shape:
    """Group the vertices into steps, add the twins, and order everything.

    `stages` are the Dockerfile's stage names in order, where known; other stages follow their inputs.
    """
    members: dict[StepKey, list[Node]] = {}
    for node in nodes.values():
        if node.name is not None:
            members.setdefault(node.name.key, []).append(node)
    groups = {key: _group(key, parts, nodes) for key, parts in members.items()}
    _add_twins(groups, nodes)
    totals: dict[tuple[str, str], int] = {}
    for key, group in groups.items():
        place = (key.stage, key.platform)
        totals[place] = max(totals.get(place, 0), group.main.name.of if group.main.name and not group.twin else 0)
    groups = {key: replace(group, of=totals[key.stage, key.platform]) for key, group in groups.items()}
    order = _stage_order(groups, stages)
    rank = {key: (order[key.stage], key.platform, key.index) for key in groups}
    display = tuple(groups[key] for key in sorted(groups, key=rank.__getitem__))
    edges = {group.key: {parent for parent in group.parents if parent in groups} for group in display}
    return Shape(display, tuple(_dependencies_first(edges, rank)))


def break_points(shape: Shape, statuses: Mapping[StepKey, StepStatus]) -> dict[StepKey, StepKey]:
    """For each step that ran: the root miss it follows; a root maps to itself."""
    roots: dict[StepKey, StepKey] = {}
    parents = {group.key: group.parents for group in shape.groups}
    for key in shape.parents_first:
        if statuses[key] not in RAN:
            continue
        after = (roots[parent] for parent in parents[key] if parent in roots)
        roots[key] = next(after, key)
    return {key: root for key, root in roots.items() if statuses[key] in RAN}


def _group(key: StepKey, parts: list[Node], nodes: Mapping[str, Node]) -> StepGroup:
    inside = {node.vertex.digest for node in parts}
    fed = {digest for node in parts for digest in node.vertex.inputs if digest in inside}
    sources = tuple(node for node in parts if node.vertex.digest in fed and not node.vertex.inputs)
    main = [node for node in parts if node not in sources] or parts
    # A vertex that got work speaks before one that was never started (two builds sharing a step, spec 1.4).
    main.sort(key=lambda node: (not node.intervals, node.vertex.digest))
    parents = tuple(dict.fromkeys(p for node in main for p in _parents(node, nodes) if p != key))
    return StepGroup(key, tuple(main), sources, parents)


def _parents(node: Node, nodes: Mapping[str, Node]) -> Iterable[StepKey]:
    """The numbered steps this vertex is built on, looking through unnumbered ones."""
    seen: set[str] = set()
    waiting = list(reversed(node.vertex.inputs))
    while waiting:
        digest = waiting.pop()
        parent = nodes.get(digest)
        if digest in seen or parent is None:
            continue
        seen.add(digest)
        if parent.name is not None:
            yield parent.name.key
        else:
            waiting.extend(reversed(parent.vertex.inputs))


def _add_twins(groups: dict[StepKey, StepGroup], nodes: Mapping[str, Node]) -> None:
    """Give steps that BuildKit shows under another stage's name a group of their own (spec 1.4).

    A step `i` of a stage whose step `i - 1` has no vertex stands on a twin: the input with that number elsewhere.
    """
    waiting = sorted(groups)
    while waiting:
        key = waiting.pop()
        before = StepKey(key.stage, key.index - 1, key.platform)
        if before.index < 1 or before in groups:
            continue
        twin = next((parent for parent in groups[key].parents if parent.index == before.index), None)
        if twin is None or twin not in groups:
            continue
        original = groups[twin]
        groups[before] = replace(original, key=before, twin=original.twin or twin)
        waiting.append(before)


def _stage_order(groups: Mapping[StepKey, StepGroup], stages: Sequence[str]) -> dict[str, int]:
    edges: dict[str, set[str]] = {}
    for key, group in groups.items():
        # A twin's parents belong to the other stage and say nothing about the order of stages.
        feeding = {parent.stage for parent in group.parents if group.twin is None}
        edges.setdefault(key.stage, set()).update(feeding - {key.stage})
    known = {name: place for place, name in enumerate(stages)}
    rank = {stage: (known.get(stage, len(known)), _stage_number(stage), stage) for stage in edges}
    names = sorted(edges, key=rank.__getitem__) if all(stage in known for stage in edges) else None
    return {name: place for place, name in enumerate(names or _dependencies_first(edges, rank))}


def _stage_number(stage: str) -> int:
    match = re.fullmatch(r"stage-([0-9]{1,6})", stage)
    return int(match[1]) if match else 0


def _dependencies_first(edges: Mapping[Item, set[Item]], rank: Mapping[Item, Any]) -> list[Item]:
    """Topological order, the smaller rank first among equals; a cycle, which no real build has, is cut there."""
    missing = {item: {other for other in others if other in edges} for item, others in edges.items()}
    feeds: dict[Item, list[Item]] = {}
    for item, others in missing.items():
        for other in others:
            feeds.setdefault(other, []).append(item)
    place = {item: number for number, item in enumerate(sorted(edges, key=rank.__getitem__))}
    by_place = {number: item for item, number in place.items()}
    ready = [place[item] for item, others in missing.items() if not others]
    heapq.heapify(ready)
    todo = dict.fromkeys(sorted(place.values()))
    ordered: list[Item] = []
    while todo:
        number = heapq.heappop(ready) if ready else next(iter(todo))
        if number not in todo:
            continue
        del todo[number]
        ordered.append(by_place[number])
        for item in feeds.get(by_place[number], ()):
            missing[item].discard(by_place[number])
            if not missing[item] and place[item] in todo:
                heapq.heappush(ready, place[item])
    return ordered
