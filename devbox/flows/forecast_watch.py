"""The forecast of the next builds, made anew as files are saved: for screens that stay open (product.md B4).

Between two events nothing is looked at. Where the system tells no changes, the forecast is made again from time to
time, and that is said.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from devbox.core.build_forecast import LiveForecast
from devbox.core.context_tree import Folder
from devbox.core.errors import Cancelled, DevboxError
from devbox.core.frozen import dataclass
from devbox.flows.box.foresee import SeenBuild, foresee_builds
from devbox.flows.cache_context import IGNORE_FILE, SeenContext
from devbox.flows.workspace import Workspace
from devbox.host.file_events import Unwatchable, file_events

EVERY = 3.0
"""Seconds between two forecasts where changes are not told."""
WATCHED = "files are watched"


@dataclass(frozen=True, slots=True)
class Watched:
    """The changes that can change a forecast."""

    folders: frozenset[str]
    """Everything that comes or goes in these may matter: a pattern may match it."""
    whole: frozenset[str]
    """Those of them that are taken with all that is in them."""
    files: frozenset[str]
    """Single files that are taken or read."""

    def wanted(self, path: str, came_or_went: bool) -> bool:
        """Whether a change of this path counts."""
        return came_or_went or path in self.files or os.path.dirname(path) in self.whole


def live_forecast(workspace: Workspace, fresh: Callable[[], Workspace]) -> Iterator[LiveForecast]:
    """Forecasts until the workspace is cancelled; `fresh` gives one that reads the project anew."""
    live = _Live(workspace, fresh)
    yield live.look()
    while not workspace.cancel.cancelled:
        try:
            yield from live.follow()
        except Unwatchable as reason:
            yield from live.poll(str(reason))


class _Live:
    """What was seen last, and what was told of it."""

    def __init__(self, workspace: Workspace, fresh: Callable[[], Workspace]) -> None:
        self._workspace = workspace
        self._fresh = fresh
        self._seen: tuple[SeenBuild, ...] = ()
        self._told = LiveForecast()

    def look(self, *, edited: bool = False) -> LiveForecast:
        """Forecast once more."""
        error: DevboxError | None = None
        try:
            self._seen = foresee_builds(self._fresh())
        except DevboxError as failed:
            error = failed
        builds = () if error else tuple(seen.forecast for seen in self._seen)
        changed = (builds, str(error)) != (self._told.builds, str(self._told.error))
        self._told = replace(self._told, builds=builds, error=error, edits=self._told.edits + (edited and changed))
        return self._told

    def follow(self) -> Iterator[LiveForecast]:
        """Look at each change, until other folders must be watched. Raises Unwatchable."""
        stop = threading.Event()
        watched = watch_for(str(self._workspace.root), self._seen)
        with self._workspace.cancel.closing(stop.set):
            began = False
            for paths in file_events(watched.folders, watched.wanted, stop):
                if began and not paths:
                    continue
                before = self._told
                if not began:
                    self._told = replace(self._told, watching=WATCHED)
                # Also at the beginning: something may have changed before watching began.
                now = self.look(edited=began or bool(before.watching))
                began = True
                if now != before:
                    yield now
                if watch_for(str(self._workspace.root), self._seen).folders != watched.folders:
                    return

    def poll(self, reason: str) -> Iterator[LiveForecast]:
        """Look again and again."""
        self._told = replace(self._told, watching=f"looking every {EVERY:.0f} s: {reason}")
        yield self._told
        while True:
            try:
                self._workspace.cancel.wait(EVERY)
            except Cancelled:
                return
            before = self._told
            if self.look(edited=True) != before:
                yield self._told


def watch_for(root: str, seen: tuple[SeenBuild, ...]) -> Watched:
    """What to watch: the files that describe the project, and all that the builds take."""
    folders, whole = {root}, set[str]()
    files = {os.path.join(root, "devbox.toml")}
    for build in seen:
        files.add(os.path.join(root, build.forecast.dockerfile))
        if build.prepared is None or build.outlook is None:
            continue
        request = build.prepared.request
        files |= {request.dockerfile, f"{request.dockerfile}.dockerignore", os.path.join(request.context, IGNORE_FILE)}
        folders |= {request.context, os.path.dirname(request.dockerfile)}
        for context in build.outlook.contexts.by_name.values() if build.outlook.contexts else ():
            for path, folder in _taken(context):
                (files if folder is None else whole).add(path)
                folders.add(os.path.dirname(path) if folder is None else path)
    return Watched(frozenset(folders | whole), frozenset(whole), frozenset(files))


def _taken(context: SeenContext) -> Iterator[tuple[str, Folder | None]]:
    """Every file that is taken by name, and every folder that is taken, with what is in it."""
    for path in context.taken:
        entry = context.now.entry(path)
        waiting = [(os.path.join(context.folder, path).rstrip("/"), entry.folder if entry else None)]
        while waiting:
            here, folder = waiting.pop()
            yield here, folder
            for name, below in folder.entries.items() if folder else ():
                if below.folder is not None:
                    waiting.append((f"{here}/{name}", below.folder))
