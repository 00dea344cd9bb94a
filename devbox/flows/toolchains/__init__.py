"""Which toolchains this directory asks for, and what each version manager makes of it.

One module per manager joins what the project writes (`project/pins`) with what the machine has (`host`) by the
manager's rules (`core/toolchain`). To add a manager: one module with a `select(machine)`, one entry in `MANAGERS`.
"""

from __future__ import annotations

from collections.abc import Callable

from devbox.core.toolchain.selection import Selection
from devbox.flows.toolchains import devbox_toml, mise, nvm, pyenv
from devbox.flows.toolchains.machine import Machine

Select = Callable[[Machine], tuple[Selection, ...]]

MANAGERS: dict[str, Select] = {
    "pyenv": pyenv.select,
    "nvm": nvm.select,
    "mise": mise.select,
    "devbox": devbox_toml.select,
}


def select_all(machine: Machine) -> tuple[Selection, ...]:
    """Every tool under every manager that has something to say, in the order of `MANAGERS`."""
    return tuple(selection for select in MANAGERS.values() for selection in select(machine))
