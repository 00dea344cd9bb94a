"""What the engine says of itself, as facts of the doctor report; at most a second (spec: engine facts of `doctor`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devbox.core.errors import DevboxError, EngineError
from devbox.core.masking import Masker
from devbox.engine.builder import Builder
from devbox.engine.port import Engine, EngineInfo
from devbox.flows.probing import within

DEADLINE = 1.0
"""Seconds an engine has to answer."""
_NAMES = (
    "version", "api_version", "os", "arch", "kernel", "storage_driver", "containerd_store", "cgroup_driver",
    "cgroup_version", "rootless", "data_root",
)


def engine_facts(
    connect: Callable[[], Engine], choose_builder: Callable[[Engine], Builder] | None = None
) -> dict[str, Any]:
    """Version, storage, control groups, where it is and who said so; all None with a reason where none answers.

    `choose_builder` is given where the project has something to build: it runs buildx for its version.
    """
    endpoint: list[dict[str, Any]] = []

    def ask() -> EngineInfo:
        engine = connect()
        where = engine.endpoint
        url = Masker().mask_text(where.url)  # a login in a URL is a secret (security.md 7.2)
        place = {"endpoint": url, "endpoint_source": where.source, "context": where.context, "local": where.local}
        endpoint.append(place)
        return engine.info()

    try:
        info = within(DEADLINE, ask)
    except EngineError as error:
        return _silent(endpoint, error.summary, error.hint)
    if info is None:
        return _silent(endpoint, f"no answer in {DEADLINE:g} s", None)
    facts: dict[str, Any] = {"reachable": True, **endpoint[0]}
    for name in _NAMES:
        value = getattr(info, name)
        facts[name] = value if value != "" else None
        if value == "":
            facts[f"{name}_reason"] = "the engine does not say"
    return {**facts, **_builder(connect, choose_builder)}


def _builder(
    connect: Callable[[], Engine], choose_builder: Callable[[Engine], Builder] | None
) -> dict[str, Any]:
    """Who would build, and what that builder cannot do."""
    if choose_builder is None:
        return {"builder": None, "builder_reason": "nothing here is built"}
    choose = choose_builder
    try:
        builder = within(DEADLINE, lambda: choose(connect()))
    except DevboxError as error:
        return {"builder": None, "builder_reason": error.summary}
    if builder is None:
        return {"builder": None, "builder_reason": f"no answer in {DEADLINE:g} s"}
    return {"builder": builder.name, "builder_limits": list(builder.limits), "buildkit": builder.mounts}


def _silent(endpoint: list[dict[str, Any]], reason: str, hint: str | None) -> dict[str, Any]:
    where = endpoint[0] if endpoint else {"endpoint": None, "endpoint_reason": reason}
    facts: dict[str, Any] = {"reachable": False, "reachable_reason": reason, **where, "hint": hint}
    for name in _NAMES:
        facts[name], facts[f"{name}_reason"] = None, reason
    return {**facts, "builder": None, "builder_reason": reason}
