"""Node as nodenv selects it (spec/toolchains.md 4.2)."""

from __future__ import annotations

from devbox.core.toolchain import rbenv as rules
from devbox.core.toolchain.selection import Selection
from devbox.flows.toolchains import rbenv_family
from devbox.flows.toolchains.machine import Machine
from devbox.project.pins import first_word

_NODENV = rbenv_family.Family(
    manager="nodenv",
    tool="node",
    files=(".node-version",),
    globals=("version",),
    parse=first_word.parse,
    names=rules.node_names,
    pin=rules.exact_pin,
    install=lambda word: f"`nodenv install {word}`",
    refused=rules.node_refused,
)


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `node` is under nodenv; nothing where there is neither nodenv nor a file for it."""
    return rbenv_family.select(machine, _NODENV)
