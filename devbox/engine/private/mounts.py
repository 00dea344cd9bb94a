"""What is mounted below a folder, and how to unmount it: an engine that was killed leaves mounts behind."""

from __future__ import annotations

import ctypes
import os
import re
from pathlib import Path

_MNT_DETACH = 2


def mounts_below(folder: Path) -> tuple[Path, ...]:
    """Mount points at or below the folder, deepest and newest first."""
    prefix = str(folder)
    points = [_mount_point(line) for line in Path("/proc/self/mountinfo").read_bytes().splitlines()]
    return tuple(Path(point) for point in reversed(points) if point == prefix or point.startswith(prefix + "/"))


def unmount_below(folder: Path) -> tuple[Path, ...]:
    """Unmount everything at or below the folder; returns what could not be."""
    libc = ctypes.CDLL(None, use_errno=True)
    for _ in range(3):  # a mount may lie under another one
        for point in mounts_below(folder):
            if libc.umount2(os.fsencode(point), 0) != 0:
                libc.umount2(os.fsencode(point), _MNT_DETACH)
        if not mounts_below(folder):
            break
    return mounts_below(folder)


def _mount_point(line: bytes) -> str:
    """The fifth field, with the kernel's octal escapes (blank, tab, newline, backslash) undone."""
    field = line.split(b" ")[4]
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), field))
