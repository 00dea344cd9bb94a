"""Ruby as rbenv selects it (spec/toolchains.md 7)."""

from __future__ import annotations

from devbox.core.toolchain import rbenv as rules
from devbox.core.toolchain.selection import Selection
from devbox.flows.toolchains import rbenv_family
from devbox.flows.toolchains.machine import Machine
from devbox.project.pins import first_word

_RBENV = rbenv_family.Family(
    manager="rbenv",
    tool="ruby",
    files=(".ruby-version",),
    globals=("version",),
    parse=first_word.parse,
    names=rules.ruby_names,
    pin=rules.exact_pin,
    install=lambda word: f"`rbenv install {word}`",
    refused=rules.ruby_refused,
)


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `ruby` is under rbenv; nothing where there is neither rbenv nor a file for it."""
    return rbenv_family.select(machine, _RBENV)
