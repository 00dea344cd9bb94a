"""The .NET SDK as the host selects it by global.json (spec/toolchains.md 11)."""

from __future__ import annotations

from dataclasses import replace

from devbox.core.findings import Declared
from devbox.core.frozen import dataclass
from devbox.core.pins import Pin
from devbox.core.toolchain import dotnet as rules
from devbox.core.toolchain.selection import Program, Selection
from devbox.flows.toolchains.machine import Machine
from devbox.host import dotnet as layout
from devbox.project.pins import global_json
from devbox.project.pins.global_json import GlobalJson

_TOOL = "dotnet"


@dataclass(frozen=True, slots=True)
class _File:
    """The nearest global.json."""

    shown: str
    content: GlobalJson


def select(machine: Machine) -> tuple[Selection, ...]:
    """Which SDK runs here; nothing where there is no global.json."""
    path = machine.files.nearest(global_json.NAME, machine.cwd)
    data = machine.files.read(path) if path else None
    if path is None or data is None:
        return ()
    file = _File(machine.files.shown(path), global_json.parse(data, machine.files.shown(path)))
    program = machine.on_path(_TOOL)
    dotnet = layout.find(machine.env, machine.home, program.path if program else None)
    content, request = _request(file.content)
    declared = (Declared(file.shown, content.line, content.version),) if request.version and content.version else ()
    selection = Selection(
        tool=_TOOL, manager="dotnet", declared=declared, present=dotnet.root is not None, source=file.shown,
        pins=tuple(Pin(_TOOL, pin, rules.sdk_range(request)) for pin in declared),
        notes=tuple(f"`{file.shown}`: {note}" for note in _notes(content)),
    )
    if content.problem:
        selection = replace(selection, error="malformed", detail=content.problem)
    if dotnet.root is None:
        return (selection,)
    return (_decided(dotnet, request, selection),)


def _request(content: GlobalJson) -> tuple[GlobalJson, rules.Request]:
    """What the host makes of the file; a file it does not understand asks for nothing."""
    if content.problem or content.ignored:
        return content, rules.Request()
    if content.version is not None and not rules.is_version(content.version):
        return replace(content, ignored=f"`{content.version}` is no full version such as `8.0.100`"), rules.Request()
    policy = rules.policy_of(content.roll_forward) if content.roll_forward is not None else None
    if content.roll_forward is not None and policy is None:
        return replace(content, ignored=f"`{content.roll_forward}` is no rollForward word"), rules.Request()
    if content.version is None and policy not in (None, "latestmajor"):
        return replace(content, ignored=f"`{content.roll_forward}` needs a version"), rules.Request()
    prereleases = content.prereleases is not False or (content.version is not None and "-" in content.version)
    default = "patch" if content.version is not None else "latestmajor"
    return content, rules.Request(content.version, policy or default, prereleases)


def _notes(content: GlobalJson) -> tuple[str, ...]:
    found = []
    if content.ignored:
        found.append(f"the host ignores it, so the newest SDK runs: {content.ignored}")
    if content.has_paths:
        found.append("`sdk.paths` names folders to take SDKs from; devbox looks at the machine's own alone")
    return tuple(found)


def _decided(dotnet: layout.Dotnet, request: rules.Request, selection: Selection) -> Selection:
    version = rules.select(request, dotnet.sdks)
    if version is None:
        if not request.version:
            return replace(selection, error=selection.error or "missing", detail=f"no SDK in {dotnet.root}")
        return replace(
            selection, error="missing", detail=f"no SDK that `{request.version}` may roll forward to",
            hint=f"`dotnet-install --version {request.version}`",
        )
    program = Program(_TOOL, dotnet.assembly(version), named=version)
    return replace(selection, resolved_all=(version,), via="managed", runs=program)
