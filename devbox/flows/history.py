"""Past builds of a project, from the ledger: for `why`, `history` and the screens. Asks no engine, needs no trust."""

from __future__ import annotations

from contextlib import closing

from devbox.core.errors import UsageError
from devbox.core.labels import project_id
from devbox.flows.workspace import Workspace
from devbox.store.ledger import BuildRecord, Ledger

__all__ = ["BuildRecord", "past_build", "past_builds"]

SHOWN = 50
"""Builds of a table."""


def past_builds(workspace: Workspace, limit: int = SHOWN) -> tuple[BuildRecord, ...]:
    """The newest builds of the project, newest first. Raises what the ledger raises."""
    with closing(Ledger.open(workspace.state)) as ledger:
        return ledger.builds(_project(workspace), limit)


def past_build(workspace: Workspace, id: int) -> BuildRecord:
    """One build of the project. Raises UsageError for one that is not remembered."""
    with closing(Ledger.open(workspace.state)) as ledger:
        found = ledger.build(id, _project(workspace))
    if found is None:
        raise UsageError(f"this project has no build {id}", hint="`devbox history`")
    return found


def _project(workspace: Workspace) -> str:
    return project_id(str(workspace.root), workspace.uid)
