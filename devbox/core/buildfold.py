"""Folds the messages of a build stream into the `BuildState` that every face shows.

Rules: spec/buildkit.md 1.3 to 1.6. The fold owns mutable nodes because a build sends thousands of messages a second;
what leaves it, `snapshot()`, is frozen. Same messages, same state, whatever their chunking. No clock: time is the
daemon's, read from the messages, plus what the caller says has passed since.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

from devbox.core.build import BuildState, Step, StepKey, StepStatus, Transfer
from devbox.core.buildgraph import (
    Node,
    Shape,
    StepGroup,
    break_points,
    group_status,
    shape_of,
)
from devbox.core.buildstream import StreamMessage, Vertex, VertexStatus
from devbox.core.frozen import dataclass
from devbox.core.stepname import StepName, is_context_load, parse_step_name, phase_name

Outcome = Literal["ok", "failed", "cancelled", "interrupted"]

NODE_LIMIT = 10_000
"""Vertices kept; no real build comes near, a hostile engine must not fill the memory."""
STATUS_LIMIT = 512
"""Transfers kept per vertex."""
TEXT_LIMIT = 1_000
"""Plain lines kept, the newest: the error comes last."""


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """What is known of a build before its first message."""

    target: str = ""
    builder: str = ""
    limits: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    """The Dockerfile's stages in order: names, `stage-N`, or `""` for the only one; empty when unknown."""
    lines: tuple[tuple[StepKey, str, int], ...] = ()
    """Step (without platform), keyword and line in the Dockerfile."""
    instructions: tuple[int, ...] = ()
    """The line of each instruction in the file's order, for builders that number all of them."""
    hidden: tuple[str, ...] = ()
    """Words that devbox itself put into instructions; they are not shown."""


class BuildFold:
    """The accumulator of one build."""

    def __init__(self, facts: BuildFacts | None = None) -> None:
        self._facts = facts or BuildFacts()
        self._nodes: dict[str, Node] = {}
        self._shape: Shape | None = None
        self._warnings: dict[str, None] = {}
        self._text: deque[str] = deque(maxlen=TEXT_LIMIT)
        self._first: float | None = None
        self._latest: float = 0.0
        self._outcome: Outcome | None = None
        self._image: str | None = None
        self._lines = {(key.stage, key.index): (keyword, line) for key, keyword, line in self._facts.lines}

    def apply(self, message: StreamMessage | str) -> None:
        """Take in one message or plain text line. Repeated messages change nothing but log counts."""
        if isinstance(message, str):
            self._text.append(self._shown(message))
            return
        for vertex in message.vertexes:
            self._vertex(vertex)
        for status in message.statuses:
            node = self._nodes.get(status.vertex)
            if node is not None and (status.id in node.statuses or len(node.statuses) < STATUS_LIMIT):
                node.statuses[status.id] = status
        for chunk in message.logs:
            node = self._nodes.get(chunk.vertex)
            if node is not None:
                node.lines += chunk.data.count(b"\n")
                (node.open_line.discard if chunk.data.endswith(b"\n") else node.open_line.add)(chunk.stream)
        for warning in message.warnings:
            if len(self._warnings) < TEXT_LIMIT:
                where = f" (line {warning.line})" if warning.line else ""
                self._warnings[warning.text + where] = None
        if message.time is not None:
            self._first = message.time if self._first is None else min(self._first, message.time)
            self._latest = max(self._latest, message.time)

    def end(self, outcome: Outcome, image: str | None = None) -> None:
        """The stream is over; steps that never started are now skipped, open ones interrupted or cancelled."""
        self._outcome = outcome
        self._image = image

    def step_of(self, vertex: str) -> StepKey | None:
        """The numbered step that a log chunk's vertex belongs to."""
        node = self._nodes.get(vertex)
        return node.name.key if node is not None and node.name is not None else None

    @property
    def running(self) -> bool:
        """Whether some vertex is at work, so that seconds go on without a message."""
        return self._outcome is None and any(node.running for node in self._nodes.values())

    @property
    def left_open(self) -> bool:
        """Whether a step was at work and none failed: the stream ended in the middle of a build."""
        steps = [node for node in self._nodes.values() if node.name is not None]
        return any(node.running for node in steps) and not any(node.vertex.error for node in steps)

    def snapshot(self, *, idle: float = 0.0, seconds: float | None = None) -> BuildState:
        """The state now. `idle` is the time since the last message, `seconds` the wall time of the whole build
        (without it: what the messages span); both in seconds."""
        now = self._latest + (idle if self._outcome is None else 0.0)
        if self._shape is None:
            self._shape = shape_of(self._nodes, self._facts.stages)
        shape, ended = self._shape, self._outcome is not None
        statuses = {group.key: self._status(group, ended) for group in shape.groups}
        roots = break_points(shape, statuses)
        return BuildState(
            target=self._facts.target,
            builder=self._facts.builder,
            limits=self._facts.limits,
            steps=tuple(self._step(group, statuses[group.key], roots.get(group.key), now) for group in shape.groups),
            phase=self._phase(),
            transfers=self._transfers(),
            warnings=tuple(self._warnings),
            text=tuple(self._text),
            errors=tuple(
                (node.vertex.name, node.vertex.error)
                for node in self._nodes.values()
                if node.name is None and node.vertex.error
            ),
            seconds=seconds if seconds is not None else max(now - (self._first or now), 0.0),
            outcome=self._outcome or "running",
            image=self._image,
        )

    def _vertex(self, vertex: Vertex) -> None:
        node = self._nodes.get(vertex.digest)
        if node is None:
            if len(self._nodes) >= NODE_LIMIT:
                return
            node = self._nodes[vertex.digest] = Node(vertex, self._named(vertex.name))
            self._shape = None
        elif vertex.inputs != node.vertex.inputs or vertex.name != node.vertex.name:
            # A message without inputs must not take away what an earlier one knew.
            if not vertex.inputs:
                vertex = Vertex(
                    vertex.digest, vertex.name, node.vertex.inputs, vertex.started, vertex.completed, vertex.cached,
                    vertex.error,
                )
            node.name = self._named(vertex.name)
            self._shape = None
        node.vertex = vertex
        node.cached = node.cached or vertex.cached
        if vertex.started is not None:
            if not node.intervals:
                self._shape = None
            node.intervals[vertex.started] = vertex.completed or node.intervals.get(vertex.started)

    def _named(self, name: str) -> StepName | None:
        """The step a vertex belongs to. The stage of a Dockerfile with only one is printed without its name, or as
        `stage-0` where an implicit one was added (spec 1.4); here it always has the name it has in the file."""
        step = parse_step_name(name)
        stages = self._facts.stages
        if step is None or len(stages) != 1 or step.key.stage not in ("", "stage-0"):
            return step
        return StepName(StepKey(stages[0], step.key.index, step.key.platform), step.of, step.instruction)

    def _status(self, group: StepGroup, ended: bool) -> StepStatus:
        status = group_status(group, ended)
        if status is StepStatus.INTERRUPTED and self._outcome == "cancelled":
            return StepStatus.CANCELLED
        return status

    def _step(self, group: StepGroup, status: StepStatus, root: StepKey | None, now: float) -> Step:
        name = group.main.name
        assert name is not None, "groups are made of numbered vertices"
        everything = (*group.nodes, *group.sources)
        times = [seconds for node in everything if (seconds := node.seconds(now)) is not None]
        keyword, line = self._lines.get((group.key.stage, group.key.index), ("", None))
        return Step(
            key=group.key,
            of=group.of,
            instruction=self._shown(name.instruction),
            status=status,
            seconds=sum(times) if times else None,
            root=root == group.key,
            after=root if root != group.key else None,
            line=line if name.instruction.startswith(keyword) else None,
            log_lines=0 if group.twin else sum(node.lines + len(node.open_line) for node in everything),
            transfers=tuple(_transfer(status) for node in everything for status in node.statuses.values()),
            error=next((node.vertex.error for node in everything if node.vertex.error), None),
            twin=group.twin,
        )

    def _shown(self, instruction: str) -> str:
        for word in self._facts.hidden:
            instruction = instruction.replace(word, "")
        return instruction

    def _phase(self) -> str:
        if self._outcome is not None:
            return ""
        busy = [node for node in self._nodes.values() if node.name is None and node.running]
        newest = max(busy, key=lambda node: max(node.intervals), default=None)
        return phase_name(newest.vertex.name) if newest is not None else ""

    def _transfers(self) -> tuple[Transfer, ...]:
        return tuple(
            _transfer(status)
            for node in self._nodes.values()
            if node.name is None and (is_context_load(node.vertex.name) or "export" in node.vertex.name)
            for status in node.statuses.values()
        )


def _transfer(status: VertexStatus) -> Transfer:
    """`downloading 1a2b3c4d5e6f` rather than a bare digest (spec 1.6)."""
    name = status.id
    if name.startswith("sha256:"):
        doing = status.name if status.name not in ("", "done") else "loading"
        name = f"{doing} {name[7:19]}"
    elif name.startswith("extracting sha256:"):
        name = f"extracting {name[18:30]}"
    return Transfer(name.rstrip(":"), status.current, status.total, status.completed)
