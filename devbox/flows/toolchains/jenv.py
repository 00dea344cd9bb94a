"""Java as jenv selects it (spec/toolchains.md 8)."""

from __future__ import annotations

from devbox.core.toolchain import rbenv as rules
from devbox.core.toolchain.selection import Selection
from devbox.flows.toolchains import rbenv_family
from devbox.flows.toolchains.machine import Machine
from devbox.project.pins import first_word

_JENV = rbenv_family.Family(
    manager="jenv",
    tool="java",
    files=(".java-version", ".jenv-version"),
    globals=("version", "global", "default"),
    parse=first_word.parse_jenv,
    names=rules.java_names,
    pin=rules.named_pin,
    install=lambda word: f"install a JDK {word}, then `jenv add` its folder",
    empty_hides=True,
    falls_back=True,
)


def select(machine: Machine) -> tuple[Selection, ...]:
    """What `java` is under jenv; nothing where there is neither jenv nor a file for it."""
    return rbenv_family.select(machine, _JENV)
