"""Where asdf finds the versions of a plugin: variables, `.tool-versions` upwards, other managers' files, HOME.

Source: `find_versions` of asdf 0.14.1 and `internal/resolve/resolve.go` of 0.20 (spec/toolchains.md 6).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from devbox.core.frozen import dataclass
from devbox.core.toolchain.asdf import variable
from devbox.project.pins import asdfrc
from devbox.project.pins.files import VersionFiles, folders_up
from devbox.project.pins.tool_versions import Entry, parse_for_bash, parse_for_go, parse_legacy

_NAME = ".tool-versions"


@dataclass(frozen=True, slots=True)
class Source:
    """What decides for one plugin."""

    path: str | None = None
    """As shown; None where nothing is written anywhere."""
    entry: Entry | None = None
    undecided: str | None = None
    """Why nobody can say what the file gives without running the plugin."""


@dataclass(frozen=True, slots=True)
class Legacy:
    """How a plugin takes other managers' files."""

    names: tuple[str, ...]
    plain: bool


class AsdfFiles:
    """The files of one search, each read once for all plugins."""

    def __init__(
        self, files: VersionFiles, env: Mapping[str, str], home: str, cwd: str, *, bash: bool, defaults: str = ""
    ) -> None:
        """`defaults` is the bash line's own configuration file."""
        self.files = files
        self.env = env
        self.home = home
        self.cwd = cwd
        self.bash = bash
        self.defaults = defaults
        old = "ASDF_DEFAULT_TOOL_VERSIONS_FILENAME"
        names = (old,) if bash else ("ASDF_TOOL_VERSIONS_FILENAME", old)
        self.name = next((env[name] for name in names if env.get(name)), _NAME)
        self._parsed: dict[str, Mapping[str, Entry]] = {}

    def source(self, plugin: str, legacy: Callable[[], Legacy]) -> Source:
        """Whatever is first: the variable, then folder by folder, then HOME."""
        value = self.env.get(variable(plugin), "")
        words = tuple(word for word in value.split("\n")[0].split(" ") if word.strip())
        if words:
            return Source(f"env:{variable(plugin)}", Entry(words, 0))
        for folder in self.folders:
            path = os.path.join(folder, self.name)
            entry = self.entries(path).get(plugin)
            if entry is not None:
                return Source(self.files.shown(os.path.normpath(path)), entry)
            found = self._legacy(folder, legacy()) if self.legacy_counts else None
            if found is not None:
                return found
        return Source()

    def mentioned(self) -> Iterator[str]:
        """Every plugin that a `.tool-versions` on the way names; the one in HOME is everybody's and counts not here."""
        for folder in self.folders:
            if folder != os.path.normpath(self.home):
                yield from self.entries(os.path.join(folder, self.name))

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """Where files are looked for, in order; the bash line leaves `/` out, and ends at the named file itself."""
        up = tuple(folder for folder in folders_up(self.cwd) if folder != "/" or not self.bash)
        last = (self.cwd,) if self.bash and os.path.isabs(self.name) else ()
        return (*up, os.path.normpath(self.home), *last)

    @cached_property
    def legacy_counts(self) -> bool:
        """Whether other managers' files count."""
        own = self.env.get("ASDF_CONFIG_FILE") or os.path.join(self.home, ".asdfrc")
        if not self.bash:
            data = self._read(own)
            return data is not None and asdfrc.legacy_for_go(data)
        near = (os.path.join(folder, ".asdfrc") for folder in folders_up(self.cwd) if folder != "/")
        nearest = next((path for path in near if self.files.is_file(path)), None)
        for path in (nearest, own, self.env.get("ASDF_CONFIG_DEFAULT_FILE") or self.defaults or None):
            data = self._read(path) if path else None
            said = asdfrc.legacy_for_bash(data) if data is not None else None
            if said is not None:
                return said
        return False

    def entries(self, path: str) -> Mapping[str, Entry]:
        """What one `.tool-versions` says."""
        if path not in self._parsed:
            data = self._read(path)
            data = data or b""
            self._parsed[path] = parse_for_bash(data, self.home) if self.bash else parse_for_go(data)
        return self._parsed[path]

    def _legacy(self, folder: str, legacy: Legacy) -> Source | None:
        for name in legacy.names:
            path = os.path.join(folder, name)
            if not self.files.is_file(path):
                continue
            shown = self.files.shown(path)
            if not legacy.plain:
                return Source(shown, undecided=f"asdf's plugin reads `{shown}` by a program of its own")
            data = self._read(path)
            entry = parse_legacy(data, bash=self.bash) if data is not None else None
            if entry is not None:
                return Source(shown, entry)
            if not self.bash:
                return None
        return None

    def _read(self, path: str) -> bytes | None:
        self.files.note_irregular(path)
        return self.files.read(path) if self.files.is_file(path) else None
