"""Python: which lock file counts, what it wants in the project's environment, and what is there."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol, cast

from devbox.core.dependencies.comparison import compare
from devbox.core.dependencies.files import PYTHON_LOCKS, REQUIREMENTS, UNREAD_PYTHON
from devbox.core.dependencies.markers import Markers, marker_environment
from devbox.core.dependencies.model import Difference, Examined, Installed, Locked, Problem
from devbox.core.dependencies.selection import PythonLock, select
from devbox.core.errors import ConfigError
from devbox.project.locks.environments import Environment, NoEnvironment, find_environment
from devbox.project.locks.surroundings import PYPROJECT, Surroundings, table, texts


class Kind(Protocol):
    """One kind of lock file; each is a plain module."""

    SYNC: str
    """The command that installs what the lock says."""
    RELOCK: str
    """The command that makes the lock anew."""

    def read(self, data: bytes, path: str, around: Surroundings) -> PythonLock:
        """The lock; raises ConfigError for a file that is none."""


KINDS = dict(zip(PYTHON_LOCKS, ("uv", "poetry", "pylock", "requirements"), strict=True))
"""File name → the module of this package that reads it; imported only where there is such a file (2 to 9 ms)."""
RIVALS = ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock")
"""Each is one tool's own; a requirements.txt or pylock.toml beside one is an export."""


def examine_python(around: Surroundings) -> Examined:
    """Everything about the project's Python packages."""
    names = around.names
    file = next((file for file in PYTHON_LOCKS[:-1] if file in names), None) or _requirements(around)
    chosen = _kind(file) if file else None
    unread = next((name for name in UNREAD_PYTHON if name in names), None)
    manifest = _manifest(around)
    if chosen is None and unread is None and manifest is None:
        return Examined("python")
    found = Examined(
        "python", file or unread, tuple(name for name in (*RIVALS,) if name in names),
        _named_tool(around.pyproject()), manifest, sync=_sync(chosen, file, unread),
    )
    if chosen is None and unread is not None:
        reason = f"{unread} is not read by this version of devbox"
        return replace(found, installed=Installed(reason=reason), unread=reason)
    environment = find_environment(around, str(table(around.pyproject(), "project").get("name") or ""))
    installed = _installed(environment, found)
    if chosen is None:
        return replace(found, installed=installed, problems=(_no_lock(manifest or PYPROJECT, around),))
    return _with_lock(chosen, around, replace(found, installed=installed), environment)


def _sync(chosen: Kind | None, file: str | None, unread: str | None) -> str:
    """The command that installs what the lock says."""
    if file in REQUIREMENTS:
        return f"python -m pip install -r {file}"
    return chosen.SYNC if chosen else UNREAD_PYTHON.get(unread or "", "")


def _kind(file: str) -> Kind:
    return cast(Kind, importlib.import_module(f"devbox.project.locks.{KINDS.get(file, 'requirements')}"))


def _with_lock(kind: Kind, around: Surroundings, found: Examined, environment: Environment | NoEnvironment) -> Examined:
    file = found.lock or ""
    data = around.read_lock(file)
    if data is None:
        sentence = around.refused.get(file, "cannot be read")
        return _broken(found, Problem("syntax", file, f"{file} {sentence}"))
    try:
        lock = kind.read(data, file, around)
    except ConfigError as error:
        path = error.path or file
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
        if found.lock in REQUIREMENTS:
            hint = f"`python3 -m venv .venv && .venv/bin/{found.sync}`"
        return Installed(reason=environment.reason, hint=hint, absent=environment.absent)
    return Installed(environment.place)


def _requirements(around: Surroundings) -> str | None:
    """A requirements file counts with or without pins where it stands alone, beside another tool's lock never."""
    if any(name in around.names for name in UNREAD_PYTHON):
        return None
    return next((path for path in REQUIREMENTS if path.partition("/")[0] in around.names and around.exists(path)), None)


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
