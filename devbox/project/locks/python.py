"""Python: which lock file counts, what it wants in the project's environment, and what is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from devbox.core.dependencies.comparison import compare
from devbox.core.dependencies.markers import Markers, marker_environment
from devbox.core.dependencies.model import Difference, Examined, Installed, Locked, Problem
from devbox.core.dependencies.selection import PythonLock, select
from devbox.core.errors import ConfigError
from devbox.project.locks import poetry, pylock, requirements, uv
from devbox.project.locks.environments import Environment, NoEnvironment, find_environment
from devbox.project.locks.surroundings import PYPROJECT, Surroundings, table, texts


class Kind(Protocol):
    """One kind of lock file; each is a plain module."""

    FILE: str
    SYNC: str
    """The command that installs what the lock says."""
    RELOCK: str
    """The command that makes the lock anew."""

    def read(self, data: bytes, path: str, around: Surroundings) -> PythonLock:
        """The lock; raises ConfigError for a file that is none."""


KINDS: Mapping[str, Kind] = {kind.FILE: kind for kind in (uv, poetry, pylock, requirements)}
"""By file name, the one that counts first where there are several."""
UNREAD = {"Pipfile.lock": "pipenv sync", "pdm.lock": "pdm sync"}
"""Lock files that this version does not read, and what installs them."""
RIVALS = ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock")
"""Each is one tool's own; a requirements.txt or pylock.toml beside one is an export."""


def examine_python(around: Surroundings) -> Examined:
    """Everything about the project's Python packages."""
    names = around.names
    chosen = next((kind for file, kind in KINDS.items() if file in names and _locks(file, around)), None)
    unread = next((name for name in UNREAD if name in names), None)
    manifest = _manifest(around)
    if chosen is None and unread is None and manifest is None:
        return Examined("python")
    found = Examined(
        "python", chosen.FILE if chosen else unread, tuple(name for name in (*RIVALS,) if name in names),
        _named_tool(around.pyproject()), manifest, sync=chosen.SYNC if chosen else UNREAD.get(unread or "", ""),
    )
    if chosen is None and unread is not None:
        reason = f"{unread} is not read by this version of devbox"
        return replace(found, installed=Installed(reason=reason), unread=reason)
    environment = find_environment(around, str(table(around.pyproject(), "project").get("name") or ""))
    installed = _installed(environment, found)
    if chosen is None:
        return replace(found, installed=installed, problems=(_no_lock(manifest or PYPROJECT, around),))
    return _with_lock(chosen, around, replace(found, installed=installed), environment)


def _with_lock(kind: Kind, around: Surroundings, found: Examined, environment: Environment | NoEnvironment) -> Examined:
    data = around.read_lock(kind.FILE)
    if data is None:
        sentence = around.refused.get(kind.FILE, "cannot be read")
        return _broken(found, Problem("syntax", kind.FILE, f"{kind.FILE} {sentence}"))
    try:
        lock = kind.read(data, kind.FILE, around)
    except ConfigError as error:
        path = error.path or kind.FILE
        return _broken(found, Problem("syntax", path, f"{path}: {error.summary}", error.line, error.hint))
    if any(problem.kind == "unsupported" for problem in lock.problems):
        return _broken(replace(found, problems=lock.problems), None)
    found = replace(found, problems=lock.problems)
    if isinstance(environment, NoEnvironment):
        return found
    return replace(found, difference=_difference(kind, data, lock, environment, around))


def _broken(found: Examined, problem: Problem | None) -> Examined:
    reason = "the lock file can't be read"
    problems = (*found.problems, problem) if problem else found.problems
    return replace(found, problems=problems, installed=replace(found.installed, reason=reason, absent=False))


def _difference(
    kind: Kind, data: bytes, lock: PythonLock, environment: Environment, around: Surroundings
) -> Difference:
    host = around.host
    variables = marker_environment(
        environment.version or host.python, system=host.system, machine=host.machine, release=host.release,
        kernel=host.kernel, implementation=environment.implementation,
    )
    selected = select(lock, Markers(variables, lock.groups))
    difference = compare(selected.packages, environment.packages, selected.undecided)
    if environment.system_packages and difference.missing:
        reason = f"{environment.place} sees the system's packages too, which are not looked at"
        difference = replace(difference, missing=(), undecided=(*difference.undecided, reason))
    return _with_lines(difference, data.decode("utf-8", "replace"))


def _with_lines(difference: Difference, text: str) -> Difference:
    """The first of each kind gets the line where it is locked: a report points at one."""
    missing = tuple(located(one, text) if number == 0 else one for number, one in enumerate(difference.missing))
    other = tuple(
        replace(one, locked=located(one.locked, text)) if number == 0 else one
        for number, one in enumerate(difference.other)
    )
    return replace(difference, missing=missing, other=other)


def located(locked: Locked, text: str) -> Locked:
    """The package with the line of its entry."""
    at = text.find(locked.anchor) if locked.anchor and locked.line is None else -1
    return replace(locked, line=text.count("\n", 0, at) + 1) if at >= 0 else locked


def _installed(environment: Environment | NoEnvironment, found: Examined) -> Installed:
    if isinstance(environment, NoEnvironment):
        hint = f"`{found.sync}`" if found.sync else None
        if found.lock == requirements.FILE:
            hint = f"`python3 -m venv .venv && .venv/bin/{found.sync}`"
        return Installed(reason=environment.reason, hint=hint, absent=environment.absent)
    return Installed(environment.place)


def _locks(file: str, around: Surroundings) -> bool:
    """A requirements.txt counts with or without pins where it stands alone; beside another tool's lock never."""
    return file != requirements.FILE or not any(name in around.names for name in UNREAD)


def _manifest(around: Surroundings) -> str | None:
    """The file that declares dependencies."""
    pyproject = around.pyproject()
    poetry_table = table(pyproject, "tool", "poetry")
    project = table(pyproject, "project")
    declared = (
        texts(project.get("dependencies")), project.get("optional-dependencies"), pyproject.get("dependency-groups"),
        poetry_table.get("group"), poetry_table.get("dev-dependencies"),
        set(table(poetry_table.get("dependencies"))) - {"python"},
    )
    if any(declared):
        return PYPROJECT
    return next((name for name in ("requirements.in", "Pipfile") if name in around.names), None)


def _named_tool(pyproject: Mapping[str, Any]) -> str | None:
    """The lock file of the tool that pyproject.toml is written for."""
    tools = table(pyproject.get("tool"))
    named = [f"{tool}.lock" for tool in ("poetry", "uv", "pdm") if tool in tools]
    return named[0] if len(named) == 1 else None


def _no_lock(manifest: str, around: Surroundings) -> Problem:
    tool = _named_tool(around.pyproject())
    backend = str(table(around.pyproject(), "build-system").get("build-backend") or "")
    commands = {"poetry.lock": "poetry lock", "pdm.lock": "pdm lock"}
    command = "poetry lock" if re.match(r"poetry", backend) else commands.get(tool or "", "uv lock")
    if manifest == "requirements.in":
        command = "pip-compile --generate-hashes requirements.in"
    return Problem(
        "missing", manifest, f"{manifest} declares dependencies, and no lock file says which versions they are",
        hint=f"`{command}`", expected="a lock file", actual="none",
    )
