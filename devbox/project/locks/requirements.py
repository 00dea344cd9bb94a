"""`requirements.txt` and what it includes: a lock file where every line pins one version.

Lines that pin none are compared all the same, as the set of versions that they allow. Development files beside it
(`requirements-dev.txt`, `dev-requirements.txt`, `requirements/dev.txt`) may be left out, as a whole.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from devbox.core.dependencies.comparison import fits
from devbox.core.dependencies.freshness import stale
from devbox.core.dependencies.model import PACKAGE_LIMIT, Locked, Need, Problem
from devbox.core.dependencies.selection import Edge, PythonLock, Root
from devbox.core.errors import ConfigError
from devbox.project.locks.python_names import canonical
from devbox.project.locks.requirement_lines import Line, requirement_lines
from devbox.project.locks.surroundings import Surroundings

SYNC = "python -m pip install -r requirements.txt"
SOURCE = "requirements.in"
RELOCK = "pip-compile --generate-hashes"
INCLUDE_LIMIT = 64
"""Files that one may include, directly or not."""
_DEV = ("dev", "develop", "development", "test", "tests", "testing", "lint")
DEV_FILES = tuple(
    pattern.format(word)
    for word in _DEV
    for pattern in ("requirements-{}.txt", "requirements_{}.txt", "{}-requirements.txt", "requirements/{}.txt")
)
_CONFLICT = re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE)


@dataclass(slots=True)
class _Files:
    """What has been read of one lock so far."""

    around: Surroundings
    roots: list[Root] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    hashed: list[tuple[str, int]] = field(default_factory=list)
    bare: list[tuple[str, int]] = field(default_factory=list)
    """Lines with hashes, and pins without (pip refuses a file that has both)."""
    loose: list[tuple[str, int, str]] = field(default_factory=list)


def read(data: bytes, path: str, around: Surroundings) -> PythonLock:
    """The lock with its includes; raises ConfigError for a file that is no text."""
    files = _Files(around)
    _take(files, data, path, "required", constraint=False)
    for other in DEV_FILES:
        folder, _, _name = other.rpartition("/")
        if other in files.seen or (folder or other) not in around.names:
            continue
        content = around.read_lock(other)
        if content is not None:
            _take(files, content, other, "dev", constraint=False)
    lag = None if files.problems else _lag(files, path)
    problems = (*files.problems, *((lag,) if lag else ()), *_hash_problems(files))
    return PythonLock(roots=tuple(files.roots[:PACKAGE_LIMIT]), problems=problems)


def pins(data: bytes) -> bool:
    """Whether this file locks: it asks for something, and every line of it pins one version."""
    lines = [line for line in requirement_lines(data.decode("utf-8", "replace")) if line.name and not line.direct]
    return bool(lines) and all(_pinned(line) for line in lines)


def _pinned(line: Line) -> bool:
    return line.specifier.startswith("==") and "," not in line.specifier and "*" not in line.specifier


def _take(files: _Files, data: bytes, path: str, need: Need, *, constraint: bool) -> None:
    if path in files.seen or len(files.seen) >= INCLUDE_LIMIT:
        return
    files.seen.add(path)
    text = _text(data, path)
    for line in requirement_lines(text):
        if line.include or line.constraints:
            _follow(files, path, line, need, constraint=constraint or bool(line.constraints))
        elif line.problem:
            files.problems.append(Problem("syntax", path, f"{path}: {line.problem}", line.line))
        elif line.name:
            _keep(files, path, line, need, constraint)


def _text(data: bytes, path: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("not UTF-8 text; expected a file saved as UTF-8", path=path, line=line) from None
    conflict = _CONFLICT.search(text)
    nul = text.find("\0")
    if conflict is not None:
        raise ConfigError(
            "an unresolved merge conflict; expected the file as it is after the merge", path=path,
            line=text.count("\n", 0, conflict.start()) + 1, hint="`git status` shows the files in conflict",
        )
    if nul >= 0:
        raise ConfigError("a NUL byte; expected a text file", path=path, line=text.count("\n", 0, nul) + 1)
    return text


def _follow(files: _Files, path: str, line: Line, need: Need, *, constraint: bool) -> None:
    """An included file, relative to the one that names it; one on the network or outside the project is not read."""
    target = line.include or line.constraints
    if "://" in target or "${" in target:
        return
    inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    content = None if inner.startswith(("/", "../")) or inner == ".." else files.around.read_lock(inner)
    if content is not None:
        _take(files, content, inner, need, constraint=constraint)
    elif inner not in files.around.refused and not inner.startswith(("/", "..")):
        files.problems.append(
            Problem("syntax", path, f"{path} includes {inner}, which is not there", line.line, expected=inner)
        )


def _keep(files: _Files, path: str, line: Line, need: Need, constraint: bool) -> None:
    name = canonical(line.name)
    locked = Locked(
        name, specifier="" if line.direct else line.specifier, only_if_installed=constraint, path=path, line=line.line
    )
    files.roots.append(Root(Edge(name, line.marker), need, locked))
    if constraint or need == "dev":
        return
    if line.hashes:
        files.hashed.append((path, line.line))
    elif not line.direct:
        files.bare.append((path, line.line))
    if not line.direct and not _pinned(line):
        files.loose.append((path, line.line, name))


def _lag(files: _Files, path: str) -> Problem | None:
    """Whether `requirements.in`, which it was compiled from, asks for something that it does not pin."""
    data = files.around.read(SOURCE) if SOURCE in files.around.names else None
    if data is None:
        return None
    asked = {canonical(line.name): line for line in requirement_lines(data.decode("utf-8", "replace")) if line.name}
    locked = {root.edge.name: root.locked.specifier for root in files.roots if root.locked is not None}
    found = [f"{name} is new" for name in asked if name not in locked]
    for name, line in asked.items():
        pin = locked.get(name, "")
        if pin.startswith("==") and not line.direct and not fits(Locked(name, specifier=line.specifier), pin[2:]):
            found.append(f"{name}{line.specifier} instead of {pin}")
    return stale(path, SOURCE, found, f"{RELOCK} {SOURCE}")


def _hash_problems(files: _Files) -> Iterator[Problem]:
    """pip's hash-checking mode is all or nothing: one hash asks for one at every line (pip, "Secure installs")."""
    total = len(files.bare) + len(files.hashed)
    if files.hashed and files.bare:
        path, line = files.bare[0]
        yield Problem(
            "hashes", path, f"{path}: {len(files.bare)} of {total} lines have no --hash, and pip refuses a file where "
            "only some have one", line, f"`{RELOCK}`", "--hash at every line", f"{len(files.bare)} without",
        )
    elif files.loose:
        path, line, name = files.loose[0]
        yield Problem(
            "unpinned", path, f"{path}: {len(files.loose)} of {total} lines pin no single version ({name}), so two "
            "installs may differ", line, f"`{RELOCK}`", "name==version at every line", f"{len(files.loose)} without",
        )
    elif files.bare:
        path, line = files.bare[0]
        yield Problem(
            "unhashed", path, f"{path} pins {total} versions and no --hash: an upload changed later would go unnoticed",
            line, f"`{RELOCK}`", "--hash at every line", "none",
        )
