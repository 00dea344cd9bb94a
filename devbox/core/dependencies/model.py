"""The values of this area: what is locked, what differs, and what is wrong with a lock file itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal

from devbox.core.frozen import dataclass

Ecosystem = Literal["python", "node"]
Need = Literal["required", "dev", "optional"]
"""`dev`: only for work on the project, left out by production installs. `optional`: may be absent without harm."""
ProblemKind = Literal["syntax", "stale", "missing", "hashes", "unpinned", "unhashed", "unsupported"]
"""`hashes`: some lines have a hash and others none, which pip refuses; `unhashed`: none has."""
PACKAGE_LIMIT = 20_000
"""Packages that one lock file may hold."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One package that a lock file puts on this machine."""

    name: str
    versions: tuple[str, ...] = ()
    """Those that fit; none where the lock names no version (a folder, a branch)."""
    need: Need = "required"
    specifier: str = ""
    """A PEP 440 set instead of versions, for requirements that pin no single one."""
    place: str = ""
    """Node: the folder it belongs in, relative to the project."""
    anchor: str = ""
    """Text that stands at the package's entry in the lock file, to find its line when it must be shown."""
    only_if_installed: bool = False
    """A constraint: says which version, not that it must be there."""
    path: str = ""
    """The file that says so, where that is not the lock file itself."""
    line: int | None = None

    @property
    def expected(self) -> str:
        """What would fit, for a report."""
        return " or ".join(self.versions) or self.specifier or "any version"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A locked package that is there in another version."""

    locked: Locked
    actual: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What a lock file wants beside what is installed."""

    compared: int = 0
    missing: tuple[Locked, ...] = ()
    other: tuple[Mismatch, ...] = ()
    absent_dev: tuple[Locked, ...] = ()
    """Development packages, where not one of them is installed: a production install, not drift."""
    absent_optional: int = 0
    extra: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    """Reasons why packages could not be compared."""

    @property
    def clean(self) -> bool:
        """Whether everything that had to be there is, in the right version."""
        return not self.missing and not self.other


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a lock file itself, in its own words."""

    kind: ProblemKind
    path: str
    message: str
    line: int | None = None
    hint: str | None = None
    expected: str | None = None
    actual: str | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """Where packages are installed; `reason` says why that is not known, `hint` what would make it."""

    place: str = ""
    reason: str | None = None
    hint: str | None = None
    absent: bool = False
    """There is no such folder at all, as after a fresh clone."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One ecosystem of one project."""

    ecosystem: Ecosystem
    lock: str | None = None
    """The lock file that counts, relative to the project."""
    locks: tuple[str, ...] = ()
    """All lock files of the ecosystem that are there."""
    keep: str | None = None
    """Which of several competing ones the project itself names, e.g. by `packageManager`."""
    manifest: str | None = None
    """The file that declares dependencies; None where nothing does."""
    problems: tuple[Problem, ...] = ()
    installed: Installed = field(default_factory=Installed)
    difference: Difference | None = None
    """None where it could not be taken."""
    sync: str = ""
    """The command that installs what the lock says."""
    unread: str | None = None
    """Why the lock file is not read: a kind that this version does not know."""

    @property
    def present(self) -> bool:
        """Whether the project has anything of this ecosystem."""
        return self.lock is not None or self.manifest is not None


VersionAt = Callable[[str], str | None]
"""The version of the Node package in a folder; None where there is none, empty where it names none."""
Evaluate = Callable[[str, str], bool | None]
"""An environment marker with an extra's name (empty for none); None where it can't be decided."""
Names = Mapping[str, str]
