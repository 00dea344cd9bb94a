"""Node as fnm selects it (spec/toolchains.md 4.3)."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from devbox.core.pins import Pin
from devbox.core.toolchain import fnm as rules
from devbox.core.toolchain.selection import SYSTEM, Program, Selection
from devbox.core.version import Range, is_full_version
from devbox.flows.toolchains.activation import active_below, answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.host import fnm as layout
from devbox.project.pins import fnm_files
from devbox.project.pins.fnm_files import Found

_TOOL = "node"


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `node` is after `fnm use`; nothing where fnm is not here: every file it reads has another owner."""
    fnm = layout.find(machine.env, machine.home)
    if not fnm.present:
        return ()
    off = (machine.env.get("FNM_RESOLVE_ENGINES") or "true").lower() == "false"
    upwards = machine.env.get("FNM_VERSION_FILE_STRATEGY") == "recursive"
    found = fnm_files.find(
        machine.files, machine.cwd, upwards=upwards, engines=None if off else lambda text: _npm_range(text) is not None
    )
    active = active_below(machine, _TOOL, fnm.versions.path)
    system = machine.on_path(_TOOL, without=(os.path.realpath(os.path.dirname(active[1])),) if active else ())
    if found is None:
        return (_default(fnm, system),)
    wanted = found.request.range if found.request else _npm_range(found.declared.raw)
    selection = Selection(
        tool=_TOOL, manager="fnm", declared=(found.declared,), pins=(Pin(_TOOL, found.declared, wanted),),
        source=found.declared.path,
    )
    version = _resolve(fnm, found, wanted)
    if version is None:
        return (_missing(fnm, selection, active[0] if active else None, system),)
    if version == SYSTEM:
        return (_with_system(selection, system),)
    return (_with_version(machine, fnm, selection, version, active[0] if active else None),)


def _npm_range(text: str) -> Range | None:
    # Deferred: the npm ranges cost 25 ms, and only a package.json's `engines` needs them here.
    from devbox.core.npm_range import npm_range

    return npm_range(text)


def _resolve(fnm: layout.Fnm, found: Found, wanted: Range | None) -> str | None:
    """The folder's name of the version that is selected, SYSTEM, or None."""
    request = found.request
    if request is None:
        # Deferred as above.
        from devbox.core.npm_range import newest

        version = newest([str(one) for one in fnm.installed()], wanted) if wanted else None
        return f"v{version}" if version else None
    if request.kind == "system":
        return SYSTEM
    if request.kind == "alias":
        return fnm.alias(request.alias)
    chosen = rules.choose(request, fnm.installed())
    return f"v{chosen}" if chosen else None


def _default(fnm: layout.Fnm, system: Program | None) -> Selection:
    """Without a file a new shell has the alias `default`."""
    selection = Selection(tool=_TOOL, manager="fnm")
    version = fnm.alias("default")
    if version in (None, SYSTEM):
        return _with_system(selection, system)
    runs = _program(fnm, version or "")
    return replace(selection, resolved_all=(str(version).removeprefix("v"),), via="managed", runs=runs)


def _with_system(selection: Selection, system: Program | None) -> Selection:
    lost = system is None and bool(selection.declared)
    return replace(
        selection, resolved_all=(SYSTEM,), via="system" if system else None, runs=system, system=system,
        error="missing" if lost else None, detail="there is no node outside fnm" if lost else "",
    )


def _missing(fnm: layout.Fnm, selection: Selection, active: str | None, system: Program | None) -> Selection:
    """`fnm use` fails, and the shell keeps what it had: the alias `default` in a new one."""
    raw = selection.declared[0].raw
    kept = active or fnm.alias("default")
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/*-]*", raw)
    return replace(
        selection, error="missing", detail=f"fnm has no version for `{raw}`", expected_program=False,
        runs=_program(fnm, kept) if kept and kept != SYSTEM else system,
        hint=f"`fnm install {raw}`" if plain else "`fnm install`",
    )


def _with_version(
    machine: Machine, fnm: layout.Fnm, selection: Selection, version: str, active: str | None
) -> Selection:
    runs = _program(fnm, version)
    selected = replace(selection, resolved_all=(version.removeprefix("v"),), via="managed", runs=runs)
    if runs is None:
        return replace(selected, expected_program=False)
    if active is not None and active != version:
        # The shell has another version of fnm's on PATH: that one runs until `fnm use`.
        return replace(selected, runs=_program(fnm, active), expected_program=False, hint="`fnm use`")
    return replace(selected, shadow=answering_instead(machine, runs, "fnm", fnm.root))


def _program(fnm: layout.Fnm, version: str) -> Program | None:
    path = fnm.program(version)
    number = version.removeprefix("v")
    return Program(_TOOL, path, named=number if is_full_version(number) else None) if path else None
