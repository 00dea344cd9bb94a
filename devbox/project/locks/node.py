"""Node: which lock file counts, what it wants in `node_modules`, and what is there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from devbox.core.dependencies.model import Difference, Examined, Installed, Problem
from devbox.core.dependencies.node_locks import FOLDER, NodeLock
from devbox.core.errors import ConfigError
from devbox.project.locks import npm, pnpm, yarn
from devbox.project.locks.node_manifest import asked
from devbox.project.locks.python import located
from devbox.project.locks.surroundings import PACKAGE, Surroundings
from devbox.project.reading import Refused, list_project_folder, read_project_file


class Kind(Protocol):
    """One kind of lock file; each is a plain module."""

    FILES: tuple[str, ...]
    SYNC: str
    RELOCK: str

    def read(self, data: bytes, path: str, around: Surroundings) -> NodeLock:
        """The lock; raises ConfigError for a file that is none."""


KINDS: Mapping[str, Kind] = {file: kind for kind in (npm, pnpm, yarn) for file in kind.FILES}
UNREAD = {"bun.lock": "bun install --frozen-lockfile", "bun.lockb": "bun install --frozen-lockfile",
          "deno.lock": "deno install --frozen"}
"""Lock files that this version does not read, and what installs them."""
_TOOLS = {"npm": npm.FILES, "pnpm": pnpm.FILES, "yarn": yarn.FILES, "bun": ("bun.lock", "bun.lockb")}
_MADE_BY = {
    ".modules.yaml": pnpm.FILES, ".pnpm": pnpm.FILES, ".yarn-integrity": yarn.FILES, ".yarn-state.yml": yarn.FILES,
    ".package-lock.json": npm.FILES,
}
"""What each tool leaves in `node_modules`."""


def examine_node(around: Surroundings) -> Examined:
    """Everything about the project's Node packages."""
    names = around.names
    locks = tuple(name for name in (*KINDS, *UNREAD) if name in names)
    if PACKAGE not in names and not locks:
        return Examined("node")
    document = around.package()
    manifest = PACKAGE if document is not None and asked(document.content) else None
    if not locks:
        return _without_lock(around, manifest)
    tool = str(document.get("packageManager") or "").partition("@")[0] if document else ""
    keep = next((name for name in _TOOLS.get(tool, ()) if name in locks), None)
    chosen = keep or _made(around, locks) or locks[0]
    found = Examined("node", chosen, _rivals(locks), keep, manifest, sync=UNREAD.get(chosen, ""))
    if chosen not in KINDS:
        reason = f"{chosen} is not read by this version of devbox"
        return replace(found, installed=Installed(reason=reason), unread=reason)
    return _with_lock(KINDS[chosen], around, replace(found, sync=KINDS[chosen].SYNC))


def _rivals(locks: tuple[str, ...]) -> tuple[str, ...]:
    """One for each tool: an npm-shrinkwrap.json beside a package-lock.json is npm's own affair."""
    both = set(npm.FILES) <= set(locks)
    return tuple(name for name in locks if name != "deno.lock" and not (both and name == npm.FILES[1]))


def _made(around: Surroundings, locks: tuple[str, ...]) -> str | None:
    """The lock file of the tool that made `node_modules`."""
    there = around.listed(FOLDER)
    return next((file for mark, files in _MADE_BY.items() if mark in there for file in files if file in locks), None)


def _without_lock(around: Surroundings, manifest: str | None) -> Examined:
    found = Examined("node", manifest=manifest, installed=Installed(reason="there is no lock file"))
    if manifest is None:
        return found
    document = around.package()
    tool = str(document.get("packageManager") or "").partition("@")[0] if document else ""
    command = {"pnpm": pnpm.RELOCK, "yarn": yarn.RELOCK, "bun": "bun install"}.get(tool, npm.RELOCK)
    return replace(found, problems=(Problem(
        "missing", PACKAGE, f"{PACKAGE} declares dependencies, and no lock file says which versions they are",
        hint=f"`{command}`", expected="a lock file", actual="none",
    ),))


def _with_lock(kind: Kind, around: Surroundings, found: Examined) -> Examined:
    path = found.lock or ""
    data = around.read_lock(path)
    if data is None:
        sentence = around.refused.get(path, "cannot be read")
        return _broken(found, Problem("syntax", path, f"{path} {sentence}"))
    try:
        lock = kind.read(data, path, around)
    except ConfigError as error:
        place = error.path or path
        return _broken(found, Problem("syntax", place, f"{place}: {error.summary}", error.line, error.hint))
    found = replace(found, problems=lock.problems)
    if any(problem.kind == "unsupported" for problem in lock.problems):
        return _broken(found, None)
    text = data.decode("utf-8", "replace")
    if path in yarn.FILES and yarn.is_berry(text):
        found = replace(found, sync=yarn.SYNC_BERRY)
    installed = _installed(around, found)
    if installed.reason is not None:
        return replace(found, installed=installed)
    difference = lock.compare(Modules(around.root))
    return replace(found, installed=installed, difference=_with_lines(difference, text))


def _broken(found: Examined, problem: Problem | None) -> Examined:
    problems = (*found.problems, problem) if problem else found.problems
    return replace(found, problems=problems, installed=Installed(reason="the lock file can't be read"))


def _installed(around: Surroundings, found: Examined) -> Installed:
    """An empty `node_modules` is none: a container engine makes one as the place for a volume."""
    is_yarn, is_pnpm = found.lock in yarn.FILES, found.lock in pnpm.FILES
    unseen = yarn.unseen(around) if is_yarn else None
    if unseen is not None:
        return Installed(reason=unseen)
    listed = list_project_folder(around.root, FOLDER)
    if isinstance(listed, Refused):
        return Installed(reason=f"{FOLDER} {listed.sentence}")
    if not isinstance(listed, tuple) or not any(name for name in listed if name != ".bin"):
        return Installed(reason=f"there is no {FOLDER}", hint=f"`{found.sync}`", absent=True)
    if is_pnpm and ".pnpm" not in listed:
        how = "hoisted by pnpm" if ".modules.yaml" in listed else "not made by pnpm"
        return Installed(FOLDER, reason=f"{FOLDER} has no .pnpm: it is {how}", hint=f"`{found.sync}`")
    if is_yarn and ".store" in listed:
        return Installed(FOLDER, reason=f"{FOLDER}/.store: yarn's pnpm linker is not read by this version of devbox")
    return Installed(FOLDER)


def _with_lines(difference: Difference, text: str) -> Difference:
    missing = tuple(located(one, text) if number == 0 else one for number, one in enumerate(difference.missing))
    other = tuple(
        replace(one, locked=located(one.locked, text)) if number == 0 else one
        for number, one in enumerate(difference.other)
    )
    return replace(difference, missing=missing, other=other)


@dataclass(slots=True)
class Modules:
    """The packages in `node_modules` folders, each package.json read once and for its version alone."""

    root: str
    _versions: dict[str, str | None] = field(default_factory=dict)
    _folders: dict[str, bool] = field(default_factory=dict)

    def version(self, place: str) -> str | None:
        """The version of the package in a folder; None where there is none, empty where it names none."""
        if place not in self._versions:
            self._versions[place] = self._read(place)
        return self._versions[place]

    def names(self, place: str) -> tuple[str, ...]:
        """The packages that lie directly in a `node_modules` folder, scoped ones with their scope."""
        listed = list_project_folder(self.root, place)
        found: list[str] = []
        for name in listed if isinstance(listed, tuple) else ():
            if name.startswith("@"):
                inner = list_project_folder(self.root, f"{place}/{name}")
                found += [f"{name}/{one}" for one in inner] if isinstance(inner, tuple) else []
            elif not name.startswith("."):
                found.append(name)
        return tuple(found)

    def _read(self, place: str) -> str | None:
        above = place[: place.rindex(FOLDER)] if FOLDER in place else ""
        if not self._has_modules(above):
            return None
        content = read_project_file(self.root, f"{place}/{PACKAGE}")
        if isinstance(content, Refused):
            return ""
        if not isinstance(content, bytes):
            return None
        try:
            version = json.loads(content).get("version")
        except (ValueError, AttributeError, RecursionError):
            return ""
        return version if isinstance(version, str) else ""

    def _has_modules(self, above: str) -> bool:
        """Whether there is a `node_modules` at all: one look for the many packages that have none of their own."""
        if above not in self._folders:
            try:
                self._folders[above] = os.path.isdir(os.path.join(self.root, above, FOLDER))
            except ValueError:
                self._folders[above] = False
        return self._folders[above]
