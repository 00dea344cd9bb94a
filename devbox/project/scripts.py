"""Scripts of a project, looked at for what other systems' editors and archives do to them. Bounded; nothing is run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from devbox.core.git_checks import EXECUTABLE, Tracked
from devbox.core.tree_checks import Script
from devbox.project.reading import read_project_file

LIMIT = 300
"""Scripts that are read."""
_SIZE_LIMIT = 256 * 1024
"""Bytes; nobody writes a longer script by hand."""
_WALK_LIMIT = 2000
_DEPTH_LIMIT = 8
_LEFT_OUT = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache", "target"})
_BOM = b"\xef\xbb\xbf"

_SCRIPT = re.compile(
    r"(?:.*\.(?:sh|bash|zsh|ksh|dockerfile|containerfile)|(?:dockerfile|containerfile)(?:\..*)?|\.env"
    r"|(?:docker-)?entrypoint[^/]*|gradlew|mvnw)",
    re.IGNORECASE,
)
_BY_NAME = re.compile(r"(?:docker-)?entrypoint(?:\.sh)?|gradlew|mvnw", re.IGNORECASE)


def read_scripts(root: str, tracked: Iterable[Tracked]) -> tuple[Script, ...]:
    """The scripts among these files (paths relative to `root`)."""
    found: list[Script] = []
    for one in tracked:
        name = one.path.rpartition("/")[2]
        executable = one.mode == EXECUTABLE
        if not _SCRIPT.fullmatch(name) and not (executable and "." not in name):
            continue
        script = _read(root, one.path, executable, bool(_BY_NAME.fullmatch(name)))
        if script is not None:
            found.append(script)
        if len(found) >= LIMIT:
            break
    return tuple(found)


def walk(root: str) -> tuple[tuple[str, ...], bool]:
    """Files below `root`, relative to it, without following links or crossing file systems; and whether these are all.

    For a project outside git; installed packages and caches are left out.
    """
    found: list[str] = []
    seen = 0
    waiting = [("", 0)]
    try:
        device = os.lstat(root).st_dev
    except OSError:
        return (), False
    while waiting:
        folder, depth = waiting.pop()
        for name, is_folder in _entries(root, folder, device):
            seen += 1
            if seen > _WALK_LIMIT:
                return tuple(found), False
            path = f"{folder}/{name}" if folder else name
            if not is_folder:
                found.append(path)
            elif name not in _LEFT_OUT:
                if depth >= _DEPTH_LIMIT:
                    return tuple(found), False
                waiting.append((path, depth + 1))
    return tuple(found), True


def _entries(root: str, folder: str, device: int) -> Iterator[tuple[str, bool]]:
    try:
        with os.scandir(os.path.join(root, folder)) as entries:
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder and entry.stat(follow_symlinks=False).st_dev != device:
                    continue
                yield entry.name, is_folder
    except OSError:
        return


def _read(root: str, path: str, marked: bool, by_name: bool) -> Script | None:
    content = read_project_file(root, path, limit=_SIZE_LIMIT)
    if not isinstance(content, bytes):
        return None
    bom = content.startswith(_BOM)
    text = content[3:] if bom else content
    if b"\0" in text[:8192]:  # a program, not a script
        return None
    try:
        executable = bool(os.stat(os.path.join(root, path)).st_mode & 0o111)
    except OSError:
        return None
    return Script(
        path, shebang=text.startswith(b"#!"), crlf=b"\r\n" in text, bom=bom, executable=executable,
        marked_executable=marked, by_name=by_name,
    )
