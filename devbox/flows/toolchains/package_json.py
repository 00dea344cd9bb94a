"""`engines` and `devEngines` of package.json: npm ranges, which npm checks (spec/toolchains.md 4.5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.npm_range import npm_range
from devbox.core.pins import Pin
from devbox.core.toolchain.selection import Selection
from devbox.flows.toolchains.machine import Machine
from devbox.project.pins.package_json import NAME, PackageJson, Unreadable, read

_ENGINES = ("node", "npm", "pnpm", "yarn")
_RUNTIMES = ("node", "deno", "bun")
_ENTRY_LIMIT = 32
"""Entries of a devEngines list that are looked at."""


@dataclass(frozen=True, slots=True)
class _Wish:
    tool: str
    place: str
    line: int | None
    value: Any


def select(machine: Machine) -> tuple[Selection, ...]:
    """One selection for each engine that the nearest package.json names."""
    path = machine.files.nearest(NAME, machine.cwd)
    data = machine.files.read(path) if path else None
    if path is None or data is None:
        return ()
    shown = machine.files.shown(path)
    document = read(data, bom=True)
    if isinstance(document, Unreadable):
        return (_broken(machine, shown, document),)
    wishes = [*_engines(document), *_dev_engines(document)]
    tools = dict.fromkeys(wish.tool for wish in wishes)
    return tuple(_select(machine, shown, tool, [wish for wish in wishes if wish.tool == tool]) for tool in tools)


def _broken(machine: Machine, shown: str, problem: Unreadable) -> Selection:
    where = f" (line {problem.line})" if problem.line else ""
    return Selection(
        tool="node", manager="package.json", error="malformed", present=False, runs=machine.on_path("node"),
        source=shown, detail=f"{problem.problem}{where}",
    )


def _engines(document: PackageJson) -> Iterator[_Wish]:
    for tool in _ENGINES:
        value = document.get("engines", tool)
        if value is not None:
            yield _Wish(tool, "engines", document.line("engines", tool), value)


def _dev_engines(document: PackageJson) -> Iterator[_Wish]:
    """The first entry of each name, as setup-node and npm take it; one that says `ignore` asks for nothing."""
    for key, names in (("runtime", _RUNTIMES), ("packageManager", _ENGINES[1:])):
        value = document.get("devEngines", key)
        entries = list(enumerate(value[:_ENTRY_LIMIT])) if isinstance(value, list) else [(None, value)]
        seen: set[str] = set()
        for number, entry in entries:
            name = entry.get("name") if isinstance(entry, dict) else None
            tool = name.lower() if isinstance(name, str) else ""
            if tool not in names or tool in seen or entry.get("version") is None or entry.get("onFail") == "ignore":
                continue
            seen.add(tool)
            path = ("devEngines", key, "version") if number is None else ("devEngines", key, number, "version")
            yield _Wish(tool, "devEngines", document.line(*path), entry["version"])


def _select(machine: Machine, shown: str, tool: str, wishes: list[_Wish]) -> Selection:
    pins: list[Pin] = []
    problem = None
    for wish in wishes:
        raw = wish.value if isinstance(wish.value, str) else str(wish.value)[:100]
        wanted = npm_range(wish.value) if isinstance(wish.value, str) else None
        pins.append(Pin(tool, Declared(shown, wish.line, raw), wanted, place=wish.place))
        if wanted is None and problem is None:
            problem = f"`{raw}` is no npm range such as `>=20` or `18 || 20`"
    return Selection(
        tool=tool, manager="package.json", declared=tuple(pin.declared for pin in pins), pins=tuple(pins),
        present=False, runs=machine.on_path(tool), source=shown, error="malformed" if problem else None,
        detail=problem or "",
    )
