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
