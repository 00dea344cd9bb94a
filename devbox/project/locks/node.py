"""Node: which lock file counts, what it wants in `node_modules`, and what is there."""

from __future__ import annotations

import importlib
import json
import os
from dataclasses import dataclass, field, replace
from typing import Protocol, cast

from devbox.core.dependencies.files import NODE_LOCKS, UNREAD_NODE
from devbox.core.dependencies.model import Difference, Examined, Installed, Problem
from devbox.core.dependencies.node_locks import FOLDER, NodeLock
from devbox.core.errors import ConfigError
from devbox.project.locks.lock_text import is_berry
from devbox.project.locks.node_manifest import asked
from devbox.project.locks.python import located
from devbox.project.locks.surroundings import PACKAGE, Surroundings
from devbox.project.reading import Refused, list_project_folder, read_project_file


class Kind(Protocol):
    """One kind of lock file; each is a plain module."""

    SYNC: str
    RELOCK: str

    def read(self, data: bytes, path: str, around: Surroundings) -> NodeLock:
        """The lock; raises ConfigError for a file that is none."""


KINDS = dict(zip(NODE_LOCKS, ("npm", "npm", "pnpm", "yarn"), strict=True))
"""File name → the module of this package that reads it; imported only where there is such a file (2 to 5 ms)."""
_TOOLS = {"npm": NODE_LOCKS[:2], "pnpm": ("pnpm-lock.yaml",), "yarn": ("yarn.lock",), "bun": ("bun.lock", "bun.lockb")}
"""What `packageManager` may name → its lock files."""
_MADE_BY = {
    ".modules.yaml": "pnpm", ".pnpm": "pnpm", ".yarn-integrity": "yarn", ".yarn-state.yml": "yarn",
    ".package-lock.json": "npm",
}
"""What each tool leaves in `node_modules`."""


def examine_node(around: Surroundings) -> Examined:
    """Everything about the project's Node packages."""
    names = around.names
    locks = tuple(name for name in (*KINDS, *UNREAD_NODE) if name in names)
    if PACKAGE not in names and not locks:
        return Examined("node")
    document = around.package()
    manifest = PACKAGE if document is not None and asked(document.content) else None
    if not locks:
        return _without_lock(around, manifest)
    tool = str(document.get("packageManager") or "").partition("@")[0] if document else ""
    keep = next((name for name in _TOOLS.get(tool, ()) if name in locks), None)
    chosen = keep or _made(around, locks) or locks[0]
    found = Examined("node", chosen, _rivals(locks), keep, manifest, sync=UNREAD_NODE.get(chosen, ""))
    if chosen not in KINDS:
        reason = f"{chosen} is not read by this version of devbox"
        return replace(found, installed=Installed(reason=reason), unread=reason)
    kind = _kind(KINDS[chosen])
    return _with_lock(kind, around, replace(found, sync=kind.SYNC))


def _kind(name: str) -> Kind:
    return cast(Kind, importlib.import_module(f"devbox.project.locks.{name}"))


def _rivals(locks: tuple[str, ...]) -> tuple[str, ...]:
    """One for each tool: an npm-shrinkwrap.json beside a package-lock.json is npm's own affair."""
    both = set(_TOOLS["npm"]) <= set(locks)
    return tuple(name for name in locks if name != "deno.lock" and not (both and name == NODE_LOCKS[1]))


def _made(around: Surroundings, locks: tuple[str, ...]) -> str | None:
    """The lock file of the tool that made `node_modules`."""
    there = around.listed(FOLDER)
    made = (file for mark, tool in _MADE_BY.items() if mark in there for file in _TOOLS[tool])
    return next((file for file in made if file in locks), None)


def _without_lock(around: Surroundings, manifest: str | None) -> Examined:
    found = Examined("node", manifest=manifest, installed=Installed(reason="there is no lock file"))
    if manifest is None:
        return found
    document = around.package()
    tool = str(document.get("packageManager") or "").partition("@")[0] if document else ""
    command = "bun install" if tool == "bun" else _kind(tool if tool in ("pnpm", "yarn") else "npm").RELOCK
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
    if path in _TOOLS["yarn"] and is_berry(text):
        found = replace(found, sync="yarn install --immutable")
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
    is_yarn, is_pnpm = found.lock in _TOOLS["yarn"], found.lock in _TOOLS["pnpm"]
    pnp = next((name for name in (".pnp.cjs", ".pnp.js") if name in around.names), None) if is_yarn else None
    if pnp is not None:
        return Installed(reason=f"Plug'n'Play: packages are resolved by {pnp}, which devbox does not run")
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
