"""Java and other candidates as `sdk env` selects them (spec/toolchains.md 8)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.pins import Pin
from devbox.core.toolchain.selection import Program, Selection
from devbox.core.version import is_full_version, prefix_range
from devbox.flows.toolchains.activation import active_below, answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.host import sdkman as layout
from devbox.host.program import commands
from devbox.project.pins import sdkmanrc

_MAIN = "java"
_LIMIT = 100
"""Candidates of one file."""


def select(machine: Machine) -> tuple[Selection, ...]:
    """What each candidate is after `sdk env`; nothing where there is neither SDKMAN nor a file for it."""
    sdkman = layout.find(machine.env, machine.home)
    path = os.path.join(machine.cwd, sdkmanrc.NAME)
    machine.files.note_irregular(path)
    shown = machine.files.shown(path)
    data = machine.files.read(path) if machine.files.is_file(path) else None
    file = sdkmanrc.parse(data) if data is not None else sdkmanrc.Sdkmanrc(())
    selections = tuple(_of_file(machine, sdkman, file, shown))
    if selections or not sdkman.present:
        return selections
    current = sdkman.current(_MAIN)
    if current is None:
        return ()
    return (_with_version(machine, sdkman, Selection(tool=_MAIN, manager="sdkman"), current),)


def _of_file(
    machine: Machine, sdkman: layout.Sdkman, file: sdkmanrc.Sdkmanrc, shown: str
) -> Iterator[Selection]:
    """One selection a candidate; the last of several lines stays in force."""
    last = {candidate.name: candidate for candidate in file.candidates[:_LIMIT]}
    for name, candidate in last.items():
        declared = Declared(shown, candidate.line, candidate.version)
        selection = Selection(
            tool=name, manager="sdkman", declared=(declared,), source=shown,
            pins=(Pin(name, declared, prefix_range(candidate.version)),),
        )
        if sdkman.present:
            yield _stopped(_select(machine, sdkman, selection, candidate), file)
        else:
            yield _stopped(replace(selection, present=False, runs=machine.on_path(name)), file)
    if file.stops_at is not None:
        for name in dict.fromkeys(file.unreached[:_LIMIT] or () if last else (*file.unreached[:_LIMIT], _MAIN)):
            if name not in last:
                runs = machine.on_path(name)
                yield _stopped(Selection(name, "sdkman", source=shown, present=sdkman.present, runs=runs), file)


def _stopped(selection: Selection, file: sdkmanrc.Sdkmanrc) -> Selection:
    """`sdk env` as a whole fails at a line that it does not understand."""
    if file.stops_at is None or selection.error is not None:
        return selection
    return replace(selection, error="malformed", detail=f"line {file.stops_at} is not `candidate=version`")


def _select(
    machine: Machine, sdkman: layout.Sdkman, selection: Selection, candidate: sdkmanrc.Candidate
) -> Selection:
    if sdkman.versions(candidate.name).folder(candidate.version) is not None:
        return _with_version(machine, sdkman, selection, candidate.version)
    active = active_below(machine, candidate.name, sdkman.versions(candidate.name).path)
    plain = re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._+-]*", candidate.version)
    return replace(
        selection, error="missing", detail=f"SDKMAN has no {candidate.name} `{candidate.version}`",
        hint="`sdk env install`" if plain else None, expected_program=False,
        runs=_program(sdkman, candidate.name, active[0]) if active else machine.on_path(candidate.name),
    )


def _with_version(machine: Machine, sdkman: layout.Sdkman, selection: Selection, version: str) -> Selection:
    tool = selection.tool
    runs = _program(sdkman, tool, version)
    selected = replace(selection, resolved_all=(version,), via="managed", runs=runs)
    if runs is None:
        return replace(selected, expected_program=False)
    active = active_below(machine, tool, sdkman.versions(tool).path)
    wanted = os.path.basename(os.path.realpath(os.path.join(sdkman.versions(tool).path, version)))
    if selection.declared and active and active[0] != wanted and not sdkman.auto_env:
        # The shell has another version of SDKMAN's on PATH: that one runs until `sdk env`.
        other = _program(sdkman, tool, active[0])
        return replace(selected, runs=other, expected_program=False, hint="`sdk env`")
    return replace(selected, shadow=answering_instead(machine, runs, "sdkman", sdkman.root))


def _program(sdkman: layout.Sdkman, tool: str, version: str) -> Program | None:
    path = sdkman.versions(tool).program(version, commands(tool), below=("bin", ""))
    return Program(tool, path, named=version if is_full_version(version) else None) if path else None
