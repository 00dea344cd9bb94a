"""What the next build of a service will do, before it starts: a forecast with causes and expected seconds (B4).

Reads the project, the engine's images and records, and the ledger; builds nothing and needs no trust. Where no forecast
can be made it says why.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING

from devbox.core.build_forecast import BuildForecast, summarize
from devbox.core.buildplan import BaseImage, BuildPlan, Selection, digest_of
from devbox.core.errors import DevboxError
from devbox.core.events import Waiting
from devbox.core.forecast import NOTHING_FOREIGN, Forecast, forecast
from devbox.core.frozen import dataclass
from devbox.core.held import Held
from devbox.core.likely import Hints, environments
from devbox.core.project import Service
from devbox.engine.builder import Builder, BuildRequest
from devbox.engine.buildx_command import client_id
from devbox.engine.port import CacheRecord, Engine, EngineInfo
from devbox.flows.build_request import BuildOptions, Prepared
from devbox.flows.cache_context import Contexts, copy_name, seeing_contexts
from devbox.flows.engine_cache import cache_identity, engine_rules, held, held_records
from devbox.flows.quick_build import taker
from devbox.flows.workspace import Workspace
from devbox.project.build_plan import build_plan
from devbox.project.build_stage import PlanOptions
from devbox.project.context_index import Unreadable
from devbox.project.dockerfile import parse_dockerfile
from devbox.store.cache_memory import Books, CacheMemory
from devbox.store.ledger import Ledger
from devbox.store.stat_cache import StatCache

if TYPE_CHECKING:
    from devbox.core.causes import Explanation, Past

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i386": "386", "i686": "386"}
SILENT = 1.0
"""Seconds of reading after which, and between which, something is said."""
Again = Callable[..., Forecast]
"""`core.forecast.forecast`, all but what a running build has shown (`known`) given."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One look ahead."""

    builder: str
    """Identity of the cache that it speaks about."""
    forecast: Forecast | None
    reason: str | None = None
    """Why there is none."""
    explanations: Mapping[int, Explanation] = field(default_factory=dict)
    seconds: Mapping[int, float] = field(default_factory=dict)
    """Expected seconds of steps that ran before, by vertex."""
    contexts: Contexts | None = None
    records: tuple[CacheRecord, ...] | None = None
    """What the builder holds; None where it can't be asked."""
    held: Held = NOTHING_FOREIGN
    """That of it which devbox does not know."""
    image_key: str | None = None
    """Equal for builds that end in the very same image."""
    by: Builder | None = None
    """Who takes the build; None where no forecast is possible."""
    again: Again | None = None
    """The same forecast, given what the running build has already shown."""

    @property
    def plan(self) -> BuildPlan | None:
        """The vertices that it speaks of."""
        return self.forecast.plan if self.forecast else None

    def summary(self, service: str, prepared: Prepared) -> BuildForecast:
        """The value that every face shows."""
        if self.forecast is None:
            return BuildForecast(service, prepared.request.target or "", prepared.dockerfile, reason=self.reason)

        return summarize(
            self.forecast, service=service, dockerfile=prepared.dockerfile, explanations=self.explanations,
            seconds=self.seconds, unseen=self.unseen, line=prepared.original_line,
        )

    @property
    def unseen(self) -> tuple[str, ...]:
        """Edits that the builder will not notice (B4b)."""
        contexts = self.contexts.by_name.values() if self.contexts else ()
        return tuple(path for context in contexts for path in context.unseen)


def look_ahead(
    workspace: Workspace, service: Service, builder: Builder, prepared: Prepared, options: BuildOptions,
    info: EngineInfo | None = None,
) -> Generator[Waiting, None, Outlook]:
    """The outlook of one build; says so where reading its files takes long. `info` spares asking the engine again.

    Raises ConfigError for an ignore file that can't be read or a ledger of a newer devbox, and what the ledger raises.
    """
    engine = workspace.engine
    if not builder.mounts:
        return Outlook("", None, f"{builder.name} can't be forecast")
    info = info or engine.info()
    identity = cache_identity(info)
    try:
        plan, base = _plan(engine, info, prepared, options)
    except DevboxError as error:
        return Outlook(identity, None, error.summary)
    with closing(Ledger.open(workspace.state)) as ledger:
        memory = CacheMemory(ledger, identity, client_id(workspace.env, workspace.home))
        records = held_records(engine)
        alive = None if records is None else frozenset(record.id for record in records)
        try:
            contexts = yield from _contexts(workspace, prepared.request, plan, memory, alive)
        except Unreadable as error:
            return Outlook(identity, None, str(error))
        by = taker(builder, info, prepared.request, plan, contexts)
        if not by.session:
            contexts = contexts.sent_whole()
        books = memory.books([vertex.op for vertex in plan.vertices], alive, fragile=info.containerd_store)
        contents = contexts.contents(plan)
        provable = plan.unknown is None and not any(vertex.unknown for vertex in plan.vertices)
        if records is None:
            plan = replace(plan, unknown=plan.unknown or "the engine does not tell what its build cache holds")
        known = held(records or (), books)
        again: Again = partial(forecast, plan, books.alive, contents, held=known, lost=books.lost)
        found = again()
        said: Mapping[int, Explanation] = {}
        if not found.all_hit:
            # Deferred: what explains costs 5 ms, and mostly there is nothing to explain.
            from devbox.flows.outlook_past import past_of

            # Past builds help to guess and explain what runs; where all is a hit they need not be read.
            past = past_of(workspace, service, memory, contexts, prepared)
            again = partial(again, hints=_hints(books, past))
            found = again()
            said = _explained(found, past)
        seconds = _seconds(memory, plan)
    key = image_key(prepared, base, contents) if provable else None
    return Outlook(identity, found, plan.unknown, said, seconds, contexts, records, known, key, by, again)


def _hints(books: Books, past: Past) -> Hints:
    ran = ((step.parts, step.parts["env"]) for step in past.steps if step.kind == "run")
    return Hints(books.guesses, environments(ran))


def _explained(given: Forecast, past: Past) -> dict[int, Explanation]:
    from devbox.core.causes import explain

    misses = (number for number, verdict in enumerate(given.verdicts) if verdict.word == "miss")
    return {number: explain(number, given, past) for number in misses}


def _contexts(
    workspace: Workspace, request: BuildRequest, plan: BuildPlan, memory: CacheMemory, alive: frozenset[str] | None
) -> Generator[Waiting, None, Contexts]:
    began, clock, stats = workspace.clock.monotonic(), workspace.clock, StatCache(workspace.state)
    copies = {name: memory.copy(name, alive).tree for name in _copy_names(request)}
    looking = seeing_contexts(request, plan, copies, stats.memory, int(clock.time() * 1e9))
    said = began + SILENT
    while True:
        try:
            done, of = next(looking)
        except StopIteration as stop:
            contexts: Contexts = stop.value
            contexts.contents(plan)
            stats.save()
            return contexts
        now = clock.monotonic()
        if now >= said:
            said = now + SILENT
            yield Waiting(f"the build context to be read ({done} of {of} files)", now - began)


def image_key(prepared: Prepared, base: Mapping[str, str], contents: Mapping[Selection, str | None]) -> str:
    """Everything that decides which image comes out, as one digest; the ledger keeps it with the image's id."""
    text, request = prepared.text, prepared.request
    selected = sorted((repr(selection), digest) for selection, digest in contents.items())
    return digest_of([text, request.target, request.args, request.labels, sorted(base.items()), selected])


def _plan(
    engine: Engine, info: EngineInfo, prepared: Prepared, options: BuildOptions
) -> tuple[BuildPlan, Mapping[str, str]]:
    request = prepared.request
    parsed = parse_dockerfile(prepared.text.encode("utf-8", "surrogateescape"), prepared.dockerfile)
    ids: dict[str, str] = {}

    def image(ref: str) -> BaseImage | None:
        found = engine.image(ref)
        if found is None:
            return None
        ids[ref] = found.id
        config = found.raw.get("Config") or {}
        return BaseImage(
            found.layers, found.env, found.workdir, found.user,
            tuple(config.get("Shell") or ()), tuple(config.get("OnBuild") or ()), found.id,
        )

    settings = PlanOptions(
        target=request.target, args=dict(request.args), no_cache=options.no_cache,
        no_cache_filter=options.no_cache_filter, os=info.os or "linux",
        arch=_ARCHITECTURES.get(info.arch, info.arch), hidden=request.hidden,
        contexts=frozenset(name for name, _ in request.extra_contexts), rules=engine_rules(info),
    )
    return build_plan(parsed, image, settings), ids


def _seconds(memory: CacheMemory, plan: BuildPlan) -> dict[int, float]:
    """The median of past runs of the same operation, else of the same words."""
    by_op = memory.seconds("op", (vertex.op for vertex in plan.vertices))
    by_text = memory.seconds("text", (vertex.text for vertex in plan.vertices if vertex.op not in by_op))
    found = {}
    for number, vertex in enumerate(plan.vertices):
        times = sorted(by_op.get(vertex.op) or by_text.get(vertex.text) or ())
        if times:
            # `statistics` has it too, and takes 3 ms to import.
            found[number] = (times[len(times) // 2] + times[(len(times) - 1) // 2]) / 2
    return found


def _copy_names(request: BuildRequest) -> list[str]:
    folders = {"": request.context, **dict(request.extra_contexts)}
    return [copy_name(name, folder) for name, folder in folders.items()]
