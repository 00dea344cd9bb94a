"""Which toolchains this directory asks for, and what each version manager makes of it.

One module per manager joins what the project writes (`project/pins`) with what the machine has (`host`) by the
manager's rules (`core/toolchain`). To add a manager: one module with a `select(machine)`, one entry in `MANAGERS`, and
one in `traces.py` for what makes it speak.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from devbox.flows.toolchains.traces import TRACES, speaking

if TYPE_CHECKING:
    from devbox.core.toolchain.selection import Selection
    from devbox.flows.toolchains.machine import Machine

    Select = Callable[[Machine], tuple[Selection, ...]]


def _reader(module: str) -> Select:
    """The module's `select`. Deferred: all readers together cost 100 ms, and a project has files for two or three."""

    def select(machine: Machine) -> tuple[Selection, ...]:
        found = importlib.import_module(f"devbox.flows.toolchains.{module}")
        return cast("Select", found.select)(machine)

    return select


MANAGERS: dict[str, Select] = {
    "pyenv": _reader("pyenv"),
    "uv": _reader("uv"),
    "nvm": _reader("nvm"),
    "nodenv": _reader("nodenv"),
    "fnm": _reader("fnm"),
    "volta": _reader("volta"),
    "rbenv": _reader("rbenv"),
    "jenv": _reader("jenv"),
    "sdkman": _reader("sdkman"),
    "asdf": _reader("asdf"),
    "mise": _reader("mise"),
    "tfenv": _reader("tfenv"),
    "package.json": _reader("package_json"),
    "corepack": _reader("corepack"),
    "pyproject": _reader("pyproject"),
    "rustup": _reader("rustup"),
    "go": _reader("go"),
    "dotnet": _reader("dotnet"),
    "dockerfile": _reader("dockerfile"),
    "devcontainer": _reader("devcontainer"),
    "github-actions": _reader("github_actions"),
    "devbox": _reader("devbox_toml"),
}
"""In the order of the report."""

_OWNERS = ("pyenv", "uv", "nvm", "nodenv", "fnm", "rbenv", "jenv", "sdkman", "asdf", "tfenv")
"""Version managers that stand in for a file where no manager on this machine reads it."""


def select_all(machine: Machine) -> tuple[Selection, ...]:
    """Every tool under every manager that has something to say, in the order of `MANAGERS`."""
    here = speaking(machine)
    handed = {"dockerfile": machine.images, "devbox": machine.pins}
    names = [name for name in MANAGERS if (name in here if name in TRACES else handed[name])]
    return spoken_for(tuple(selection for name in names for selection in MANAGERS[name](machine)))


def spoken_for(selections: Sequence[Selection]) -> tuple[Selection, ...]:
    """Without a file's usual owner where that owner is not here and another manager that is reads the file."""
    read = {
        (selection.tool, path)
        for selection in selections
        if selection.present
        for path in (selection.source, *(pin.path for pin in selection.declared))
        if path
    }
    return tuple(
        selection
        for selection in selections
        if selection.present or selection.manager not in _OWNERS or (selection.tool, selection.source) not in read
    )
