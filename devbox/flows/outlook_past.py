"""The past builds of a service, to say why a step of the next one runs (product.md B3)."""

from __future__ import annotations

import os

from devbox.core.buildplan import Input
from devbox.core.causes import Past
from devbox.core.labels import project_id
from devbox.core.project import Service
from devbox.core.tree_diff import Change, changes
from devbox.flows.build_request import Prepared
from devbox.flows.cache_context import Contexts
from devbox.flows.workspace import Workspace
from devbox.project.ignore import IgnoreRules, Verdict, parse_ignore
from devbox.store.cache_memory import CacheMemory


def past_of(
    workspace: Workspace, service: Service, memory: CacheMemory, contexts: Contexts, prepared: Prepared
) -> Past:
    """Everything that can explain a miss."""

    def changed(digest: str, one: Input) -> tuple[Change, ...] | None:
        root = memory.root(digest)
        if root is None:
            return None
        return changes(root, contexts.roots(one.selection), memory.listing, contexts.listing)

    project = project_id(str(workspace.root), workspace.uid)
    return Past(
        memory.past(project, service.name), changed, prepared.dockerfile,
        by_ignore=_ByIgnore(memory, contexts, prepared.request.context),
        absent=lambda selection: contexts.by_name[selection.context].tree.absent(selection),
    )


class _ByIgnore:
    """Tells files that came or went from files that only the ignore file lets in or out."""

    def __init__(self, memory: CacheMemory, contexts: Contexts, folder: str) -> None:
        self._memory = memory
        self._contexts = contexts
        self._folder = folder
        self._rules: dict[str, IgnoreRules] = {}

    def __call__(self, build: int, change: Change) -> bool:
        text = self._memory.ignore_text(build)
        if text is None or text == self._contexts.ignore_text:
            return False
        if change.kind == "added":
            return self._ignores(text, change.path)
        there = os.path.lexists(os.path.join(self._folder, change.path))
        return there and self._ignores(self._contexts.ignore_text, change.path)

    def _ignores(self, text: str, path: str) -> bool:
        rules = self._rules.get(text)
        if rules is None:
            rules = self._rules[text] = parse_ignore(text)
        verdict, parts = Verdict(False), path.split("/")
        for count in range(1, len(parts) + 1):
            verdict = rules.judge("/".join(parts[:count]), verdict)
        return verdict.ignored
