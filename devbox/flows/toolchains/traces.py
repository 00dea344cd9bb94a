"""What tells that a manager has something to say here, so that its reader is loaded only then: each costs 2 to 10 ms.

A trace is one name that stands somewhere, whatever it is. Too many traces cost time, one too few hides a version file:
a test compares the table with what every reader really looks for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from devbox.core.frozen import dataclass
from devbox.project.pins.files import folders_up

if TYPE_CHECKING:
    from devbox.flows.toolchains.machine import Machine


@dataclass(frozen=True, slots=True)
class Traces:
    """Any of these makes a manager speak."""

    files: tuple[str, ...] = ()
    """Paths below the working directory or a folder above it."""
    places: tuple[str, ...] = ()
    """Where the manager lives: below HOME, or absolute."""
    variables: tuple[str, ...] = ()
    """Beginnings of names."""
    programs: tuple[str, ...] = ()
    """Names on PATH."""


_DATA, _CONFIG = "XDG_DATA_HOME", "XDG_CONFIG_HOME"
_MISE_FILES = (
    "mise.toml", "mise.local.toml", ".mise.toml", ".mise.local.toml", ".miserc.toml", "mise", ".mise", ".config/mise",
    ".config/mise.toml", ".config/mise.local.toml", ".config/miserc.toml",
)  # fmt: skip

TRACES: dict[str, Traces] = {
    "pyenv": Traces((".python-version",), (".pyenv",), ("PYENV_",)),
    # `.python-version` is pyenv's, and says nothing of uv where uv is not here.
    "uv": Traces((".python-versions",), (".local/share/uv", ".config/uv"), ("UV_", _DATA, _CONFIG), ("uv",)),
    "nvm": Traces((".nvmrc",), (".nvm",), ("NVM_", _CONFIG)),
    "nodenv": Traces((".node-version",), (".nodenv",), ("NODENV_",)),
    # Every file that fnm reads has another owner.
    "fnm": Traces((), (".fnm", ".local/share/fnm"), ("FNM_", _DATA)),
    "volta": Traces(("package.json",), (".volta",), ("VOLTA_",)),
    "rbenv": Traces((".ruby-version",), (".rbenv",), ("RBENV_",)),
    "jenv": Traces((".java-version", ".jenv-version"), (".jenv",), ("JENV_",)),
    "sdkman": Traces((".sdkmanrc",), (".sdkman",), ("SDKMAN_",)),
    "asdf": Traces((".tool-versions",), (".asdf",), ("ASDF_",), ("asdf",)),
    # Without mise only files that are mise's alone are pins, the system's own among them.
    "mise": Traces(
        _MISE_FILES, (".local/share/mise", ".config/mise", "/etc/mise"), ("MISE_", _DATA, _CONFIG), ("mise",)
    ),
    "tfenv": Traces((".terraform-version",), (".tfenv",), ("TFENV_",), ("tfenv",)),
    "package.json": Traces(("package.json",)),
    "corepack": Traces(("package.json",)),
    "pyproject": Traces(("pyproject.toml",)),
    "rustup": Traces(("rust-toolchain", "rust-toolchain.toml"), (".rustup",), ("RUSTUP_",)),
    # The settings of an installed Go may name a toolchain.
    "go": Traces(
        ("go.mod", "go.work"), (".config/go",), ("GOTOOLCHAIN", "GOWORK", "GOENV", "GOROOT", _CONFIG), ("go",)
    ),
    "dotnet": Traces(("global.json",)),
    "devcontainer": Traces((".devcontainer", ".devcontainer.json")),
    "github-actions": Traces((".github/workflows",)),
}
"""By the manager's name. Who is not here is handed what it speaks of."""


def speaking(machine: Machine) -> frozenset[str]:
    """The managers of the table that have a trace here."""
    folders = tuple(dict.fromkeys((*folders_up(machine.cwd), machine.files.root)))
    programs = tuple(os.path.join(machine.cwd, entry.directory) for entry in machine.path.entries)
    return frozenset(
        name
        for name, traces in TRACES.items()
        if any(variable.startswith(traces.variables) for variable in machine.env)
        or _any_in((machine.home,), traces.places)
        or _any_in(folders, traces.files)
        or _any_in(programs, traces.programs)
    )


def _any_in(folders: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in names for folder in folders)
