"""What a rule over Dockerfiles is: an id of the check list, how bad a hit is, and a function that finds hits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from devbox.core.findings import Severity
from devbox.core.frozen import dataclass

if TYPE_CHECKING:
    # Not at run time: the view imports what rules are.
    from devbox.project.rules.view import View


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that a rule objects to."""

    line: int
    message: str
    hint: str | None = None
    expected: str | None = None
    actual: str | None = None
    severity: Severity | None = None
    """Where this hit is worse or better than the rule's usual one."""
    subject: str = ""
    """What it is about, where that is not the Dockerfile."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of the check list."""

    id: str
    severity: Severity
    find: Callable[[View], Iterator[Hit]]
    """Pure, and never raises for what a Dockerfile says."""
