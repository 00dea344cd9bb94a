"""Execute: a plan, operation by operation, in its order; safe to stop anywhere, since the next run converges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from devbox.core import labels as label
from devbox.core.desired import DesiredContainer, NetworkKind
from devbox.core.errors import DevboxError, TimedOutError
from devbox.core.events import Event, OperationChanged
from devbox.core.plan import Operation
from devbox.core.reconcile import NetworkStep, Plan, Removal, ServiceStep, VolumeStep
from devbox.flows.box.hooks import Hook, run_hooks
from devbox.flows.box.last_words import save_log
from devbox.flows.box.mutate import mutate
from devbox.flows.box.observe import HOSTLESS, View
from devbox.flows.box.ready import require_running, wait_ready
from devbox.flows.box.replace import Replacement
from devbox.flows.box.stopwatch import Deadline, Stopwatch
from devbox.flows.workspace import Workspace

PRIVATE_OPTIONS = ((HOSTLESS, "true"),)


class Execution:
    """One plan being carried out."""

    def __init__(
        self, workspace: Workspace, view: View, plan: Plan, *, wait: bool, deadline: Deadline, watch: Stopwatch
    ) -> None:
        self._workspace, self._desired, self._plan = workspace, view.desired, plan
        self._wait, self._deadline, self._watch = wait, deadline, watch
        self._networks: dict[NetworkKind, str] = {
            kind: network.name for kind in view.desired.networks if (network := view.observed.network(kind))
        }

    def events(self) -> Iterator[Event]:
        """Do everything. Raises NotReadyError, EngineError, TimedOutError, Cancelled."""
        self._watch.enter("prepare")
        for removal in self._plan.leftovers:
            yield from self._remove_container(removal)
        for network in self._plan.networks:
            yield from self._operation(network.operation, partial(self._create_network, network))
        for volume in self._plan.volumes:
            yield from self._operation(volume.operation, partial(self._create_volume, volume))
        for level in self._desired.levels:
            yield from self._level(level)
        self._watch.enter("clean up")
        for removal in self._plan.old_networks:
            yield from self._operation(removal.operation, partial(self._remove_network, removal.id))

    def _level(self, services: tuple[str, ...]) -> Iterator[Event]:
        """Start a wave, then see each of it through; on any failure what was replaced comes back."""
        moving: list[tuple[DesiredContainer, ServiceStep, Replacement]] = []
        try:
            for name in services:
                wanted, step = self._desired.container(name), self._plan.service(name)
                if wanted is None or step is None:
                    continue
                replacement = Replacement(self._workspace, self._desired, wanted, step, self._networks)
                moving.append((wanted, step, replacement))
                yield from self._begin(wanted, step, replacement)
            for wanted, step, replacement in moving:
                yield from self._see_through(wanted, step, replacement)
        except GeneratorExit:
            self._undo_silently(moving)
            raise
        except BaseException:
            for _, _, replacement in reversed(moving):
                yield from replacement.undo()
            raise

    def _undo_silently(self, moving: list[tuple[DesiredContainer, ServiceStep, Replacement]]) -> None:
        """A closed generator may not yield."""
        for _, _, replacement in reversed(moving):
            for _ in replacement.undo():
                pass

    def _begin(self, wanted: DesiredContainer, step: ServiceStep, replacement: Replacement) -> Iterator[Event]:
        if step.action == "keep":
            return
        self._watch.enter("start")
        yield from self._operation(step.operations[0], replacement.run)

    def _see_through(self, wanted: DesiredContainer, step: ServiceStep, replacement: Replacement) -> Iterator[Event]:
        id = replacement.id
        self._watch.enter("hooks")
        yield from self._hooks(wanted, step, id)
        if self._wait and (step.action != "keep" or wanted.ready is not None):
            self._watch.enter("ready")
            yield from self._wait_ready(wanted, step, id)
        elif step.action != "keep":
            require_running(self._workspace, wanted.service, id)
        self._watch.enter("clean up")
        replacement.finish()

    def _hooks(self, wanted: DesiredContainer, step: ServiceStep, id: str) -> Iterator[Event]:
        for operation in step.operations:
            if operation.kind == "run-hook":
                which: Hook = "create" if operation.cause.startswith("create:") else "start"
                yield from self._stages(
                    operation, run_hooks(self._workspace, wanted, id, which, self._deadline)
                )

    def _wait_ready(self, wanted: DesiredContainer, step: ServiceStep, id: str) -> Iterator[Event]:
        operation = next((each for each in step.operations if each.kind == "wait-ready"), None)
        waiting = wait_ready(self._workspace, wanted, id, self._deadline)
        yield from self._stages(operation, waiting) if operation else waiting

    def _operation(self, operation: Operation, call: Callable[[], None]) -> Iterator[Event]:
        """One engine call with its news."""

        def once() -> Iterator[Event]:
            call()
            yield from ()

        yield from self._stages(operation, once())

    def _stages(self, operation: Operation, body: Iterator[Event]) -> Iterator[Event]:
        self._workspace.cancel.check()
        if self._deadline.passed and operation.kind not in ("wait-ready", "run-hook"):
            raise TimedOutError(f"`--timeout` passed before: {operation}", hint="`devbox up` goes on from here")
        clock = self._workspace.clock
        start = clock.monotonic()
        yield OperationChanged(operation, "started")
        try:
            yield from body
        except DevboxError as error:
            yield OperationChanged(operation, "failed", clock.monotonic() - start, error.summary)
            raise
        yield OperationChanged(operation, "done", clock.monotonic() - start)

    def _remove_container(self, removal: Removal) -> Iterator[Event]:
        def remove() -> None:
            info = self._workspace.engine.container(removal.id)
            if info is not None:
                save_log(self._workspace, info)
                mutate("remove-container", lambda: self._workspace.engine.remove_container(removal.id))

        yield from self._operation(removal.operation, remove)

    def _create_network(self, step: NetworkStep) -> None:
        identity, private = self._desired.identity, step.kind == "private"
        name = identity.network_name(step.kind, step.generation)
        labels = identity.object_labels(
            service="box", role="box", generation=step.generation, digest=f"{step.kind}-1", mode=self._desired.mode
        )
        mutate("create-network", lambda: self._workspace.engine.create_network(
            name, (*labels, (label.NETWORK, step.kind)), internal=private, options=PRIVATE_OPTIONS if private else ()
        ))
        self._networks[step.kind] = name

    def _create_volume(self, step: VolumeStep) -> None:
        volume, identity = step.volume, self._desired.identity
        labels = identity.object_labels(
            service=volume.service, role=volume.role, generation=1, digest="volume-1", mode=self._desired.mode
        )
        mutate("create-volume", lambda: self._workspace.engine.create_volume(
            volume.name, (*labels, (label.VOLUME, volume.declared))
        ))

    def _remove_network(self, id: str) -> None:
        mutate("remove-network", lambda: self._workspace.engine.remove_network(id))
