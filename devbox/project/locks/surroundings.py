"""What the readers of lock files may look at: one project folder, its manifests, and what the machine is called.

Every file comes through `devbox.project.reading`; what is refused is remembered, so that it becomes one finding.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from devbox.core.dependencies.files import NODE_FILES, PYTHON_FILES
from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.project.pins.package_json import PackageJson
from devbox.project.pins.package_json import read as read_json
from devbox.project.reading import (
    FILE_LIMIT,
    LOCK_LIMIT,
    Refused,
    list_project_folder,
    read_project_file,
)

_KNOWN = (".venv", "venv", "node_modules", ".pnp.cjs", ".pnp.js")
PYPROJECT = "pyproject.toml"
PACKAGE = "package.json"


@dataclass(frozen=True, slots=True)
class Host:
    """This machine, in Node's words and in those of markers."""

    platform: str
    """`linux`, `darwin`"""
    cpu: str
    """`x64`, `arm64`"""
    system: str = "Linux"
    machine: str = "x86_64"
    release: str = ""
    kernel: str = ""
    python: str = ""
    """The version of devbox's own interpreter: what stands in where an environment does not say its own."""


@dataclass(slots=True)
class Surroundings:
    """One project folder."""

    root: str
    """Canonical."""
    host: Host
    env: Mapping[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Path → what is wrong with it."""
    _names: frozenset[str] | None = None
    _documents: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """What lies directly in the folder; in one with too many names, what of the known ones is there."""
        if self._names is None:
            listed = list_project_folder(self.root, ".")
            if not isinstance(listed, tuple):
                listed = tuple(name for name in (*_KNOWN, *PYTHON_FILES, *NODE_FILES) if self.exists(name))
            self._names = frozenset(listed)
        return self._names

    def read(self, path: str, limit: int = FILE_LIMIT) -> bytes | None:
        """A file's content; None where there is none or it is refused."""
        content = read_project_file(self.root, path, limit=limit)
        if isinstance(content, Refused):
            self.refused.setdefault(path, content.sentence)
        return content if isinstance(content, bytes) else None

    def read_lock(self, path: str) -> bytes | None:
        """The same for a lock file, with its higher limit."""
        return self.read(path, LOCK_LIMIT)

    def listed(self, path: str) -> tuple[str, ...]:
        """The names in a folder below; nothing where there is none."""
        names = list_project_folder(self.root, path)
        return names if isinstance(names, tuple) else ()

    def exists(self, path: str) -> bool:
        """Whether something of that name is there, links not followed."""
        try:
            return os.path.lexists(os.path.join(self.root, path))
        except ValueError:
            return False

    def pyproject(self) -> Mapping[str, Any]:
        """pyproject.toml as plain values; empty where it is absent or no TOML (another check says so)."""
        if PYPROJECT not in self._documents:
            self._documents[PYPROJECT] = self._toml(PYPROJECT)
        document: Mapping[str, Any] = self._documents[PYPROJECT]
        return document

    def _toml(self, path: str) -> Mapping[str, Any]:
        data = self.read(path) if path in self.names else None
        if data is None:
            return {}
        # Deferred: only where there is a pyproject.toml.
        from devbox.project.locks.toml_tables import plain
        from devbox.project.toml_source import parse_toml

        try:
            document: Mapping[str, Any] = plain(parse_toml(data, path))
        except ConfigError:
            return {}
        return document

    def package(self, folder: str = "") -> PackageJson | None:
        """package.json of the project or a workspace; None where it is absent or no JSON."""
        path = f"{folder}/{PACKAGE}" if folder else PACKAGE
        if path not in self._documents:
            data = self.read(path)
            document = read_json(data, bom=True) if data is not None else None
            self._documents[path] = document if isinstance(document, PackageJson) else None
        found: PackageJson | None = self._documents[path]
        return found


def table(value: Any, *path: str) -> Mapping[str, Any]:
    """The table at a path of keys; empty where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def texts(value: Any) -> tuple[str, ...]:
    """The strings of a list; whatever else stands in it is left out."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, (list, tuple)) else ()
