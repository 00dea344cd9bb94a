"""The contexts of one build as the builder will see them, and what each step selects of them.

Reads the disk through `project.context_index`, no more of it than the plan selects.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from devbox.core.buildplan import BuildPlan, Selection
from devbox.core.context_memory import ContextMemory
from devbox.core.context_tree import ContextTree, Entry, Folder, Listing, Node
from devbox.core.frozen import dataclass
from devbox.core.synced import effective, sent, unseen
from devbox.engine.builder import BuildRequest
from devbox.project.context_index import ContextIndex
from devbox.project.ignore import IgnoreRules, parse_ignore
from devbox.project.reading import read_project_file

IGNORE_FILE = ".dockerignore"
Remembered = Callable[[str, str], ContextMemory]
"""What is remembered of a folder (first) under the rules of an ignore file (its text)."""


@dataclass(slots=True)
class _Synced:
    """The disk as a builder with a copy sees it."""

    disk: ContextIndex
    copy: Folder | None
    _known: dict[str, Entry | None] = field(default_factory=dict)

    def look(self, path: str) -> Node | None:
        return self.disk.look(path)

    def names(self, path: str) -> Sequence[str]:
        return self.disk.names(path)

    def entry(self, path: str) -> Entry | None:
        if path not in self._known:
            now = self.disk.entry(path)
            self._known[path] = now if now is None else effective(now, self._old(path, now), root=not path)
        return self._known[path]

    def mode(self, path: str) -> int:
        """Of a folder, as the copy has it after a build."""
        old = self.copy.find(path) if self.copy is not None else None
        node = old.node if old is not None and old.folder is not None else self.look(path)
        return node.mode if node is not None else 0

    def _old(self, path: str, now: Entry) -> Entry | None:
        if self.copy is None:
            return None
        return self.copy.find(path) if path else Entry(now.node, folder=self.copy)


@dataclass(frozen=True, slots=True)
class SeenContext:
    """One context: what is on disk, and what the builder will take it for."""

    name: str
    """Its name for the builder; empty for the main one."""
    folder: str
    now: ContextIndex
    seen: _Synced
    tree: ContextTree
    taken: tuple[str, ...]
    """What the plan takes of it, none below another."""

    @property
    def copy_name(self) -> str:
        """By what the builder knows its copy: the folder's own name (spec 4.3)."""
        return copy_name(self.name, self.folder)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Edits that the builder will not notice."""
        return tuple(found for path, now, seen in self._both() for found in unseen(now, seen, path))

    @property
    def states(self) -> dict[str, str]:
        """What is taken: equal only where nothing at all changed on disk."""
        return {path: now.state for path, now, _ in self._both()}

    def sent(self) -> Folder:
        """What the builder's copy holds after the build."""
        return sent({path: seen for path, _, seen in self._both()}, self.seen.mode)

    def _both(self) -> Iterator[tuple[str, Entry, Entry]]:
        for path in self.taken:
            now, seen = self.now.entry(path), self.seen.entry(path)
            if now is not None and seen is not None:
                yield path, now, seen


@dataclass(slots=True)
class Contexts:
    """All contexts of a build."""

    by_name: Mapping[str, SeenContext]
    ignore_text: str
    digests: dict[Selection, str | None] = field(default_factory=dict)
    _folders: dict[str, Folder] = field(default_factory=dict)
    """Those that were met, by digest."""

    def contents(self, plan: BuildPlan) -> Mapping[Selection, str | None]:
        """The digest of everything the plan selects."""
        for selection in selections_of(plan):
            if selection not in self.digests:
                self.digests[selection] = self.by_name[selection.context].tree.select(selection)
        return self.digests

    def sent_whole(self) -> Contexts:
        """As a builder sees them that keeps no copy: with every edit, and with a header of the root, as each tar has
        (moby/buildkit `cache/contenthash`: what is scanned on disk has one, what is synced has none)."""
        whole = {}
        for name, one in self.by_name.items():
            seen = _Synced(one.now, None)
            whole[name] = replace(one, seen=seen, tree=ContextTree(seen, root="root of a tar"))
        return Contexts(whole, self.ignore_text)

    def roots(self, selection: Selection) -> Listing:
        """What a selection takes, outermost paths."""
        context = self.by_name[selection.context]
        roots = context.tree.roots(selection)
        self._meet(context.seen.entry(path) for path, _, _ in roots)
        return roots

    def listing(self, digest: str) -> Listing | None:
        """What is in a folder that was met in `roots` or in a listing before."""
        folder = self._folders.get(digest)
        if folder is None:
            return None
        self._meet(folder.entries.values())
        return folder.listing()

    def _meet(self, entries: Iterable[Entry | None]) -> None:
        self._folders.update((one.folder.digest, one.folder) for one in entries if one is not None and one.folder)


def selections_of(plan: BuildPlan) -> tuple[Selection, ...]:
    """Every selection of a context, once."""
    return tuple(dict.fromkeys(
        one.selection for vertex in plan.vertices for one in vertex.inputs if one.vertex is None
    ))


def copy_name(name: str, folder: str) -> str:
    """By what a builder knows its copy of a context: its name, and the folder's own (spec 4.3)."""
    return f"{name}:{os.path.basename(folder.rstrip('/'))}"


def seeing_contexts(
    request: BuildRequest, plan: BuildPlan, copies: Mapping[str, Folder | None], remembered: Remembered, looked_ns: int
) -> Generator[tuple[int, int], None, Contexts]:
    """Look at what the plan needs; `looked_ns` is a moment before that, on the clock that stamps files. Yields how many
    of how many files are read, where some must be.

    Raises Unreadable for a file that can't be read, ConfigError for an ignore file.
    """
    text = request.ignore_text
    if text is None:
        found = read_project_file(request.context, IGNORE_FILE)
        text = found.decode("utf-8", "surrogateescape") if isinstance(found, bytes) else ""
    folders = {"": request.context, **dict(request.extra_contexts)}
    asked = selections_of(plan)
    seen = {}
    for name in sorted({selection.context for selection in asked}):
        folder, ignore = folders[name], text if name == "" else ""
        rules = parse_ignore(ignore) if ignore else IgnoreRules()
        disk = ContextIndex(folder, rules, remembered(folder, ignore), looked_ns)
        taken = ContextTree(disk).taken(selection for selection in asked if selection.context == name)
        yield from disk.reading(taken)
        synced = _Synced(disk, copies.get(copy_name(name, folder)))
        seen[name] = SeenContext(name, folder, disk, synced, ContextTree(synced), taken)
    return Contexts(seen, text)


def see_contexts(
    request: BuildRequest, plan: BuildPlan, copies: Mapping[str, Folder | None],
    remembered: Remembered = lambda folder, ignore: ContextMemory(), looked_ns: int = 0,
) -> Contexts:
    """The same at once; without the last two nothing is remembered, and nothing will be."""
    looking = seeing_contexts(request, plan, copies, remembered, looked_ns)
    while True:
        try:
            next(looking)
        except StopIteration as done:
            seen: Contexts = done.value
            return seen
