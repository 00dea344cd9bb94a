"""Node, npm, pnpm and Yarn as Volta selects them (spec/toolchains.md 4.4)."""

from __future__ import annotations

import os
from dataclasses import replace

from devbox.core.pins import Pin
from devbox.core.toolchain.selection import SYSTEM, Program, Selection
from devbox.core.version import exact_range
from devbox.flows.toolchains.activation import answering_instead
from devbox.flows.toolchains.machine import Machine
from devbox.host import volta as layout
from devbox.host.program import commands
from devbox.project.pins.volta import Pinned, Platform, read_default, read_project

_MAIN = "node"


def select(machine: Machine) -> tuple[Selection, ...]:
    """What the project's tools are under Volta; nothing where there is neither Volta nor a `volta` key."""
    volta = layout.find(machine.env, machine.home)
    platform = read_project(machine.files, machine.cwd)
    if not volta.present:
        if platform is None or not platform.found:
            return ()
        return tuple(_absent(machine, platform, tool) for tool in _tools(platform))
    if platform is None or not (platform.found or platform.error):
        platform = read_default(machine.files, volta.platform_file)
    if platform is None:
        system = machine.on_path(_MAIN, without=(os.path.realpath(volta.shims),))
        selection = Selection(_MAIN, "volta", resolved_all=(SYSTEM,), runs=system, system=system)
        return (replace(selection, via="system" if system else None),)
    return tuple(_select(machine, volta, platform, tool) for tool in _tools(platform))


def _tools(platform: Platform) -> tuple[str, ...]:
    return (_MAIN, *(tool for tool in platform.tools if tool != _MAIN))


def _selection(platform: Platform, tool: str) -> Selection:
    pinned = platform.tools.get(tool)
    return Selection(
        tool=tool, manager="volta", source=platform.source, error=platform.error, detail=platform.detail,
        declared=(pinned.declared,) if pinned else (),
        pins=(Pin(tool, pinned.declared, exact_range(str(pinned.version))),) if pinned else (),
    )


def _absent(machine: Machine, platform: Platform, tool: str) -> Selection:
    """Without Volta its key is still a pin."""
    return replace(_selection(platform, tool), present=False, runs=machine.on_path(tool))


def _select(machine: Machine, volta: layout.Volta, platform: Platform, tool: str) -> Selection:
    selection = _selection(platform, tool)
    pinned = platform.tools.get(tool)
    if platform.error or pinned is None:
        return selection
    if tool == "pnpm" and not machine.env.get("VOLTA_FEATURE_PNPM"):
        without = (os.path.realpath(volta.shims),)
        note = f"Volta heeds `{pinned.declared.path}`'s pnpm only where VOLTA_FEATURE_PNPM is set"
        return replace(selection, present=False, runs=machine.on_path(tool, without=without), notes=(note,))
    return _with_version(machine, volta, selection, tool, pinned)


def _with_version(
    machine: Machine, volta: layout.Volta, selection: Selection, tool: str, pinned: Pinned
) -> Selection:
    version = str(pinned.version)
    if volta.versions(tool).folder(version) is None:
        return replace(
            selection, error="missing", detail=f"Volta has not fetched {tool} {version}",
            hint=f"`volta fetch {tool}@{version}`",
        )
    selected = replace(selection, resolved_all=(version,), via="managed")
    path = volta.versions(tool).program(version, commands(tool))
    if path is None:
        return replace(selected, expected_program=False)
    runs = Program(tool, path, named=version)
    return replace(selected, runs=runs, shadow=answering_instead(machine, runs, "volta", volta.root))
