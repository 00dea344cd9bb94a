"""What BuildKit will really see of a context: it keeps a copy and updates it like rsync (spec/buildkit.md 4.3).

A file whose size, time and mode are those of the copy keeps the copy's content, a folder that exists keeps the copy's
mode. Folders of equal state are never opened. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from devbox.core.context_tree import Entry, Folder, Node


def effective(now: Entry, copy: Entry | None, root: bool = False) -> Entry:
    """What the next build will hash of a path; `root` where it is the context's own."""
    if copy is None or copy.node.kind != now.node.kind:
        return now
    if now.folder is None or copy.folder is None:
        same = (now.size, now.mtime_ns, now.node.mode, now.node.target) == (
            copy.size, copy.mtime_ns, copy.node.mode, copy.node.target)
        return replace(now, node=copy.node) if same and now.node != copy.node else now
    if now.folder.state == copy.folder.state:
        return now
    theirs = copy.folder.entries
    entries = {name: effective(entry, theirs.get(name)) for name, entry in now.folder.entries.items()}
    if now.node == copy.node and all(entry is now.folder.entries[name] for name, entry in entries.items()):
        return now
    return replace(now, node=copy.node, folder=Folder.of(None if root else copy.node.mode, entries))


def unseen(now: Entry, seen: Entry, path: str) -> Iterator[str]:
    """Files at and below a path whose content changed in a way that BuildKit will not see, which is `seen`."""
    if now.folder is None or seen.folder is None:
        if now.node.digest != seen.node.digest:
            yield path
        return
    if now.folder is seen.folder:
        return
    for name, entry in sorted(now.folder.entries.items()):
        yield from unseen(entry, seen.folder.entries[name], f"{path}/{name}" if path else name)


def sent(taken: Mapping[str, Entry], mode: Callable[[str], int]) -> Folder:
    """The copy after a build that took these paths, none below another; `mode` tells the modes of the folders that
    they lie in."""
    if "" in taken and (whole := taken[""].folder) is not None:
        return whole
    return _assembled("", None, {tuple(path.split("/")): entry for path, entry in taken.items()}, mode)


def _assembled(
    path: str, own: int | None, inside: Mapping[tuple[str, ...], Entry], mode: Callable[[str], int]
) -> Folder:
    entries: dict[str, Entry] = {}
    deeper: dict[str, dict[tuple[str, ...], Entry]] = {}
    for (name, *rest), entry in inside.items():
        if rest:
            deeper.setdefault(name, {})[tuple(rest)] = entry
        else:
            entries[name] = entry
    for name, below in deeper.items():
        here = f"{path}/{name}" if path else name
        permissions = mode(here)
        entries[name] = Entry(Node("folder", permissions), folder=_assembled(here, permissions, below, mode))
    return Folder.of(own, entries)
