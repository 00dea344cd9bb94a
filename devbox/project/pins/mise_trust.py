"""Which of mise's files are read, and which fail every command until somebody trusts them (spec/toolchains.md 5.7).

devbox trusts nothing by this and writes no record: it says what mise would do.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from devbox.core.frozen import dataclass
from devbox.project.pins.mise_early import flag

_CI = (
    "CI", "CONTINUOUS_INTEGRATION", "BUILD_NUMBER", "RUN_ID", "GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "TRAVIS",
    "CIRCLECI", "TF_BUILD", "TEAMCITY_VERSION",
)
"""Variables that make mise take a machine for a continuous integration's, whatever their value."""


@dataclass(frozen=True, slots=True)
class Records:
    """What the user told mise earlier, canonical paths of files and folders."""

    trusted: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    digests: Mapping[str, str] | None = None
    """File → SHA-256 of the content that was trusted, where mise was paranoid then."""

    def ignores(self, path: str, root: str) -> bool:
        """Whether the user chose to ignore the file or the folder that it configures. Its settings never count, even
        where the place is trusted: mise reads settings before it knows which places are."""
        return bool({os.path.realpath(path), os.path.realpath(root)} & self.ignored)


@dataclass(frozen=True, slots=True)
class Trust:
    """The rules of one machine; no file of the project can change them."""

    records: Records
    roots: tuple[str, ...]
    """Canonical: everything below is trusted."""
    paranoid: bool
    """Every file needs trust, plain tools too, and trust is given to its content."""
    always: bool
    """mise answers its own question with yes."""
    safe: bool
    """Nothing needs trust, and a project's file can set tools alone."""

    def left_out(self, path: str, root: str) -> bool:
        """Whether mise passes the file over because the user chose to ignore it."""
        return self.records.ignores(path, root) and not self.by_place(path)

    def allows(self, path: str, root: str, data: bytes) -> bool:
        """Whether a file that needs trust has it."""
        if self.safe or self.always or self.by_place(path):
            return True
        real = os.path.realpath(path)
        if self.paranoid:
            digests = self.records.digests or {}
            # Deferred: OpenSSL costs 3 ms, and only paranoid people keep digests.
            import hashlib

            return digests.get(real) == hashlib.sha256(data).hexdigest()
        return bool({real, os.path.realpath(root)} & self.records.trusted)

    def by_place(self, path: str) -> bool:
        """Whether it lies where everything is trusted."""
        real = os.path.realpath(path)
        return any(real == root or real.startswith(f"{root.rstrip('/')}/") for root in self.roots)


def trust(env: Mapping[str, str], home: str, records: Records, settings: Mapping[str, Any]) -> Trust:
    """The rules that variables and the user's own files give; `settings` are those of the user's and the system's."""

    def on(variable: str, setting: str) -> bool:
        told = flag(env, variable)
        return settings.get(setting) is True if told is None else told

    written = env.get("MISE_TRUSTED_CONFIG_PATHS")
    in_files = settings.get("trusted_config_paths")
    paths = written.split(os.pathsep) if written else in_files if isinstance(in_files, list) else []
    return Trust(
        records=records,
        roots=tuple(os.path.realpath(_expand(path, home)) for path in paths if path),
        paranoid=on("MISE_PARANOID", "paranoid"),
        always=any(name in env for name in _CI) or on("MISE_YES", "yes"),
        safe=on("MISE_SAFE", "safe"),
    )


def _expand(path: str, home: str) -> str:
    return home + path[1:] if path == "~" or path.startswith("~/") else path
