"""The engine's own build cache, as the forecast and the ledger need it: whose it is, its rules, its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devbox.core.buildplan import EngineRules
from devbox.core.errors import EngineError
from devbox.core.held import Held, HeldRecord
from devbox.engine.port import CacheRecord, Engine, EngineInfo
from devbox.store.cache_memory import Books


def held_records(engine: Engine) -> tuple[CacheRecord, ...] | None:
    """What the builder's cache holds, oldest first; None where it can't be asked."""
    try:
        return tuple(sorted(engine.cache_records(), key=lambda record: record.created or ""))
    except EngineError:
        return None


def engine_rules(info: EngineInfo) -> EngineRules:
    """Where this engine keys differently. BuildKit 0.9 to 0.15 came with engines 23 to 27."""
    first = info.version.partition(".")[0]
    major = int(first) if first.isdecimal() else 0
    return EngineRules(
        links=info.containerd_store, secret_roots=21 <= major <= 27, cache_ids=major < 23, heredocs=major >= 23
    )


def held(records: Sequence[CacheRecord], books: Books) -> Held:
    """What of the builder's records the ledger does not know."""
    steps = [(record.id, step_record(record)) for record in records if record.kind == "regular"]
    there = {record.id for record in records}
    return Held(
        tuple(record for id, record in steps if id not in books.seen and record.is_step),
        frozenset(id for id, record in steps if record.is_step),
        {record: name for record, name in books.names.items() if name in there},
    )


def step_record(record: CacheRecord) -> HeldRecord:
    """An engine's record as the core compares it."""
    return HeldRecord(record.id, record.description, record.parents)


def cache_identity(info: EngineInfo) -> str:
    """Whose cache it is: the engine's own BuildKit, which buildx and the API share."""
    said = info.raw.get("info")
    own = said.get("ID") if isinstance(said, Mapping) else None
    return f"{own or info.name}:{info.storage_driver}"
