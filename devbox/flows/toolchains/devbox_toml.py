"""The pins of devbox.toml's `[toolchains]`, compared with what runs here (contract.md)."""

from __future__ import annotations

from devbox.core.findings import Declared
from devbox.core.pins import Pin
from devbox.core.project import ToolPin
from devbox.core.toolchain.selection import Selection
from devbox.core.version import constraint_range
from devbox.flows.toolchains.machine import Machine


def select(machine: Machine) -> tuple[Selection, ...]:
    """One selection for each pin; devbox installs nothing, so the pin is met or not by what answers."""
    return tuple(_select(machine, pin) for pin in machine.pins)


def _select(machine: Machine, pin: ToolPin) -> Selection:
    declared = Declared(pin.origin.path, pin.origin.line, pin.constraint)
    wanted = constraint_range(pin.constraint)
    return Selection(
        tool=pin.tool,
        manager="devbox",
        declared=(declared,),
        pins=(Pin(pin.tool, declared, wanted),),
        present=False,
        runs=machine.on_path(pin.tool),
        source=pin.origin.path,
        error="malformed" if wanted is None else None,
        detail="" if wanted else "a constraint is `3.12`, `3.11.*`, `>=24` or `>=3.10,<3.13`",
    )
