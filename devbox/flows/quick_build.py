"""Who takes a build: the builder that was chosen, or a faster one of the same cache where that does the very same."""

from __future__ import annotations

from devbox.core.buildplan import BuildPlan
from devbox.engine.builder import Builder, BuildRequest
from devbox.engine.port import EngineInfo
from devbox.flows.cache_context import Contexts, selections_of

FILES = 500
BYTES = 2 << 20
"""Above these a builder that sends the whole context each time is not faster (spec/buildkit.md 2.1)."""


def taker(builder: Builder, info: EngineInfo, request: BuildRequest, plan: BuildPlan, contexts: Contexts) -> Builder:
    """The builder for this build.

    A faster one gets it where nothing needs a session: no secret, no named context, no image that must be fetched and
    may need a login. And where its records answer to the other's: a step that takes the root of the context misses
    what a builder with a copy of the context has built, and the other way round.
    """
    simple = not (request.secrets or request.extra_contexts or request.no_cache_filter or request.pull)
    here = plan.unknown is None and not any(vertex.unknown for vertex in plan.vertices)
    if not (simple and here) or _takes_root(plan, contexts) or not _small(contexts):
        return builder
    if _needs_more(plan, contexts):
        return builder
    return builder.quick(info) or builder


def _needs_more(plan: BuildPlan, contexts: Contexts) -> bool:
    """Whether a pattern without a match fails where no more is sent than is asked for, and would not where all is."""
    asked = [selection for selection in selections_of(plan) if not selection.context]
    tree = contexts.by_name[""].tree
    return any(tree.needs_more(one, [other for other in asked if other != one]) for one in asked if one.may_be_empty)


def _small(contexts: Contexts) -> bool:
    """Of a context that no step takes from nothing was read, so its size is not known."""
    main = contexts.by_name.get("")
    return main is not None and main.now.is_small(FILES, BYTES)


def _takes_root(plan: BuildPlan, contexts: Contexts) -> bool:
    return any(path == "" for selection in selections_of(plan) for path, _, _ in contexts.roots(selection))
