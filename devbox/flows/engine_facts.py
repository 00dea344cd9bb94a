"""What the engine says of itself, as facts of the doctor report; at most a second (spec: engine facts of `doctor`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from devbox.core.errors import DevboxError, EngineError
from devbox.flows.probing import within

if TYPE_CHECKING:
    # Not at run time: the ports load in the probe that connects.
    from devbox.engine.builder import Builder
    from devbox.engine.port import Engine, EngineInfo
    from devbox.flows.workspace import Clock

DEADLINE = 1.0
"""Seconds an engine has to answer."""
_NAMES = (
    "version", "api_version", "os", "arch", "kernel", "storage_driver", "containerd_store", "cgroup_driver",
    "cgroup_version", "rootless", "data_root",
)
_LATER = ("clock_skew", "data_root_free", "box_image", "box_image_arch")
"""Facts that are asked for once the engine answered."""


def engine_facts(
    connect: Callable[[], Engine], clock: Clock, choose_builder: Callable[[Engine], Builder] | None = None,
    box_image: str | None = None,
) -> dict[str, Any]:
    """Version, storage, control groups, where it is and who said so; all None with a reason where none answers.

    `choose_builder` is given where the project has something to build: it runs buildx for its version. `box_image` is
    the image that the box would be made from.
    """
    endpoint: list[dict[str, Any]] = []
    skew: list[float | None] = []

    def ask() -> EngineInfo:
        # Deferred: beside the other probes.
        from devbox.core.masking import Masker

        engine = connect()
        where = engine.endpoint
        url = Masker().mask_text(where.url)  # a login in a URL is a secret (security.md 7.2)
        place = {"endpoint": url, "endpoint_source": where.source, "context": where.context, "local": where.local}
        endpoint.append(place)
        before = clock.time()
        info = engine.info()
        skew.append(clock_skew(info, before, clock.time()))
        return info

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
    facts["clock_skew"] = skew[0]
    if skew[0] is None:
        facts["clock_skew_reason"] = "the engine does not tell its time"
    facts.update(_disk(facts))
    facts.update(_image(connect, box_image))
    return {**facts, **_builder(connect, choose_builder)}


def clock_skew(info: EngineInfo, before: float, after: float) -> float | None:
    """Seconds that the engine's clock is ahead of ours, as far as the call's own duration lets us tell."""
    # Deferred: 2 ms, and only an engine that answers has a time.
    from datetime import datetime

    try:
        told = datetime.fromisoformat(str(info.raw["info"]["SystemTime"])).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    if before - 1 <= told <= after + 1:  # engines round to their own precision
        return 0.0
    return round(told - (before if told < before else after), 3)


def _disk(facts: dict[str, Any]) -> dict[str, Any]:
    """Free bytes where the engine keeps its data."""
    if not facts["local"]:
        return {"data_root_free": None, "data_root_free_reason": "the engine is on another machine"}
    try:
        found = os.statvfs(facts["data_root"] or "")
    except (OSError, ValueError):
        reason = "the engine's data is not on this machine's file systems"
        return {"data_root_free": None, "data_root_free_reason": reason}
    return {"data_root_free": found.f_bavail * found.f_frsize}


def _image(connect: Callable[[], Engine], ref: str | None) -> dict[str, Any]:
    """The box's image, where it exists already: its architecture decides whether it is emulated."""
    facts: dict[str, Any] = {"box_image": ref, "box_image_arch": None}
    if ref is None:
        return {**facts, "box_image_reason": "there is no box", "box_image_arch_reason": "there is no box"}
    wanted = ref
    try:
        found = within(DEADLINE, lambda: (connect().image(wanted),))
    except EngineError as error:
        return {**facts, "box_image_arch_reason": error.summary}
    if found is None:
        return {**facts, "box_image_arch_reason": f"no answer in {DEADLINE:g} s"}
    if found[0] is None or not found[0].arch:
        return {**facts, "box_image_arch_reason": "the image is not on this engine"}
    return {**facts, "box_image_arch": found[0].arch}


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
    for name in (*_NAMES, *_LATER):
        facts[name], facts[f"{name}_reason"] = None, reason
    return {**facts, "builder": None, "builder_reason": reason}
