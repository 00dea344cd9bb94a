"""Tools that a Dockerfile's FROM lines name, by the convention of image tags (spec/toolchains.md 13)."""

from __future__ import annotations

from devbox.core.findings import Declared, ImageRow
from devbox.core.pins import Pin
from devbox.core.toolchain.images import tag_range, tool_of
from devbox.core.toolchain.selection import Selection
from devbox.flows.toolchains.machine import Machine


def select(machine: Machine) -> tuple[Selection, ...]:
    """One selection for each tool; it says what runs in the container, this machine is only compared."""
    found: dict[str, list[ImageRow]] = {}
    for image in machine.images:
        tool = tool_of(image.name or "")
        if tool is not None and not image.stage_ref:
            found.setdefault(tool, []).append(image)
    return tuple(_select(machine, tool, images) for tool, images in found.items())


def _select(machine: Machine, tool: str, images: list[ImageRow]) -> Selection:
    pins = tuple(_pin(tool, image) for image in images)
    return Selection(
        tool=tool, manager="dockerfile", declared=tuple(pin.declared for pin in pins), pins=pins, present=False,
        runs=machine.on_path(tool), source=images[0].path, elsewhere=True,
    )


def _pin(tool: str, image: ImageRow) -> Pin:
    """A stage of its own: stages of one file may hold different versions beside each other."""
    declared = Declared(image.path, image.line, image.ref or image.raw)
    return Pin(tool, declared, tag_range(image.name or "", image.tag), place=str(image.line), apart=True)
