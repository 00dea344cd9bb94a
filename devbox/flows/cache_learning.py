"""What a build that ended teaches the ledger about the builder's cache (spec/buildkit.md 5, 6.1).

Called once per build, after its record was written. A build whose context changed while it ran teaches nothing about
content: what was really sent is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from secrets import token_hex

from devbox.core.build import BuildState, Step, StepStatus
from devbox.core.buildplan import BuildPlan
from devbox.core.cachebook import base_record
from devbox.core.causes import PastInput, PastStep
from devbox.core.context_tree import Listing
from devbox.core.errors import ConfigError
from devbox.core.forecast import Forecast
from devbox.core.held import assign, describes
from devbox.core.learning import Lesson, Outcome, learn
from devbox.core.stepname import stage_label
from devbox.engine.builder import BuildRequest
from devbox.engine.buildx_command import client_id
from devbox.engine.port import CacheRecord
from devbox.flows.cache_context import Contexts, SeenContext, see_contexts
from devbox.flows.engine_cache import held_records, step_record
from devbox.flows.outlook import Outlook
from devbox.flows.workspace import Workspace
from devbox.project.context_index import Unreadable
from devbox.store.cache_memory import CacheMemory, ContextCopy, TaughtStep
from devbox.store.ledger import Ledger
from devbox.store.stat_cache import StatCache

_OUTCOMES: dict[StepStatus, Outcome] = {StepStatus.HIT: "hit", StepStatus.MISS: "ran"}


def learn_build(workspace: Workspace, request: BuildRequest, outlook: Outlook, state: BuildState, build: int) -> None:
    """Write down what the build with that id taught. Raises what the ledger raises."""
    given, contexts = outlook.forecast, outlook.contexts
    if given is None or contexts is None or not _unchanged(workspace, request, given, contexts):
        return
    steps = _steps_of(given.plan, state)
    outcomes = _outcomes(given, steps, failed=state.outcome != "ok")
    if not outcomes:
        return
    after = held_records(workspace.engine)
    with closing(Ledger.open(workspace.state)) as ledger:
        memory = CacheMemory(ledger, outlook.builder, client_id(workspace.env, workspace.home))
        books = memory.books([vertex.op for vertex in given.plan.vertices], None)
        lesson = learn(given, books.alive, outcomes, lambda: token_hex(8))
        ran = {number: steps[number] for number, outcome in outcomes.items() if outcome == "ran"}
        engine_ids = _engine_ids(given.plan, lesson, ran, outlook, books.names, after or ())
        failed = {number for number, step in steps.items() if step.status is StepStatus.FAILED}
        roots = {digest: contexts.roots(selection) for selection, digest in given.contents.items() if digest}
        memory.teach(
            build, links=lesson.links, guesses=lesson.guesses, roots=roots,
            steps=[
                TaughtStep(number, step, ran[number].seconds if number in ran else None, engine_ids.get(number))
                for number, step in _past_steps(given, lesson)
            ],
            copies=_copies(contexts, outlook, after or (), memory),
            listings=dict(_new_listings(memory, contexts, roots)),
            alive={record.id: record.parents for record in after} if after is not None else None,
            found=frozenset(id for number, id in engine_ids.items() if number not in ran),
            useless=_left_by(given.plan, failed, engine_ids, outlook, after or ()),
            ignore_text=contexts.ignore_text, image_key=outlook.image_key if state.outcome == "ok" else None,
        )


def _copies(
    contexts: Contexts, outlook: Outlook, after: Sequence[CacheRecord], memory: CacheMemory
) -> dict[str, ContextCopy]:
    """What the builder's copies of the contexts hold now; a builder without a session makes none."""
    if outlook.by is not None and not outlook.by.session:
        return {}
    return {
        context.copy_name: ContextCopy(
            context.sent(),
            _copy_id(context, outlook.records or (), after, memory.copy(context.copy_name, None).engine_id),
        )
        for context in contexts.by_name.values()
    }


def _copy_id(
    context: SeenContext, before: Sequence[CacheRecord], after: Sequence[CacheRecord], old: str | None
) -> str | None:
    """The record that is the builder's copy of a context: one that this build used or made. The ignore file has a copy
    of its own with the same description, which is made first."""
    unused = {(record.id, record.used) for record in before}
    described = f"local source for {context.name or 'context'}"
    found = [
        record.id for record in after if record.description == described and (record.id, record.used) not in unused
    ]
    return old if old in found else found[-1] if found else None


def _unchanged(workspace: Workspace, request: BuildRequest, given: Forecast, contexts: Contexts) -> bool:
    """Whether the contexts are still what the forecast read."""
    stats = StatCache(workspace.state)
    try:
        again = see_contexts(request, given.plan, {}, stats.memory, int(workspace.clock.time() * 1e9))
        stats.save()
        return all(again.by_name[name].states == context.states for name, context in contexts.by_name.items())
    except (Unreadable, ConfigError):
        return False


def _steps_of(plan: BuildPlan, state: BuildState) -> dict[int, Step]:
    """The step of each vertex; one that only its twin shows has the twin's."""
    shown = {(stage_label(step.key.stage), step.key.index): step for step in state.steps}
    found: dict[int, Step] = {}
    for number, vertex in enumerate(plan.vertices):
        real = plan.real(number)
        step = shown.get((vertex.key.stage, vertex.key.index)) if vertex.key else None
        if step is not None and (real not in found or found[real].status not in _OUTCOMES):
            found[real] = step
    return found


def _outcomes(given: Forecast, steps: Mapping[int, Step], *, failed: bool) -> dict[int, Outcome]:
    """What became of each vertex. The stream shows the two halves of a `COPY --link` as one step: where that ran, the
    first half did not if it was sure to be found. In a build that failed, a step may be shown as cached because only
    its key was found, and what it stands for is gone: such a hit proves nothing."""
    outcomes = {number: _OUTCOMES[step.status] for number, step in steps.items() if step.status in _OUTCOMES}
    if failed:
        unsure = [number for number, outcome in outcomes.items()
                  if outcome == "hit" and given.verdicts[number].word != "hit"]
        outcomes = {number: outcome for number, outcome in outcomes.items() if number not in unsure}
    for number in outcomes:
        if given.plan.vertices[number].half and given.verdicts[number].word == "hit":
            outcomes[number] = "hit"
    return outcomes


def _engine_ids(
    plan: BuildPlan, lesson: Lesson, ran: Mapping[int, Step], outlook: Outlook, names: Mapping[str, str],
    after: Sequence[CacheRecord],
) -> dict[int, str]:
    """The builder's own names of the records: of what ran among the new ones, of a hit on a record that devbox had not
    seen where only one can be it."""
    before = {record.id for record in outlook.records or ()}
    held = [step_record(record) for record in after if record.kind == "regular"]
    steps = frozenset(record.id for record in held if record.is_step)
    # While a step is written down, the builder shows it under a name that it gives up afterwards.
    there = {record.id for record in after}
    known = {number: names[record] for number, record in lesson.records.items() if names.get(record) in there}
    for number in lesson.records:
        if number in ran or number in known:
            continue
        root = plan.vertices[number].root
        above = lesson.records.get(plan.real(root)) if root is not None else None
        fitting = outlook.held.candidates(plan.vertices[number], frozenset((above,)) if above else frozenset())
        if len(fitting) == 1:
            known[number] = fitting[0].id
    fresh = [record for record in held if record.id not in before]
    return {**known, **assign(plan, ran, fresh, known, steps)} if outlook.records is not None else {}


def _left_by(
    plan: BuildPlan, failed: Iterable[int], engine_ids: Mapping[int, str], outlook: Outlook,
    after: Sequence[CacheRecord],
) -> dict[str, str]:
    """The records that failed steps left behind, each with its operation: they answer nothing."""
    before = {record.id for record in outlook.records or ()} | set(engine_ids.values())
    fresh = [step_record(record) for record in after if record.id not in before]
    return {
        record.id: plan.vertices[number].op for number in failed for record in fresh
        if describes(record, plan.vertices[number])
    }


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
            else PastInput(record=records.get(plan.real(one.vertex)))
            for one in vertex.inputs
        )
        stage, index = (vertex.key.stage, vertex.key.index) if vertex.key else ("", 0)
        yield number, PastStep(
            0, stage, index, vertex.op, vertex.parts, vertex.text, records[number], inputs, vertex.arguments,
            vertex.kind,
        )


def _new_listings(
    memory: CacheMemory, contexts: Contexts, roots: Mapping[str, Listing]
) -> Iterable[tuple[str, Listing]]:
    """The listings of all selected folders that the ledger does not hold yet; below a known one all are known."""
    waiting = [digest for root in roots.values() for _, digest, node in root if node is None or node.kind == "folder"]
    done: set[str] = set()
    while waiting:
        digest = waiting.pop()
        if digest in done or memory.has_listing(digest):
            continue
        done.add(digest)
        listing = contexts.listing(digest)
        if listing is None:
            continue
        yield digest, listing
        waiting += [below for _, below, node in listing if node is not None and node.kind == "folder"]
