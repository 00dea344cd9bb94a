"""What a build that ended teaches the ledger about the builder's cache (spec/buildkit.md 5, 6.1).

Called once per build, after its record was written. A build whose context changed while it ran teaches nothing about
content: what was really sent is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from secrets import token_hex

from devbox.core.build import BuildState, Step, StepStatus
from devbox.core.buildplan import BuildPlan
from devbox.core.cachebook import base_record
from devbox.core.causes import PastInput, PastStep
from devbox.core.context_tree import Listing
from devbox.core.errors import ConfigError, EngineError
from devbox.core.forecast import Forecast
from devbox.core.learning import Lesson, Outcome, learn
from devbox.core.stepname import parse_step_name, stage_label
from devbox.engine.builder import BuildRequest
from devbox.engine.port import CacheRecord, Engine
from devbox.flows.cache_context import Contexts, see_contexts, selections_of
from devbox.flows.outlook import Outlook
from devbox.flows.workspace import Workspace
from devbox.project.context_index import Unreadable
from devbox.store.cache_memory import CacheMemory, TaughtStep
from devbox.store.ledger import Ledger
from devbox.store.stat_cache import StatCache

_OUTCOMES: dict[StepStatus, Outcome] = {StepStatus.HIT: "hit", StepStatus.MISS: "ran"}
_EXEC = "mount / from exec "


def learn_build(workspace: Workspace, request: BuildRequest, outlook: Outlook, state: BuildState, build: int) -> None:
    """Write down what the build with that id taught. Raises what the ledger raises."""
    given, contexts = outlook.forecast, outlook.contexts
    if given is None or contexts is None or not _unchanged(workspace, request, given, contexts):
        return
    steps = _steps_of(given.plan, state)
    outcomes = {number: _OUTCOMES[step.status] for number, step in steps.items() if step.status in _OUTCOMES}
    if not outcomes:
        return
    after = _records(workspace.engine)
    with closing(Ledger.open(workspace.state)) as ledger:
        memory = CacheMemory(ledger, outlook.builder)
        books = memory.books([vertex.op for vertex in given.plan.vertices], None)
        lesson = learn(given, books.alive, outcomes, lambda: token_hex(8))
        fresh = [record for record in after or () if outlook.alive is None or record.id not in outlook.alive]
        ran = {number: steps[number] for number, outcome in outcomes.items() if outcome == "ran"}
        engine_ids = _engine_ids(given.plan, ran, fresh)
        roots = {digest: contexts.roots(selection) for selection, digest in given.contents.items() if digest}
        memory.teach(
            build, links=lesson.links, guesses=lesson.guesses, roots=roots,
            steps=[
                TaughtStep(number, step, ran[number].seconds if number in ran else None, engine_ids.get(number))
                for number, step in _past_steps(given, lesson)
            ],
            copies={
                context.copy_name: context.sent(tuple(
                    selection for selection in selections_of(given.plan) if selection.context == context.name))
                for context in contexts.by_name.values()
            },
            listings=dict(_new_listings(memory, contexts, roots)),
            alive=frozenset(record.id for record in after) if after is not None else None,
            ignore_text=contexts.ignore_text, image_key=outlook.image_key if state.outcome == "ok" else None,
        )


def _unchanged(workspace: Workspace, request: BuildRequest, given: Forecast, contexts: Contexts) -> bool:
    """Whether the contexts are still what the forecast read."""
    stats = StatCache.open(workspace.state, request.context)
    try:
        again = see_contexts(request, given.plan, {}, stats)
    except (Unreadable, ConfigError):
        return False
    return all(again.by_name[name].now == context.now for name, context in contexts.by_name.items())


def _steps_of(plan: BuildPlan, state: BuildState) -> dict[int, Step]:
    """The step of each vertex; one that only its twin shows has the twin's."""
    shown = {(stage_label(step.key.stage), step.key.index): step for step in state.steps}
    found: dict[int, Step] = {}
    for number, vertex in enumerate(plan.vertices):
        real = number if vertex.twin is None else vertex.twin
        step = shown.get((vertex.key.stage, vertex.key.index)) if vertex.key else None
        if step is not None and (real not in found or found[real].status not in _OUTCOMES):
            found[real] = step
    return found


def _records(engine: Engine) -> tuple[CacheRecord, ...] | None:
    try:
        return engine.cache_records()
    except EngineError:
        return None


def _engine_ids(plan: BuildPlan, ran: Mapping[int, Step], fresh: Iterable[CacheRecord]) -> dict[int, str]:
    """Which of the builder's new records a step made: by its description, where only one has it (spec 5)."""
    by_words: dict[object, list[str]] = {}
    for record in fresh:
        if record.kind == "regular":
            by_words.setdefault(_words(record.description), []).append(record.id)
    asked: dict[object, list[int]] = {}
    for number, step in ran.items():
        vertex = plan.vertices[number]
        words = f"{_EXEC}{' '.join(vertex.parts['run'])}" if vertex.kind == "run" else (step.key, step.instruction)
        asked.setdefault(words, []).append(number)
    return {
        numbers[0]: by_words[words][0]
        for words, numbers in asked.items()
        if len(numbers) == 1 and len(by_words.get(words, ())) == 1
    }


def _words(description: str) -> object:
    name = parse_step_name(description)
    return (name.key, name.instruction) if name is not None else description


def _past_steps(given: Forecast, lesson: Lesson) -> Iterable[tuple[int, PastStep]]:
    """The vertices of the build as they will be compared with."""
    plan = given.plan
    records = dict(lesson.records)
    for number, vertex in enumerate(plan.vertices):
        if vertex.kind == "base" and vertex.unknown is None:
            records[number] = base_record(vertex)
        if vertex.twin is not None or number not in records:
            continue
        inputs = tuple(
            PastInput(content=given.contents.get(one.selection)) if one.vertex is None
            else PastInput(record=records.get(_real(plan, one.vertex)))
            for one in vertex.inputs
        )
        stage, index = (vertex.key.stage, vertex.key.index) if vertex.key else ("", 0)
        yield number, PastStep(
            0, stage, index, vertex.op, vertex.parts, vertex.text, records[number], inputs, vertex.arguments,
            vertex.kind,
        )


def _real(plan: BuildPlan, number: int) -> int:
    twin = plan.vertices[number].twin
    return number if twin is None else twin


def _new_listings(
    memory: CacheMemory, contexts: Contexts, roots: Mapping[str, Listing]
) -> Iterable[tuple[str, Listing]]:
    """The listings of all selected folders that the ledger does not hold yet; below a known one all are known."""
    known: dict[str, Listing] = {}
    for context in contexts.by_name.values():
        known.update(context.tree.listings())
    waiting = [digest for root in roots.values() for _, digest, node in root if node is None or node.kind == "folder"]
    done: set[str] = set()
    while waiting:
        digest = waiting.pop()
        listing = known.get(digest)
        if digest in done or listing is None or memory.has_listing(digest):
            continue
        done.add(digest)
        yield digest, listing
        waiting += [below for _, below, node in listing if node is not None and node.kind == "folder"]
