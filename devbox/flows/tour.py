"""The tour of `devbox demo`: every flow once on the bundled project, and proof that each did what it says.

It yields the flows' own events with its narration between them, so that the command line shows a tour as it shows any
other work. What it finds wrong is collected, not raised: the tour always goes on to `down`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from devbox.core.build import BuildState, Step, StepStatus
from devbox.core.events import BuildChanged, Event, Note, PlanMade
from devbox.core.labels import PROJECT_ID, SERVICE, project_id
from devbox.core.project import BOX
from devbox.flows import doctor
from devbox.flows.box import api as box
from devbox.flows.demo import DEPENDENCIES, GREETING, NEW_GREETING, SOURCE, DemoCopy
from devbox.flows.workspace import Workspace
from devbox.host.loopback import fetch

CHAPTERS = 6
ANSWER_SECONDS = 30.0
"""How long the service may take to answer as expected."""
POLL_SECONDS = 0.1


@dataclass(slots=True)
class TourResult:
    """What the tour saw; filled in as it goes."""

    before: str = ""
    """The service's answer before the edit."""
    after: str = ""
    container: str | None = None
    same_container: bool = False
    reload_seconds: float | None = None
    """From saving the file to the changed answer."""
    broke_at: Step | None = None
    """The one root miss of the rebuild."""
    cascade: int = 0
    hits: int = 0
    left: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """What was not as promised, one sentence each."""

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note a promise that was not kept."""
        if not holds:
            self.problems = (*self.problems, otherwise)


class Tour:
    """One tour; iterate `events()` to its end, then read `result`."""

    def __init__(self, workspace: Workspace, copy: DemoCopy, *, keep: bool = False) -> None:
        self.workspace = workspace
        self.copy = copy
        self.keep = keep
        self.result = TourResult()
        self._chapter = 0
        self._states: dict[str, BuildState] = {}

    def events(self) -> Iterator[Event]:
        """Run the tour. Errors of the flows are raised as they are; the caller cleans up then."""
        yield from self._doctor()
        yield from self._plan()
        yield from self._up()
        yield from self._edit_source()
        yield from self._edit_dependencies()
        if not self.keep:
            yield from self._down()

    # One method a chapter

    def _doctor(self) -> Iterator[Event]:
        yield self._title("doctor: is this machine what the project expects")
        report = doctor.run(self.workspace)
        counts = report.summary()
        yield Note(
            f"{counts['ok']} checks ok, {counts['unknown']} unknown; "
            f"{counts['error']} errors, {counts['warn']} warnings among the findings"
        )
        for finding in report.findings:
            hint = f" ({finding.hint})" if finding.hint else ""
            yield Note(f"{finding.severity}: {finding.message}{hint}", "info" if finding.severity == "info" else "warn")

    def _plan(self) -> Iterator[Event]:
        yield self._title("plan: what `devbox up` is going to do, and why")
        for operation in box.plan_up(self.workspace):
            yield Note(f"  {operation}")

    def _up(self) -> Iterator[Event]:
        yield self._title("up: build with every layer in sight, start Redis and the box, wait until ready")
        yield from self._watched(box.up(self.workspace))
        answer = self._answer(GREETING)
        self.result.before = answer or ""
        self.result.expect(answer is not None, "the service did not answer after `up`")
        yield Note(f"http://127.0.0.1:{self.copy.port}/ answers: {answer or 'nothing'}")

    def _edit_source(self) -> Iterator[Event]:
        yield self._title(f"live mount: {SOURCE} is edited here, the service in the box answers differently")
        before = self._running_box()
        started = self.workspace.clock.monotonic()
        self.copy.edit_source()
        answer = self._answer(NEW_GREETING)
        seconds = self.workspace.clock.monotonic() - started
        after = self._running_box()
        result = self.result
        result.after = answer or ""
        result.container = after[0] if after else None
        result.same_container = before is not None and before == after
        result.reload_seconds = seconds if answer else None
        self.result.expect(answer is not None, f"the answer did not change within {ANSWER_SECONDS:.0f} s of the edit")
        self.result.expect(result.same_container, "the box is not the same running container as before the edit")
        yield Note(f"{seconds:.1f} s after the edit it answers: {answer or 'nothing new'}")
        if result.container and result.same_container:
            yield Note(f"still container {result.container[:12]}: nothing was built, nothing restarted")

    def _edit_dependencies(self) -> Iterator[Event]:
        yield self._title(f"rebuild: {DEPENDENCIES} gets a line, and the cache breaks exactly there")
        self.copy.edit_dependencies(f"{self.workspace.clock.time():.6f}")
        self._states.clear()
        yield from self._watched(box.rebuild(self.workspace))
        judge_rebuild(self._states, self.result)
        result = self.result
        if result.broke_at:
            key = result.broke_at.key
            yield Note(
                f"{result.hits} hits, then the cache broke at {key.stage} {key.index}/{result.broke_at.of} "
                f"{result.broke_at.instruction}; {result.cascade} followed"
            )
        answer = self._answer(NEW_GREETING)
        self.result.expect(answer is not None, "the service did not answer after `rebuild`")
        yield Note(f"the rebuilt box answers: {answer or 'nothing'}")

    def _down(self) -> Iterator[Event]:
        yield self._title("down: containers, networks, volumes and images of the demo go")
        yield from self._watched(box.down(self.workspace, volumes=True, images=True))
        self.result.left = leftovers(self.workspace)
        self.result.expect(not self.result.left, "something is left behind: " + ", ".join(self.result.left))

    # What the chapters share

    def _watched(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events but for their plan; the newest state of each build is kept."""
        for event in events:
            if isinstance(event, BuildChanged):
                self._states[event.service] = event.state
            if not isinstance(event, PlanMade):
                yield event

    def _answer(self, wanted: str) -> str | None:
        """What the service says, once that has `wanted` in it; None when it never does."""
        clock = self.workspace.clock
        deadline = clock.monotonic() + ANSWER_SECONDS
        while clock.monotonic() < deadline:
            text = fetch(self.copy.port, "/")
            if text and wanted in text:
                return text.strip()
            self.workspace.cancel.wait(POLL_SECONDS)
        return None

    def _running_box(self) -> tuple[str, str | None] | None:
        """The running box: its container and when that started."""
        selector = {PROJECT_ID: project_id(str(self.workspace.root), self.workspace.uid), SERVICE: BOX}
        running = self.workspace.engine.containers(selector, all=False)
        return (running[0].id, running[0].started_at) if len(running) == 1 else None

    def _title(self, text: str) -> Note:
        self._chapter += 1
        return Note(f"[{self._chapter}/{CHAPTERS}] {text}")


def judge_rebuild(states: Mapping[str, BuildState], result: TourResult) -> None:
    """The builder's own word on where the cache broke, by service; a sidecar's build counts too: it must not break."""
    steps = states[BOX].steps if BOX in states else ()
    roots = [step for state in states.values() for step in state.steps if step.root]
    result.hits = sum(step.status is StepStatus.HIT for step in steps)
    result.cascade = sum(step.status is StepStatus.MISS and not step.root for step in steps)
    result.broke_at = roots[0] if roots else None
    at_dependencies = len(roots) == 1 and roots[0].instruction.startswith(f"COPY {DEPENDENCIES} ")
    result.expect(at_dependencies, "the cache did not break at the dependency step alone")
    result.expect(result.hits > 0, "no step of the rebuild came from the cache")
    result.expect(result.cascade > 0, "the dependencies were not installed again")


def leftovers(workspace: Workspace) -> tuple[str, ...]:
    """What the engine still has of the project, as `container NAME`, `network NAME`, `volume NAME`, `image ID`."""
    engine, labels = workspace.engine, {PROJECT_ID: project_id(str(workspace.root), workspace.uid)}
    return (
        *(f"container {container.name}" for container in engine.containers(labels)),
        *(f"network {network.name}" for network in engine.networks(labels)),
        *(f"volume {volume.name}" for volume in engine.volumes(labels)),
        *(f"image {image.id[:19]}" for image in engine.images(labels)),
    )
