"""What mise's lock files say about a tool: its own file's, or all of the hierarchy's (spec/toolchains.md 5.5)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from devbox.core.toolchain import mise as rules
from devbox.flows.toolchains.machine import Machine
from devbox.project.pins import mise_lock
from devbox.project.pins.mise_early import flag
from devbox.project.pins.mise_sources import Configuration, Source


class Locks:
    """The lock files beside the configuration files, each read once."""

    def __init__(self, machine: Machine, config: Configuration) -> None:
        """Reads nothing yet."""
        self._machine = machine
        self._config = config
        told = flag(machine.env, "MISE_LOCKFILE")
        self._on = config.setting("lockfile") is not False if told is None else told
        required = flag(machine.env, "MISE_LOCKED")
        self._required = self._on and (config.setting("locked") is True if required is None else required)
        self._read: dict[str, Mapping[str, tuple[rules.Locked, ...]]] = {}

    def lock(self, tool: str, source: Source | None) -> rules.Lock:
        """What the lock files say about the tool: its own file's, or all where its source has none of its own."""
        if not self._on:
            return rules.Lock()
        if source is not None and source.kind == "toml":
            return rules.Lock(self._entries(mise_lock.path_for(source.path), tool), self._required)
        entries: dict[rules.Locked, None] = {}
        for path in self._all():
            entries.update(dict.fromkeys(self._entries(path, tool)))
        return rules.Lock(tuple(entries), self._required and source is not None)

    def _all(self) -> Iterator[str]:
        """Every lock file, those of the weakest configuration first, folder by folder."""
        seen: set[str] = set()
        for source in reversed(self._config.sources):
            folder = os.path.dirname(mise_lock.path_for(source.path))
            if source.kind == "toml" and folder not in seen:
                seen.add(folder)
                yield from mise_lock.paths_beside(source.path, self._config.environments)

    def _entries(self, path: str, tool: str) -> tuple[rules.Locked, ...]:
        if path not in self._read:
            data = self._machine.files.read(path) if self._machine.files.is_file(path) else None
            self._read[path] = mise_lock.parse(data, self._machine.files.shown(path)) if data else {}
        options = self._options(tool)
        return tuple(entry for entry in self._read[path].get(tool, ()) if entry.options == options)

    def _options(self, tool: str) -> tuple[tuple[str, str], ...]:
        """What this machine would install the tool with; of node's mirror alone is known how mise writes it down."""
        settings = self._config.setting("node") if tool == "node" else None
        mirror = self._machine.env.get("MISE_NODE_MIRROR_URL") if tool == "node" else None
        mirror = mirror or (settings.get("mirror_url") if isinstance(settings, dict) else None)
        return (("mirror_url", mirror),) if isinstance(mirror, str) else ()
