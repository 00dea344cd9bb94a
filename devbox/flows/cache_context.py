"""The contexts of one build as the builder will see them, and what each step selects of them.

Reads the disk through `project.context_index`; remembers digests in the stat cache it is handed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from devbox.core.buildplan import BuildPlan, Selection
from devbox.core.context_tree import ContextTree, Listing
from devbox.core.synced import SyncedFile, Tree, effective, unseen
from devbox.engine.builder import BuildRequest
from devbox.project.context_index import Digests, NoDigests, index_context
from devbox.project.ignore import IgnoreRules, parse_ignore
from devbox.project.reading import read_project_file

IGNORE_FILE = ".dockerignore"


@dataclass(frozen=True, slots=True)
class SeenContext:
    """One context: what is on disk, and what the builder will take it for."""

    name: str
    """Its name for the builder; empty for the main one."""
    folder: str
    now: Tree
    seen: Tree
    tree: ContextTree

    @property
    def copy_name(self) -> str:
        """By what the builder knows its copy: the folder's own name (spec 4.3)."""
        return f"{self.name}:{os.path.basename(self.folder)}"

    @property
    def unseen(self) -> tuple[str, ...]:
        """Edits that the builder will not notice."""
        return unseen(self.now, self.seen)

    def sent(self, selections: tuple[Selection, ...]) -> dict[str, SyncedFile]:
        """What the builder's copy holds after a build of these selections."""
        paths: set[str] = set()
        for selection in selections:
            for path in self.tree.taken(selection):
                parts = path.split("/")
                paths.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return {path: self.seen[path] for path in sorted(paths) if path in self.seen}


@dataclass(slots=True)
class Contexts:
    """All contexts of a build."""

    by_name: Mapping[str, SeenContext]
    ignore_text: str
    digests: dict[Selection, str | None] = field(default_factory=dict)

    def contents(self, plan: BuildPlan) -> Mapping[Selection, str | None]:
        """The digest of everything the plan selects."""
        asked = selections_of(plan)
        for selection in asked:
            if selection not in self.digests:
                context = self.by_name[selection.context]
                beside = [other for other in asked if other != selection and other.context == context.name]
                sent = context.sent(tuple(beside)) if selection.may_be_empty else ()
                self.digests[selection] = context.tree.select(selection, sent)
        return self.digests

    def sent_whole(self) -> Contexts:
        """As a builder sees them that keeps no copy: with every edit, and with a header of the root, as each tar has
        (moby/buildkit `cache/contenthash`: what is scanned on disk has one, what is synced has none)."""
        seen = {
            name: replace(one, seen=one.now, tree=ContextTree(
                {path: file.node for path, file in one.now.items()}, root="root of a tar"
            ))
            for name, one in self.by_name.items()
        }
        return Contexts(seen, self.ignore_text)

    def roots(self, selection: Selection) -> Listing:
        """What a selection takes, outermost paths."""
        return self.by_name[selection.context].tree.roots(selection)


def selections_of(plan: BuildPlan) -> tuple[Selection, ...]:
    """Every selection of a context, once."""
    return tuple(dict.fromkeys(
        one.selection for vertex in plan.vertices for one in vertex.inputs if one.vertex is None
    ))


def see_contexts(
    request: BuildRequest, plan: BuildPlan, copies: Mapping[str, Tree], digests: Digests
) -> Contexts:
    """Index what the plan needs. Raises Unreadable for a file that can't be read, ConfigError for an ignore file."""
    text = request.ignore_text
    if text is None:
        found = read_project_file(request.context, IGNORE_FILE)
        text = found.decode("utf-8", "surrogateescape") if isinstance(found, bytes) else ""
    folders = {"": request.context, **dict(request.extra_contexts)}
    needed = {selection.context for selection in selections_of(plan)}
    seen = {}
    for name in sorted(needed):
        rules = parse_ignore(text) if name == "" else IgnoreRules()
        seen[name] = _see(name, folders[name], rules, copies, digests if name == "" else NoDigests())
    return Contexts(seen, text)


def _see(name: str, folder: str, rules: IgnoreRules, copies: Mapping[str, Tree], digests: Digests) -> SeenContext:
    now = index_context(folder, rules, digests)
    taken = effective(now, copies.get(f"{name}:{os.path.basename(folder)}", {}))
    tree = ContextTree({path: file.node for path, file in taken.items()})
    return SeenContext(name, folder, now, taken, tree)
