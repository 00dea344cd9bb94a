"""Whether a manager is in charge of this shell, and what answers in its place where it is not."""

from __future__ import annotations

import os

from devbox.core.toolchain.selection import Program
from devbox.flows.toolchains.machine import Machine


def answering_instead(machine: Machine, managed: Program, manager: str, root: str) -> Program | None:
    """The program that PATH gives before the manager's own; None where the manager comes first.

    A manager that is not on PATH at all is not active in this shell; what PATH gives then answers instead, too.
    """
    first = machine.on_path(managed.tool)
    if first is None or first.shim_of == manager:
        return None
    real = os.path.realpath(first.path)
    if real == os.path.realpath(managed.path) or real.startswith(f"{os.path.realpath(root).rstrip('/')}/"):
        return None
    return first


def active_below(machine: Machine, tool: str, folder: str) -> tuple[str, str] | None:
    """(version's name, path) of the tool's first program on PATH where that is a version in this folder of versions.

    Managers that change PATH (SDKMAN, fnm) leave there what an earlier command chose, whatever the files say now.
    """
    first = machine.on_path(tool)
    real = os.path.realpath(folder)
    if first is None or first.shim_of or not os.path.realpath(first.path).startswith(f"{real}/"):
        return None
    return os.path.realpath(first.path)[len(real) + 1 :].split("/")[0], first.path
