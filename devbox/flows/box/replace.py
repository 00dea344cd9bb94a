"""One service's container from stopped to serving, with the way back (security.md 9.3).

The new container is created under a new name → the old one stops → the new one starts → hooks, ready → the old one
goes. Whatever goes wrong in between, interrupts included, the new one goes and the old one serves again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial

from devbox.core.desired import SLEEPERS, Desired, DesiredContainer, NetworkKind
from devbox.core.errors import DevboxError, EngineError, NotReadyError
from devbox.core.events import Event, Note
from devbox.core.reconcile import ServiceStep
from devbox.engine.port import NotFound, PortTaken, Refused
from devbox.flows.box.create import create_container
from devbox.flows.box.last_words import save_log
from devbox.flows.box.mutate import mutate
from devbox.flows.box.ports import port_taken
from devbox.flows.workspace import Workspace

STOP_SECONDS = 10


class Replacement:
    """The container of one service on its way."""

    def __init__(
        self, workspace: Workspace, desired: Desired, wanted: DesiredContainer, step: ServiceStep,
        networks: Mapping[NetworkKind, str],
    ) -> None:
        self._workspace, self._desired, self._wanted, self._step = workspace, desired, wanted, step
        self._networks = networks
        self.id = step.current or ""
        """The container that is to serve."""
        self._created = False
        self._to_restore = step.old[0] if step.action == "adopt" else None
        """The old container that served until now, or until an interrupted run stopped it."""
        self.settled = False

    def run(self) -> None:
        """Up to the start of the new container's process."""
        action, engine = self._step.action, self._workspace.engine
        if action in ("create", "recreate"):
            self.id = create_container(
                engine, self._desired, self._wanted, self._step.generation, self._networks
            )
            self._created = True
        if self._step.old:
            self._stop_old()
        if action == "restart":
            mutate("restart-container", lambda: engine.restart(self.id, STOP_SECONDS))
        elif action != "keep":
            self._start()

    def finish(self) -> None:
        """It serves: the old generation goes."""
        self.settled = True
        for old in self._step.old:
            self._remove(old)

    def undo(self) -> Iterator[Event]:
        """Bring the old one back, if there was one; a first container stays for people to look at."""
        if self.settled or not (self._step.old or (self._created and not self._ever_started())):
            return
        with contextlib.suppress(EngineError):
            if self._created or self._step.action == "adopt":
                self._remove(self.id)
            if self._to_restore:
                old = self._to_restore
                mutate("start-container", lambda: self._workspace.engine.start(old))
                yield Note(f"{self._wanted.service}: the container that ran before runs again", "warn")

    def _stop_old(self) -> None:
        engine = self._workspace.engine
        for old in self._step.old:
            info = engine.container(old)
            if info is None or info.state not in ("running", "paused", "restarting"):
                continue
            if self._to_restore is None:
                self._to_restore = old
            mutate("stop-container", partial(engine.stop, old, STOP_SECONDS))

    def _start(self) -> None:
        """Start it; a box that only has to stay up tries the next way where the image lacks `sleep`."""
        sleepers = iter(SLEEPERS[1:]) if self._created and self._wanted.sleeps else iter(())
        first: Refused | None = None
        while True:
            try:
                mutate("start-container", lambda: self._workspace.engine.start(self.id))
                return
            except PortTaken as error:
                raise port_taken(self._workspace, error.address, error.port) from error
            except NotFound as error:
                if self._workspace.engine.container(self.id) is None:
                    raise NotReadyError(f"{self._wanted.service} is gone: something else removed it") from error
                first = first or error
            except Refused as error:
                first = first or error
            sleeper = next(sleepers, None)
            if sleeper is None:
                raise _not_started(self._wanted, first) from first
            self._recreate_with(sleeper)

    def _recreate_with(self, sleeper: tuple[str, ...]) -> None:
        self._remove(self.id)
        self.id = create_container(
            self._workspace.engine, self._desired, self._wanted, self._step.generation, self._networks, sleeper
        )

    def _ever_started(self) -> bool:
        try:
            info = self._workspace.engine.container(self.id)
        except DevboxError:
            return True
        return info is not None and info.started_at is not None

    def _remove(self, id: str) -> None:
        info = self._workspace.engine.container(id)
        if info is None:
            return
        if info.started_at is not None:
            save_log(self._workspace, info)
        mutate("remove-container", lambda: self._workspace.engine.remove_container(id))


def _not_started(wanted: DesiredContainer, error: Refused) -> NotReadyError:
    hint = "its `command`, `user` and `gpu` must be such that the image and this machine have them"
    if wanted.sleeps:
        hint += "; an image with neither `sleep` nor a shell needs a `[box] command` that keeps running"
    return NotReadyError(f"{wanted.service} does not start: {error.summary}", detail=error.detail, hint=hint)
