"""Python as uv selects it (spec/toolchains.md 3.2)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.pins import Pin
from devbox.core.toolchain import uv as rules
from devbox.core.toolchain.selection import SYSTEM, Ask, Program, Selection
from devbox.core.version import is_full_version
from devbox.flows.toolchains.machine import Machine
from devbox.host import uv as layout
from devbox.host.path import executable
from devbox.project.pins import uv_python_version
from devbox.project.pins.python_version import Word

_TOOL = "python"
_LINE_LIMIT = 1000
"""Lines of a file that are looked at for one that uv supports."""
_CANDIDATE_LIMIT = 8
"""Interpreters on PATH that are asked for their version."""


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `uv run python` is; nothing where uv is not here (its plural file aside) or no file is there for it."""
    uv = layout.find(machine.env, machine.home)
    path = uv_python_version.find(machine.files, machine.cwd, uv.config)
    if path is None or not (uv.present or os.path.basename(path) == uv_python_version.PLURAL):
        return ()
    shown = machine.files.shown(path)
    data = machine.files.read(path)
    if data is None:
        reason = f"devbox does not use the content of `{shown}`"
        return (Selection(_TOOL, "uv", source=shown, undecided=reason, notes=(reason,), present=uv.present),)
    words = uv_python_version.parse(data)
    if words is None:
        return (Selection(_TOOL, "uv", source=shown, error="malformed", detail="it is not UTF-8", present=uv.present),)
    ignored, supported = _first_supported(machine, words)
    notes = tuple(
        f"`{shown}:{word.line}`: uv does not support `{word.text}` there and goes on without it" for word in ignored
    )
    declared = (Declared(shown, supported[0].line, supported[0].text),) if supported else ()
    request = supported[1] if supported else rules.Request("any", "")
    selection = Selection(
        tool=_TOOL, manager="uv", declared=declared, source=shown, notes=notes, present=uv.present,
        pins=tuple(Pin(_TOOL, one, request.range) for one in declared),
    )
    if not uv.present:
        return (replace(selection, runs=machine.on_path(_TOOL)),)
    return (_decided(machine, uv, selection, request),)


def _first_supported(
    machine: Machine, words: tuple[Word, ...]
) -> tuple[tuple[Word, ...], tuple[Word, rules.Request] | None]:
    """The first line that uv warns about, where that stands before the first that it takes; and that one."""
    ignored: tuple[Word, ...] = ()
    for word in words[:_LINE_LIMIT]:
        request = rules.parse_request(word.text, _exists(machine))
        if request.kind != "unsupported":
            return ignored, (word, request)
        ignored = ignored or (word,)
    return ignored, None


def _exists(machine: Machine) -> Callable[[str], bool]:
    return lambda text: machine.files.size(os.path.join(machine.cwd, text)) is not None


def _decided(machine: Machine, uv: layout.Uv, selection: Selection, request: rules.Request) -> Selection:
    if request.kind == "path":
        return _path(machine, selection, request)
    preference = _preference(machine)
    own = rules.choose(request, uv.installed()) if preference in ("managed", "only-managed") else None
    if own is not None:
        return _own(uv, selection, own)
    candidates = tuple(_candidates(machine, request)) if preference != "only-managed" else ()
    later = rules.choose(request, uv.installed()) if preference == "system" else None

    def settle(unsettled: Selection, ask: Ask) -> Selection:
        for program in candidates:
            version = ask(program).version
            if version is None:
                reason = f"the version of {program.path} is not known, which uv asks first"
                return replace(unsettled, undecided=reason)
            if rules.meets(request, version):
                return replace(unsettled, resolved_all=(SYSTEM,), via="system", runs=program, system=program)
        return _own(uv, unsettled, later) if later else _missing(unsettled, request)

    return replace(selection, candidates=candidates, settle=settle)


def _own(uv: layout.Uv, selection: Selection, own: rules.Installation) -> Selection:
    path = uv.program(own)
    runs = Program(_TOOL, path, named=own.version if is_full_version(own.version) else None) if path else None
    return replace(selection, resolved_all=(own.version,), via="managed", runs=runs, expected_program=runs is not None)


def _missing(selection: Selection, request: rules.Request) -> Selection:
    plain = re.fullmatch(r"[0-9A-Za-z.@+-]+", request.text)
    return replace(
        selection, error="missing", detail=f"uv finds no Python for `{request.text}`" if request.text else "",
        hint=f"`uv python install {request.text}`" if plain else None,
    )


def _path(machine: Machine, selection: Selection, request: rules.Request) -> Selection:
    """A path that the file names: an interpreter, or a folder that has one."""
    path = os.path.normpath(os.path.join(machine.cwd, request.text.strip()))
    found = next((one for one in (path, os.path.join(path, "bin", "python")) if executable(one)), None)
    if found is None:
        return replace(selection, error="missing", detail=f"there is no Python at `{request.text}`")
    refused = "inside the project" if machine.path.boundary.holds(found) else None
    runs = Program(_TOOL, found, refused)
    return replace(selection, resolved_all=(request.text,), via="path", runs=runs)


def _preference(machine: Machine) -> str:
    if machine.env.get("UV_MANAGED_PYTHON") in ("1", "true"):
        return "only-managed"
    if machine.env.get("UV_NO_MANAGED_PYTHON") in ("1", "true"):
        return "only-system"
    return machine.env.get("UV_PYTHON_PREFERENCE") or "managed"


def _candidates(machine: Machine, request: rules.Request) -> Iterator[Program]:
    """The interpreters on PATH that uv would look at, folder by folder; each once, wherever links lead."""
    seen: set[str] = set()
    for program in machine.path.find_all(_TOOL, rules.executable_names(request)):
        real = os.path.realpath(program.path)
        if real not in seen and len(seen) < _CANDIDATE_LIMIT:
            seen.add(real)
            yield program
