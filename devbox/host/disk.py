"""The file system that holds a folder: its type, what its mount allows, and whether it tells upper from lower case."""

from __future__ import annotations

import os

from devbox.core.tree_checks import Disk

_READ_LIMIT = 1 << 20
_NAMES = 200
"""Names of a folder that are tried."""
_ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


def disk_of(folder: str) -> Disk:
    """What is known of it. Writes nothing: case is tried by asking for an existing name in the other case."""
    try:
        flags = os.statvfs(folder).f_flag
    except OSError as error:
        return Disk(None, reason=error.strerror or "the folder cannot be read")
    kind, mount_point = _mount(folder)
    noexec = getattr(os, "ST_NOEXEC", None)
    return Disk(
        kind, mount_point or folder, runs_programs=None if noexec is None else not flags & noexec,
        writable=not flags & os.ST_RDONLY, case_sensitive=case_sensitive(folder),
        reason="" if noexec is not None else "this system does not tell",
    )


def case_sensitive(folder: str) -> bool | None:
    """Whether names that differ in case are two names; None where the folder has no name with a letter."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(_NAMES), strict=False)]
        present = set(names)
        for name in names:
            other = name.swapcase()
            if other != name and other not in present and name.isascii():
                return not _same(os.path.join(folder, name), os.path.join(folder, other))
        parent, name = os.path.split(folder)
        if name.isascii() and name.swapcase() != name:
            return not _same(folder, os.path.join(parent, name.swapcase()))
    except (OSError, ValueError):
        return None
    return None


def parse_mounts(text: str, folder: str) -> tuple[str | None, str]:
    """Type and mount point of the mount that holds an absolute folder, from the text of /proc/self/mountinfo."""
    best: tuple[str | None, str] = (None, "")
    for line in text.splitlines():
        fields, _, rest = line.partition(" - ")
        words = fields.split(" ")
        if len(words) < 5 or not rest:
            continue
        point = _unescaped(words[4])
        inside = folder == point or folder.startswith(f"{point.rstrip('/')}/")
        if inside and len(point) >= len(best[1]):  # of two on one point the later one is on top
            best = (rest.split(" ")[0], point)
    return best


def _mount(folder: str) -> tuple[str | None, str]:
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            return parse_mounts(file.read(_READ_LIMIT).decode("utf-8", "surrogateescape"), folder)
    except OSError:
        return None, ""


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except FileNotFoundError:
        return False


def _unescaped(word: str) -> str:
    for escape, character in _ESCAPES.items():
        word = word.replace(escape, character)
    return word
