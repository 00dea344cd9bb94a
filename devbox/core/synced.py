"""What BuildKit will really see of a context: it keeps a copy and updates it like rsync (spec/buildkit.md 4.3).

A file whose size, time and mode are those of the copy keeps the copy's content, a folder that exists keeps the copy's
mode. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from devbox.core.context_tree import Node


@dataclass(frozen=True, slots=True)
class SyncedFile:
    """One path of the copy: its content, and by what BuildKit tells that it is unchanged."""

    node: Node
    size: int
    mtime_ns: int


Tree = Mapping[str, SyncedFile]


def effective(now: Tree, copy: Tree) -> dict[str, SyncedFile]:
    """The tree as the next build will hash it."""
    return {path: _seen(file, copy.get(path)) for path, file in now.items()}


def unseen(now: Tree, copy: Tree) -> tuple[str, ...]:
    """Files whose content changed in a way that BuildKit will not see."""
    return tuple(
        path for path, file in now.items()
        if file.node.kind == "file" and _seen(file, copy.get(path)).node.digest != file.node.digest
    )


def _seen(file: SyncedFile, old: SyncedFile | None) -> SyncedFile:
    if old is None or old.node.kind != file.node.kind:
        return file
    if file.node.kind == "folder":
        return replace(file, node=old.node)
    same = (file.size, file.mtime_ns, file.node.mode, file.node.target) == (
        old.size, old.mtime_ns, old.node.mode, old.node.target)
    return replace(file, node=old.node) if same else file
