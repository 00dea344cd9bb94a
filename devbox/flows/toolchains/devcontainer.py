"""What devcontainer.json puts into the container: its image's tool, its features' versions (spec/toolchains.md 14)."""

from __future__ import annotations

import os

from devbox.core.findings import Declared
from devbox.core.pins import Pin
from devbox.core.toolchain.images import FEATURES, feature_range, tag_range, tool_of
from devbox.core.toolchain.selection import Selection
from devbox.flows.toolchains.machine import Machine
from devbox.project.image_refs import split_reference
from devbox.project.pins import devcontainer
from devbox.project.pins.devcontainer import DevContainer
from devbox.project.reading import list_project_folder

_NOT_A_TOOL = "devcontainer"
"""Stands where a tool would for an image that is none's."""


def select(machine: Machine) -> tuple[Selection, ...]:
    """One selection for each tool, the image's first."""
    found: list[Selection] = []
    pins: list[Pin] = []
    for path in _files(machine):
        data = machine.files.read(path)
        if data is None:
            continue
        shown = machine.files.shown(path)
        content = devcontainer.parse(data, shown, machine.env, machine.files.root)
        if content.problem:
            found.append(_broken(shown, content))
        pins += _pins(shown, content)
    tools = dict.fromkeys(pin.tool for pin in pins)
    return (*(_select(machine, tool, [pin for pin in pins if pin.tool == tool]) for tool in tools), *found)


def _files(machine: Machine) -> tuple[str, ...]:
    """The workspace's file; without one those in folders below `.devcontainer`, of which the user chooses."""
    root = machine.files.root
    for name in devcontainer.FILES:
        path = os.path.join(root, name)
        machine.files.note_irregular(path)
        if machine.files.is_file(path):
            return (path,)
    names = list_project_folder(root, devcontainer.FOLDER)
    folders = names if isinstance(names, tuple) else ()
    paths = (os.path.join(root, devcontainer.FOLDER, name, "devcontainer.json") for name in folders[:64])
    return tuple(path for path in paths if machine.files.is_file(path))


def _broken(shown: str, content: DevContainer) -> Selection:
    where = f" (line {content.line})" if content.line else ""
    return Selection(
        tool=_NOT_A_TOOL, manager="devcontainer", error="malformed", present=False, source=shown,
        detail=f"{content.problem}{where}",
    )


def _pins(shown: str, content: DevContainer) -> list[Pin]:
    found = []
    if content.image is not None:
        name, tag, _ = split_reference(content.image) or (content.image, None, None)
        declared = Declared(shown, content.image_line, content.image)
        found.append(Pin(tool_of(name) or _NOT_A_TOOL, declared, tag_range(name, tag), place="image", apart=True))
    for feature in content.features:
        tool = FEATURES.get(feature.name, feature.name)
        wanted = feature_range(feature.version) if feature.name in FEATURES else None
        # A feature replaces what the image brings, so the two do not contradict each other.
        declared = Declared(shown, feature.line, feature.version)
        found.append(Pin(tool, declared, wanted, place=feature.name, apart=True))
    return found


def _select(machine: Machine, tool: str, pins: list[Pin]) -> Selection:
    known = tool in FEATURES.values()
    return Selection(
        tool=tool, manager="devcontainer", declared=tuple(pin.declared for pin in pins), pins=tuple(pins),
        present=not known, runs=machine.on_path(tool) if known else None, source=pins[0].declared.path,
        elsewhere=True, undecided=None if known else "it is no toolchain that devbox compares",
    )
