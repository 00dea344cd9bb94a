"""Which toolchains this directory asks for, and what each version manager makes of it.

One module per manager joins what the project writes (`project/pins`) with what the machine has (`host`) by the
manager's rules (`core/toolchain`). To add a manager: one module with a `select(machine)`, one entry in `MANAGERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from devbox.core.toolchain.selection import Selection
from devbox.flows.toolchains import (
    asdf,
    corepack,
    devbox_toml,
    devcontainer,
    dockerfile,
    dotnet,
    fnm,
    github_actions,
    go,
    jenv,
    mise,
    nodenv,
    nvm,
    package_json,
    pyenv,
    pyproject,
    rbenv,
    rustup,
    sdkman,
    tfenv,
    uv,
    volta,
)
from devbox.flows.toolchains.machine import Machine

Select = Callable[[Machine], tuple[Selection, ...]]

MANAGERS: dict[str, Select] = {
    "pyenv": pyenv.select,
    "uv": uv.select,
    "nvm": nvm.select,
    "nodenv": nodenv.select,
    "fnm": fnm.select,
    "volta": volta.select,
    "rbenv": rbenv.select,
    "jenv": jenv.select,
    "sdkman": sdkman.select,
    "asdf": asdf.select,
    "mise": mise.select,
    "tfenv": tfenv.select,
    "package.json": package_json.select,
    "corepack": corepack.select,
    "pyproject": pyproject.select,
    "rustup": rustup.select,
    "go": go.select,
    "dotnet": dotnet.select,
    "dockerfile": dockerfile.select,
    "devcontainer": devcontainer.select,
    "github-actions": github_actions.select,
    "devbox": devbox_toml.select,
}


_OWNERS = ("pyenv", "uv", "nvm", "nodenv", "fnm", "rbenv", "jenv", "sdkman", "asdf", "tfenv")
"""Version managers that stand in for a file where no manager on this machine reads it."""


def select_all(machine: Machine) -> tuple[Selection, ...]:
    """Every tool under every manager that has something to say, in the order of `MANAGERS`."""
    return spoken_for(tuple(selection for select in MANAGERS.values() for selection in select(machine)))


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
