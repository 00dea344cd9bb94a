"""Output of several services as one sequence of lines; following survives a restart of the container (X10)."""

from __future__ import annotations

import contextlib
import queue
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace

from devbox.core import labels as label
from devbox.core.errors import EngineError, UsageError
from devbox.core.events import ServiceLog
from devbox.core.frozen import dataclass
from devbox.core.labels import Identity
from devbox.core.text import LineSplitter
from devbox.engine.port import ContainerInfo, EngineReader
from devbox.engine.stream import Cancellation
from devbox.flows.box.observe import project_containers
from devbox.flows.secrets import container_masker
from devbox.flows.workspace import Workspace

_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?")
_LOOK_EVERY = 0.5
"""Seconds between looks for a container that comes back."""
_QUEUE = 2_000
"""Lines held between the readers and whoever reads them: a slow face slows the readers, not the services."""


@dataclass(frozen=True, slots=True)
class _Ended:
    service: str
    error: EngineError | None = None


def follow_logs(
    workspace: Workspace, services: tuple[str, ...] = (), *, tail: int | None = None, follow: bool = False,
    since: str | None = None,
) -> Iterator[ServiceLog]:
    """Lines of these services (default all), oldest first without `follow`, as they come with it.

    `since` is RFC 3339 or Unix seconds. Following ends when no service runs any more, or by a cancel. Closing the
    iterator closes every stream. Raises UsageError for an unknown service, EngineError.
    """
    newest = _newest(workspace)
    _require_known(workspace, services, newest)
    chosen = {name: info for name, info in newest.items() if not services or name in services}
    maskers = {name: container_masker(workspace, info) for name, info in chosen.items()}
    for line in _all_lines(workspace, chosen, tail, since, follow=follow):
        yield replace(line, data=maskers[line.service].mask(line.data))


def _all_lines(
    workspace: Workspace, chosen: Mapping[str, ContainerInfo], tail: int | None, since: str | None, *, follow: bool
) -> Iterator[ServiceLog]:
    if follow:
        yield from _follow(workspace, chosen, tail, since)
    else:
        lines = [line for name, info in chosen.items() for line in _lines(workspace.engine, name, info.id, tail, since)]
        yield from sorted(lines, key=lambda line: _sort_key(line.time))


def _lines(
    engine: EngineReader, service: str, id: str, tail: int | None, since: str | None, *, follow: bool = False,
    cancel: Cancellation | None = None,
) -> Iterator[ServiceLog]:
    stream = engine.logs(id, follow=follow, tail=tail, since=since, timestamps=True)
    splitters = {"stdout": LineSplitter(), "stderr": LineSplitter()}
    with (cancel or Cancellation()).closing(stream.close):
        for chunk in stream:
            for line in splitters[chunk.stream].feed(chunk.data):
                yield _stamped(service, line, chunk.stream)
        yield from (_stamped(service, line, "stdout") for line in splitters["stdout"].flush())
        yield from (_stamped(service, line, "stderr") for line in splitters["stderr"].flush())


def _stamped(service: str, line: bytes, stream: str) -> ServiceLog:
    match = _STAMP.match(line)
    kind = "stderr" if stream == "stderr" else "stdout"
    if match is None:
        return ServiceLog(service, line, None, kind)  # type: ignore[arg-type]
    return ServiceLog(service, line[match.end() :], match[1].decode(), kind)  # type: ignore[arg-type]


def _sort_key(time: str | None) -> str:
    """Engines cut trailing zeros of the fraction; padded, the text sorts by time."""
    head, _, fraction = (time or "").rstrip("Z").partition(".")
    return f"{head}.{fraction:0<9}"


def _follow(
    workspace: Workspace, chosen: Mapping[str, ContainerInfo], tail: int | None, since: str | None
) -> Iterator[ServiceLog]:
    lines: queue.Queue[ServiceLog | _Ended] = queue.Queue(_QUEUE)
    stop = Cancellation()
    for name, info in chosen.items():
        reader = _Reader(workspace, name, info, lines, stop)
        threading.Thread(target=reader.run, args=(tail, since), name=f"logs-{name}", daemon=True).start()
    left = len(chosen)
    with workspace.cancel.closing(stop.cancel):
        while left:
            workspace.cancel.check()
            try:
                item = lines.get(timeout=0.2)
            except queue.Empty:
                continue
            if isinstance(item, ServiceLog):
                yield item
                continue
            left -= 1
            if item.error is not None:
                raise item.error


class _Reader:
    """Follows one service in a thread, over all its containers to come."""

    def __init__(
        self, workspace: Workspace, service: str, info: ContainerInfo, lines: queue.Queue[ServiceLog | _Ended],
        stop: Cancellation,
    ) -> None:
        self._workspace, self._service, self._info = workspace, service, info
        self._lines, self._stop = lines, stop
        self._last: str | None = None
        """Time of the newest line shown."""
        self._since: str | None = None
        """Where to go on when no line was shown yet: the end of the last run."""

    def run(self, tail: int | None, since: str | None) -> None:
        """Read until the service is gone for good or `stop`."""
        error: EngineError | None = None
        try:
            self._read(tail, since)
            while self._comes_back():
                # The engine repeats the line of that very moment; `_read` drops what was shown.
                self._read(None, self._last or self._since)
        except EngineError as failure:
            error = failure
        except Exception as failure:  # a thread has nobody to raise to; Cancelled is the ordinary case
            if not self._stop.cancelled:
                error = EngineError(f"reading the output of {self._service} failed: {failure}")
        self._put(_Ended(self._service, error))

    def _read(self, tail: int | None, since: str | None) -> None:
        shown_until = self._last
        found = _lines(
            self._workspace.engine, self._service, self._info.id, tail, since, follow=True, cancel=self._stop
        )
        with contextlib.closing(found):  # type: ignore[type-var]
            for line in found:
                if shown_until and line.time and _sort_key(line.time) <= _sort_key(shown_until):
                    continue
                self._last = line.time or self._last
                self._put(line)

    def _comes_back(self) -> bool:
        """Wait a little for the service to run again; another container of it starts at its beginning."""
        for _ in range(4):
            if self._stop.cancelled:
                return False
            info = _newest(self._workspace).get(self._service)
            if info is not None and info.state == "running":
                if info.id != self._info.id:
                    self._last = None
                self._info, self._since = info, info.finished_at
                return True
            self._stop.wait(_LOOK_EVERY)
        return False

    def _put(self, item: ServiceLog | _Ended) -> None:
        while not self._stop.cancelled:
            with contextlib.suppress(queue.Full):
                self._lines.put(item, timeout=0.2)
                return


def _newest(workspace: Workspace) -> dict[str, ContainerInfo]:
    identity = Identity.of("", str(workspace.root), workspace.uid)
    found = project_containers(workspace.engine, identity)
    return {each.labels[label.SERVICE]: each for each in sorted(found, key=lambda each: each.created)}


def _require_known(workspace: Workspace, services: tuple[str, ...], newest: Mapping[str, ContainerInfo]) -> None:
    for name in services:
        if name in newest:
            continue
        known = [service.name for service in workspace.project.services]
        if name not in known:
            raise UsageError(f"no service `{name}`", hint=f"services here: {', '.join(known)}")
