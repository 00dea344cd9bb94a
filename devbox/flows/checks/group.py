"""What a group of checks is: one look at the machine or the project, and what that look means.

A family of plain modules (style.md, habit 15): each holds one `GROUP`, `devbox.flows.checks.GROUPS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from devbox.core.doctor import Judged
from devbox.core.frozen import dataclass
from devbox.flows.doctor_project import ProjectView, Subject


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that share one probe."""

    name: str
    titles: Mapping[str, str]
    """Its check ids, and what each one's line is called while the probe runs; empty where a check has no line."""
    probe: Callable[[Subject, ProjectView], Any]
    """Looks, in a thread of its own. Must not raise for what it finds, and changes nothing."""
    judge: Callable[[Any, ProjectView, Mapping[str, Any]], Judged]
    """Decides, from what the probe found and from what the probes of other groups found so far, by group name."""
    has_lines: Callable[[ProjectView], bool] = lambda view: True
    """Whether its lines stand in the table from the start."""
    in_subprojects: bool = False
    """Whether it looks at a project's own files, and so, with `--recursive`, at those of every sub-project too. Its
    findings' paths are relative to `view.root`."""
