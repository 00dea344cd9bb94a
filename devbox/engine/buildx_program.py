"""Finds the buildx that builds: a docker CLI plugin, run by itself, so that no docker CLI is needed.

Called without the CLI's handshake a plugin behaves like `docker buildx`, starts 0.1 s sooner, and is one process to
stop. Where plugins lie: spec/buildkit.md 2.3; which programs may be run: security.md 5.1.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from devbox.core.errors import ConfigError
from devbox.core.frozen import dataclass
from devbox.engine.contexts import docker_config_dir
from devbox.engine.user_files import read_user_file

PLUGIN = "docker-buildx"
SYSTEM_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
FIRST_WITH_RAWJSON = (0, 13)
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class BuildxProgram:
    """A buildx that can report its progress as rawjson."""

    path: str
    version: str
    """`0.13.1`"""


@dataclass(frozen=True, slots=True)
class NoBuildx:
    """Why there is none."""

    reason: str


def find_buildx(
    env: Mapping[str, str], home: Path, *, private_folders: Sequence[Path] = (), project: Path | None = None,
    memory: Path | None = None,
) -> BuildxProgram | NoBuildx:
    """The first usable buildx: the user's plugins, the system's, devbox's own (`private_folders`), then PATH.

    `project` is a folder whose programs are never run. `memory` is a file of devbox's own that remembers the version of
    the very program asked last: asking costs 50 ms.
    """
    reasons = []
    for path in _candidates(env, home, private_folders):
        if not os.path.lexists(path):
            continue
        problem = _unsafe(path, project)
        version = None if problem else _known_version(path, memory)
        if problem:
            reasons.append(f"{path} {problem}")
        elif version is None:
            reasons.append(f"{path} does not say its version")
        elif version[0] < FIRST_WITH_RAWJSON:
            reasons.append(f"{path} is {version[1]}, older than 0.13")
        else:
            return BuildxProgram(path, version[1])
    return NoBuildx("; ".join(reasons) or "buildx is not installed")


def _candidates(env: Mapping[str, str], home: Path, private_folders: Sequence[Path]) -> Iterator[str]:
    config = docker_config_dir(env, home)
    folders = [config / "cli-plugins", home / ".docker" / "cli-plugins", *_extra_folders(config)]
    for folder in dict.fromkeys([*map(str, folders), *SYSTEM_FOLDERS, *map(str, private_folders)]):
        yield os.path.join(folder, PLUGIN)
    for folder in env.get("PATH", "").split(os.pathsep):
        if os.path.isabs(folder):
            yield os.path.join(folder, PLUGIN)


def _extra_folders(config: Path) -> list[Path]:
    """`cliPluginsExtraDirs` of docker's config.json, as Docker Desktop and Homebrew use it."""
    try:
        value = json.loads(read_user_file(config / "config.json") or b"{}")
    except (ConfigError, ValueError, RecursionError):
        return []
    extra = value.get("cliPluginsExtraDirs") if isinstance(value, dict) else None
    if not isinstance(extra, list):
        return []
    return [Path(each) for each in extra if isinstance(each, str) and os.path.isabs(each) and "\0" not in each]


def _unsafe(path: str, project: Path | None) -> str | None:
    """Why this program must not be run; None when it may be."""
    try:
        real = os.path.realpath(path, strict=True)
        found = os.stat(real)
        chain = [found, *(os.stat(folder) for folder in {os.path.dirname(path), os.path.dirname(real)})]
    except (OSError, ValueError):
        return "can't be read"
    if not stat.S_ISREG(found.st_mode) or not os.access(real, os.X_OK):
        return "is not a program"
    if project is not None and any(Path(each).is_relative_to(project) for each in (path, real)):
        return "lies inside the project"
    for each in chain:
        if each.st_uid not in (0, os.geteuid()):
            return "belongs to another user"
        if each.st_mode & stat.S_IWOTH and not each.st_mode & stat.S_ISVTX:
            return "can be written by anybody"
    return None


def _known_version(path: str, memory: Path | None) -> tuple[tuple[int, int], str] | None:
    """`_version`, asked once for the same file: inode, size and change times say whether it is the same."""
    found = os.stat(path)
    identity = [os.path.realpath(path), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
    if memory is not None:
        try:
            known, (numbers, words) = json.loads(memory.read_bytes())
            if known == identity and isinstance(words, str):
                return (int(numbers[0]), int(numbers[1])), words
        except (OSError, ValueError, TypeError, IndexError, RecursionError):
            pass  # nothing remembered, or not by us
    version = _version(path)
    if memory is not None and version is not None:
        fresh = memory.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            fresh.write_text(json.dumps([identity, version]))
            fresh.replace(memory)
    return version


def _version(path: str) -> tuple[tuple[int, int], str] | None:
    """((0, 13), `0.13.1`) from `github.com/docker/buildx v0.13.1+ds1 …` (spec 2.3)."""
    try:
        answer = subprocess.run(
            [path, "version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_ANSWER_SECONDS, cwd="/",
            env={"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": "C"}, start_new_session=True, check=False,
        ).stdout[:1000]
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(rb"buildx v?(([0-9]{1,4})\.([0-9]{1,4})(?:\.[0-9]{1,4})?)", answer)
    return ((int(match[2]), int(match[3])), match[1].decode()) if match else None
